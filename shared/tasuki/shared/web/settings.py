"""What pages that people sign in on must be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

MINUTE = 60


class WebClientSettings(BaseModel):
    """An interactive client of the authorization server, and the life of its sessions.

    Attributes:
        public_url: Absolute URL of the pages, without a trailing slash; `/callback` under it is
            the registered redirect URI.
        issuer: URL of the authorization server.
        client_id: The registered interactive client; not the service's backend client.
        private_jwk_file: The key with which it proves itself (private_key_jwt).
        scope: Scopes asked for, `openid` among them; with `offline_access` the access token is
            renewed while the session lasts.
        resources: Base URLs the access token shall be for; the first is the service's own.
        purpose: Purpose of use asked for; None lets the person choose at sign-in.
        idle_seconds: A session not used this long is over.
        longest_seconds: A session is over after this long in any case.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    public_url: str
    issuer: str
    client_id: str
    private_jwk_file: Path
    scope: str
    resources: tuple[str, ...] = Field(min_length=1)
    purpose: str | None = None
    idle_seconds: int = 15 * MINUTE
    longest_seconds: int = 12 * 60 * MINUTE
