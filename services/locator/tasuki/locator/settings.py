"""Settings of the record locator, from `TASUKI_LOCATOR_*`; read by the composition root only."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic_settings import SettingsConfigDict

from tasuki.shared.settings import ServiceSettings


class Holder(BaseModel):
    """A region whose patients are to be found.

    Attributes:
        code: E.g. `noto`.
        base_url: FHIR base URL.
    """

    code: str
    base_url: str


class LocatorSettings(ServiceSettings):
    """What a deployment says about the locator."""

    model_config = SettingsConfigDict(
        env_prefix="TASUKI_LOCATOR_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    holders: tuple[Holder, ...] = ()
