"""The issuer's public keys: fetched, kept, and still there when the issuer is not.

https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tasuki.shared.clock import Clock

RETRY_AFTER = timedelta(minutes=1)  # an unknown key id may make us ask this often, no more
REFRESH_AFTER = timedelta(hours=1)  # so that a withdrawn key is forgotten
TIMEOUT_SECONDS = 3.0  # a request is waiting; the keys on disk are nearly always right
MAX_BYTES = 65_536


class JwksSource(Protocol):
    """Finds the key a token says it was signed with."""

    async def key(self, kid: str) -> ECKey | None:
        """Return the P-256 public key of this id; None where the issuer has none.

        Raises:
            Fault: UNAVAILABLE when no key was ever learned and the issuer does not answer.
        """
        ...


class StaticJwks:
    """A fixed set of keys; for the issuer itself, and for tests."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = read_keys(jwks)

    async def key(self, kid: str) -> ECKey | None:
        """See `JwksSource.key`."""
        return self._keys.get(kid)


class HttpJwks:
    """Keys from the issuer's `jwks_uri`.

    Asked again when a key id is not known (once a minute at most) and every hour. The last good
    set stays in use, and on disk, for as long as the issuer does not answer.

    Args:
        url: The `jwks_uri`, from settings; never from a token.
        client: Must not follow redirects.
        cache_path: File for the last good set; None to keep it in memory only.
        clock: For the limits above.
    """

    def __init__(
        self, url: str, client: httpx2.AsyncClient, cache_path: Path | None, clock: Clock
    ) -> None:
        self._url = url
        self._client = client
        self._cache_path = cache_path
        self._clock = clock
        self._keys: dict[str, ECKey] = {}
        self._asked_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> ECKey | None:
        """See `JwksSource.key`."""
        if self._is_due(kid):
            async with self._lock:
                if self._is_due(kid):
                    await self._ask()
        if not self._keys:
            raise Fault(Category.UNAVAILABLE, "The sign-in service does not answer.")
        return self._keys.get(kid)

    def _is_due(self, kid: str) -> bool:
        if self._asked_at is None:
            return True
        age = self._clock.now() - self._asked_at
        return age >= (REFRESH_AFTER if kid in self._keys else RETRY_AFTER)

    async def _ask(self) -> None:
        if self._asked_at is None and self._cache_path is not None:
            self._keys = await asyncio.to_thread(_load, self._cache_path)
        self._asked_at = self._clock.now()
        document = await self._fetched()
        keys = read_keys(document)
        if not keys:
            return
        self._keys = keys
        if self._cache_path is not None:
            await asyncio.to_thread(_save, self._cache_path, document)

    async def _fetched(self) -> Mapping[str, Any]:
        try:
            response = await self._client.get(self._url, timeout=TIMEOUT_SECONDS)
        except httpx2.HTTPError:
            return {}
        if response.status_code != httpx2.codes.OK or len(response.content) > MAX_BYTES:
            return {}
        return _document(response.content)


def read_keys(jwks: Mapping[str, Any]) -> dict[str, ECKey]:
    """Return the P-256 signing keys of a key set by key id, public parts only; others are left out."""
    members = jwks.get("keys")
    found = {}
    for member in members if isinstance(members, list) else []:
        if isinstance(member, dict) and (key := _read_key(member)) is not None:
            found[str(member["kid"])] = key
    return found


def _read_key(member: dict[str, Any]) -> ECKey | None:
    fits = (
        member.get("kty") == "EC"
        and member.get("crv") == "P-256"
        and member.get("use", "sig") == "sig"
        and isinstance(member.get("kid"), str)
    )
    if not fits:
        return None
    public: dict[str, str | list[str]] = {
        name: str(member[name]) for name in ("kty", "crv", "x", "y", "kid") if name in member
    }
    try:
        return ECKey.import_key(public)
    except (JoseError, ValueError):
        return None


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _load(path: Path) -> dict[str, ECKey]:
    try:
        return read_keys(_document(path.read_bytes()))
    except OSError:
        return {}


def _save(path: Path, document: Mapping[str, Any]) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with suppress(OSError):  # a full disk must not stop the desk: the keys are in memory
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(document), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(path)
