"""Settings of the shelter service, from `TASUKI_SHELTER_*`; read by the composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from tasuki.shared.settings import ServiceSettings


class Holder(BaseModel):
    """A service whose records the emergency profiles are made of.

    Attributes:
        name: Stable name, e.g. `ehr/noto`; it stands in every stored profile.
        base_url: FHIR base URL.
        kind: `hospital` for providers' records, `resident` for the person's own log.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    base_url: str
    title_ja: str
    title_en: str
    kind: Literal["hospital", "resident"] = "hospital"


class Limits(BaseModel):
    """How much one account may search, and how many candidates it is shown.

    Attributes:
        candidates: Most candidates shown for a full birth date; above, only their number.
        candidates_by_year: The same for a birth year and sex.
        per_minute: Searches of one account in a minute, in each worker process.
        per_day: The same in a day.
        handle_minutes: How long a candidate may be chosen, and a chosen profile looked at.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: int = Field(default=5, ge=1, le=20)
    candidates_by_year: int = Field(default=1, ge=1, le=5)
    per_minute: int = Field(default=30, ge=1)
    per_day: int = Field(default=500, ge=1)
    handle_minutes: int = Field(default=15, ge=1, le=60)


class ShelterSettings(ServiceSettings):
    """What a deployment says about its shelter desk; `public_url` is the desk's own.

    Attributes:
        region: The shelter's region: the holder of the emergency profiles.
        facility_municipality: 6-digit code of the place the desk stands in.
        holders: Whose feeds are copied.
        consent_url: FHIR base URL of the consent service.
        disaster: `permit` or `deny`: the answer in a declared disaster where nobody has spoken.
        web_client_id: The interactive client of the pages.
        web_private_jwk_file: The key that proves it.
        operator_policy: A file of Cedar policies added to the product's own role policy.
        follow: Whether this process reads the feeds by itself; False only where somebody pulls.
    """

    model_config = SettingsConfigDict(
        env_prefix="TASUKI_SHELTER_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    region: str
    facility_municipality: str = Field(pattern=r"^[0-9]{6}$")
    holders: tuple[Holder, ...]
    consent_url: str
    disaster: Literal["permit", "deny"] = "deny"
    web_client_id: str
    web_private_jwk_file: Path
    limits: Limits = Limits()
    operator_policy: Path | None = None
    follow: bool = True
