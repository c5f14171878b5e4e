"""Settings of the authorization server, from `TASUKI_AUTH_*`; read by the composition root only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from tasuki.auth.passkeys.site import Site, site_of
from tasuki.shared.settings import LOOPBACK, TlsSettings


def _checked_issuer(url: str) -> str:
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname or parts.query or parts.fragment or url.endswith("/"):
        message = "issuer must be an https URL (http on loopback only) without a trailing slash"
        raise ValueError(message)
    return url


class AuthSettings(TlsSettings):
    """What a deployment says about its authorization server.

    Attributes:
        issuer: Public base URL, e.g. `https://example.jp/auth`; the `iss` of every token.
        database_url: `postgresql+asyncpg://...`.
        signing_keys: JWK set file, mode 0600; see `tasuki.auth.signing`.
        connections: Largest number of database connections.
        key_file: The key ring's file with the keys of `tenant`, for a server that runs alone; a
            launcher may hand over an open ring instead.
        tenant: Whose keys of the ring they are.
        metrics_open: Whether clients elsewhere than on loopback may read `/metrics`.
        phr_url: FHIR base URL of the PHR, which is asked whom papers are about; None: no office records
            legal representatives here.
        witnesses: Verifier keys of the witnesses whose cosignatures the log keeps.
        passkey_domain: The domain passkeys belong to, the issuer's host or one it lies below; None
            for the issuer's host. Browsers allow none on an IP address.
    """

    model_config = SettingsConfigDict(env_prefix="TASUKI_AUTH_", frozen=True)

    issuer: Annotated[str, AfterValidator(_checked_issuer)]
    database_url: SecretStr
    signing_keys: Path
    connections: int = 10
    key_file: Path | None = None
    tenant: str = "auth"
    metrics_open: bool = False
    passkey_domain: str | None = None
    phr_url: str | None = None
    witnesses: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _checked_site(self) -> Self:
        site_of(self.issuer, self.passkey_domain)
        return self

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies may be marked Secure."""
        return self.issuer.startswith("https:")

    @property
    def site(self) -> Site | None:
        """Who we are to passkeys; None where there can be none."""
        return site_of(self.issuer, self.passkey_domain)
