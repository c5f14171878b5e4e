"""Settings of one region's record service, from `TASUKI_EHR_*`; read by the composition root."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel
from pydantic_settings import SettingsConfigDict

from tasuki.shared.settings import ServiceSettings


class Region(BaseModel):
    """A region whose record service this one may ask.

    Attributes:
        code: E.g. `kaga`; also its name in tokens and in the locator.
        base_url: FHIR base URL.
    """

    code: str
    base_url: str
    title_ja: str
    title_en: str


class EhrSettings(ServiceSettings):
    """What a deployment says about one region.

    Attributes:
        everyday_within: `permit` or `deny`: care by the region's own clinicians without a Consent.
        everyday_across: The same for clinicians of other regions; deny means opt-in.
        regions: The other regions.
        strict_clins: Hold what is created and updated to the rules of JP-CLINS where it claims one
            of its profiles. The sets that hospitals send are held to them in any case.
        operator_policy: A file of Cedar policies added to the product's own role policy.
        answer_seconds: How long a summary waits for a region before it goes out without it.
        web_client_id: The interactive client of the clinicians' pages; empty for none: a region
            may be a FHIR server alone.
        web_private_jwk_file: The key that proves it.
    """

    model_config = SettingsConfigDict(
        env_prefix="TASUKI_EHR_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    region: Region
    regions: tuple[Region, ...] = ()
    consent_url: str
    locator_url: str
    everyday_within: str = "deny"
    everyday_across: str = "deny"
    disaster: str = "deny"
    break_glass: str = "deny"
    strict_clins: bool = False
    operator_policy: Path | None = None
    answer_seconds: float = 3.0
    web_client_id: str = ""
    web_private_jwk_file: Path | None = None
