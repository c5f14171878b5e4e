"""Settings of the personal health record service, from `TASUKI_PHR_*`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from tasuki.shared.settings import MEGABYTE, ServiceSettings


class Region(BaseModel):
    """A medical region whose holders may have records of the residents here.

    Attributes:
        code: As in Consents and audit records, e.g. `noto`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title_ja: str
    title_en: str


class PhrSettings(ServiceSettings):
    """What a deployment says about its PHR.

    Attributes:
        consent_url: FHIR base URL of the consent service.
        web_client_id: The interactive client of the pages.
        web_private_jwk_file: The key that proves it.
        registrars: Client ids that may register residents and bring in what they kept elsewhere.
        operator_policy: A file of Cedar policies added to the product's own role policy.
        regions: The regions the pages tell residents about; each is asked about on its own.
    """

    model_config = SettingsConfigDict(
        env_prefix="TASUKI_PHR_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    consent_url: str
    web_client_id: str
    web_private_jwk_file: Path
    registrars: frozenset[str] = frozenset()
    operator_policy: Path | None = None
    regions: tuple[Region, ...] = ()
    max_body: int = Field(default=5 * MEGABYTE, description="largest request body, bytes")
    max_entries: int = Field(default=500, description="most entries of one Bundle")

    @property
    def fhir_url(self) -> str:
        """FHIR base URL of this service, and the audience of tokens for it."""
        return f"{self.public_url}/fhir"
