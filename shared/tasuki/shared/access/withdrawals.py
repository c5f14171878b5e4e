"""What the issuer took back before its end: asked for at need, known within half a second.

Sign-ins, single tokens and clients are named by hashes, so the list may be public. Where the issuer does
not answer, what was last heard stays in force, and a token ends by itself within five minutes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import httpx2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tasuki.shared.clock import Clock

FRESH = timedelta(seconds=0.5)
RETRY_AFTER = timedelta(seconds=2)  # an issuer that does not answer must not slow every request
ABSENT_FOR = timedelta(minutes=1)  # an issuer that keeps no such list
TIMEOUT_SECONDS = 0.4
MAX_BYTES = 4_000_000  # about 160,000 names
HASH_CHARACTERS = 22


class Withdrawals(Protocol):
    """Knows what was withdrawn."""

    async def any_of(self, names: Iterable[str]) -> bool:
        """Return whether anything of these names (see `name_of`) was withdrawn."""
        ...


class NoWithdrawals:
    """Of an issuer that takes nothing back."""

    async def any_of(self, names: Iterable[str]) -> bool:
        """See `Withdrawals.any_of`."""
        del names
        return False


class HttpWithdrawals:
    """The issuer's list, fetched when somebody asks and the last answer is older than half a second.

    Args:
        url: Of the list, from settings.
        client: Must not follow redirects.
        clock: For how old it is.
    """

    def __init__(self, url: str, client: httpx2.AsyncClient, clock: Clock) -> None:
        self._url = url
        self._client = client
        self._clock = clock
        self._names: frozenset[str] = frozenset()
        self._etag = ""
        self._due: datetime | None = None
        self._lock = asyncio.Lock()

    async def any_of(self, names: Iterable[str]) -> bool:
        """See `Withdrawals.any_of`."""
        if self._is_due():
            async with self._lock:
                if self._is_due():
                    lasts = await self._asked()
                    self._due = self._clock.now() + lasts
        return not self._names.isdisjoint(names)

    def _is_due(self) -> bool:
        return self._due is None or self._clock.now() >= self._due

    async def _asked(self) -> timedelta:
        headers = {"If-None-Match": self._etag} if self._etag else {}
        try:
            response = await self._client.get(self._url, headers=headers, timeout=TIMEOUT_SECONDS)
        except httpx2.HTTPError:
            return RETRY_AFTER
        if response.status_code == httpx2.codes.NOT_FOUND:
            return ABSENT_FOR
        if response.status_code == httpx2.codes.NOT_MODIFIED:
            return FRESH
        if response.status_code != httpx2.codes.OK or len(response.content) > MAX_BYTES:
            return RETRY_AFTER
        names = _names(response.content)
        if names is None:
            return RETRY_AFTER
        self._names, self._etag = names, response.headers.get("etag", "")
        return FRESH


def name_of(kind: str, value: str) -> str:
    """Return the name under which something is listed.

    Args:
        kind: `sid` of a sign-in, `jti` of one token, `client` of everything a client holds.
        value: The claim's value.
    """
    digest = hashlib.sha256(f"{kind} {value}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:HASH_CHARACTERS]


def names_of(claims: Mapping[str, object]) -> frozenset[str]:
    """Return every name by which a token with these claims may be withdrawn."""
    given = {"sid": claims.get("sid"), "jti": claims.get("jti"), "client": claims.get("client_id")}
    return frozenset(
        name_of(kind, value) for kind, value in given.items() if isinstance(value, str)
    )


def _names(content: bytes) -> frozenset[str] | None:
    try:
        members = json.loads(content)["withdrawn"]
    except (ValueError, LookupError, TypeError):
        return None
    if not isinstance(members, list) or not all(isinstance(one, str) for one in members):
        return None
    return frozenset(members)
