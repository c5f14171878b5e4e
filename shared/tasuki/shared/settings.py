"""What every service must be told; each service adds its own under its own prefix.

Values come from the launcher or from the environment: `TASUKI_<SERVICE>_DATABASE_URL` and so on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasuki.shared.access.foreign import TrustedIssuer

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE = 1024 * 1024


LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class TlsSettings(BaseSettings):
    """How a service shows who it is on the wire, and whom it believes.

    Attributes:
        tls_certificate: Its certificate with the chain below the root, PEM; shown to whoever calls
            it, and to the services it calls.
        tls_key: The private key of it, PEM, readable by this service alone.
        tls_authorities: Roots of the services it calls and of those that call it, PEM; None for
            those of the machine.
        tls_clients: Whether callers must show a certificate under one of these roots.
        tls_by_proxy: TLS ends at a proxy in front; said in so many words, so that it is no slip.
    """

    model_config = SettingsConfigDict(env_prefix="TASUKI_", extra="forbid", frozen=True)

    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_authorities: Path | None = None
    tls_clients: Literal["none", "asked", "required"] = "none"
    tls_by_proxy: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("a certificate needs its key, and a key its certificate")
        if self.tls_clients != "none" and (
            self.tls_certificate is None or self.tls_authorities is None
        ):
            raise ValueError("to ask callers for certificates takes one's own, and the roots")
        return self

    @model_validator(mode="after")
    def _secure(self) -> Self:
        for name, value in _addresses(self):
            parts = urlsplit(value)
            if parts.scheme.lower() == "http" and parts.hostname not in LOOPBACK:
                raise ValueError(f"{name} must be an https URL (http on loopback only)")
        return self


def _addresses(value: object, name: str = "", member: str = "") -> Iterator[tuple[str, str]]:
    """Yield every address in some settings, however deep, with the name of the setting."""
    if isinstance(value, str):
        if member.endswith(("url", "uri", "issuer")):  # others may be names that look like one
            yield name, value
    elif isinstance(value, BaseModel):
        for inner in type(value).model_fields:
            yield from _addresses(getattr(value, inner), name or inner, inner)
    elif isinstance(value, (tuple, list, set, frozenset)):
        for each in value:
            yield from _addresses(each, name, member)


class WitnessedLog(BaseModel):
    """Another service's audit log, whose heads this one cosigns.

    Attributes:
        base_url: FHIR base URL of the service.
        key: The log's verifier key, the first line of its `$log-keys`; from before, not fetched.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str
    key: str


class ServiceSettings(TlsSettings):
    """Settings common to all services.

    Attributes:
        public_url: Absolute URL of the service as others reach it, without a trailing slash.
        issuer: URL of the authorization server.
        database_url: PostgreSQL of this service (`postgresql+asyncpg://…`).
        keys_database_url: PostgreSQL of the wrapped data keys; never the same database.
        key_file: The key ring's file, readable by this service alone.
        tenant: Name of this deployment's records, e.g. `noto`.
        client_id: How this service names itself to the authorization server.
        private_jwk_file: The key with which it proves that name; None where it calls nobody.
        cache_folder: Where the last good key set of the issuer is kept.
        metrics_open: Whether clients elsewhere than on loopback may read `/metrics`.
        witnessed: Audit logs of other services that this one witnesses.
        witnesses: Verifier keys of the witnesses whose cosignatures this one keeps.
        trusted_issuers: Other issuers whose tokens count here; none unless said.
    """

    model_config = SettingsConfigDict(env_prefix="TASUKI_", extra="forbid", frozen=True)

    public_url: str
    issuer: str
    database_url: str
    keys_database_url: str
    key_file: Path
    tenant: str
    client_id: str = ""
    private_jwk_file: Path | None = None
    cache_folder: Path | None = None
    max_body: int = Field(default=16 * MEGABYTE, description="largest request body, bytes")
    max_entries: int = Field(default=5_000, description="most entries of one Bundle")
    metrics_open: bool = False
    witnessed: tuple[WitnessedLog, ...] = ()
    witnesses: tuple[str, ...] = ()
    trusted_issuers: tuple[TrustedIssuer, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        others = self.trusted_issuers
        issuers = {self.issuer, *(one.issuer for one in others)}
        if len(issuers) != len(others) + 1 or len({one.name for one in others}) != len(others):
            raise ValueError("each issuer and each name for one is said once")
        for url in [url for one in others for url in (one.issuer, one.jwks_uri)]:
            if urlsplit(url).scheme not in ("http", "https"):
                raise ValueError("an issuer and its keys have https URLs")
        return self
