"""Settings of the consent service, from `TASUKI_CONSENT_*`; read by the composition root only."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel
from pydantic_settings import SettingsConfigDict

from tasuki.shared.settings import ServiceSettings


class Holder(BaseModel):
    """A service whose audit log residents may read about themselves.

    Attributes:
        base_url: FHIR base URL.
    """

    name: str
    base_url: str
    title_ja: str
    title_en: str


class ConsentSettings(ServiceSettings):
    """What a deployment says about its consent service.

    Attributes:
        phr_url: FHIR base URL of the PHR, where a resident's Patient lives.
        holders: Whoever may have disclosed something.
        registrars: Client ids that may record Consents given on paper.
        policies: Implicit policy documents by region, for `POST /decide`.
        operator_policy: A file of Cedar policies added to the product's own role policy.
        web_client_id: The interactive client of the officer's pages.
        web_private_jwk_file: The key that proves it; None where there are no pages.
        declaration_keys: The JWK set that declarations are signed with; None where none is made.
        review_client_id: The interactive client of the privacy officer's pages; empty for none.
        review_private_jwk_file: The key that proves it.
    """

    model_config = SettingsConfigDict(
        env_prefix="TASUKI_CONSENT_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    phr_url: str
    holders: tuple[Holder, ...] = ()
    registrars: frozenset[str] = frozenset()
    policies: tuple[dict[str, str], ...] = ()
    operator_policy: Path | None = None
    declaration_keys: Path | None = None
    review_client_id: str = ""
    review_private_jwk_file: Path | None = None
    web_client_id: str = ""
    web_private_jwk_file: Path | None = None

    @property
    def fhir_url(self) -> str:
        """FHIR base URL of this service, and the audience of tokens for it."""
        return f"{self.public_url}/fhir"

    @property
    def region_titles(self) -> dict[str, tuple[str, str]]:
        """Each region's title, Japanese and English, by its code."""
        return {
            one.name.removeprefix("ehr/"): (one.title_ja, one.title_en)
            for one in self.holders
            if one.name.startswith("ehr/")
        }
