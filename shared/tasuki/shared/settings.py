"""What every service must be told; each service adds its own under its own prefix.

Values come from the launcher or from the environment: `TASUKI_<SERVICE>_DATABASE_URL` and so on.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MEGABYTE = 1024 * 1024


class ServiceSettings(BaseSettings):
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
