"""Clients' public keys from the URL they were registered with.

Fetched when an assertion needs them, and kept no longer than the client's own cache headers allow.
The URL comes from the registration and never from a token.

https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.clock import Clock

USUAL = timedelta(minutes=5)  # where the client's server does not say
LONGEST = timedelta(hours=1)  # so that a withdrawn key is forgotten
SHORTEST = timedelta(seconds=1)  # a stranger who names a client must not make us ask at every call
RETRY_AFTER = timedelta(seconds=5)  # after no answer, or for a key id that is not there
TIMEOUT_SECONDS = 3.0
MAX_BYTES = 65_536
MAX_KEYS = 20

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})(?:$|[\s,])")
_NOT_KEPT = re.compile(r"(?:^|[\s,])no-(?:store|cache)(?:$|[\s,])")


class KeysNeeded(Exception):
    """The keys of a client must be fetched before its assertion can be looked at."""

    def __init__(self, url: str, kid: str | None) -> None:
        super().__init__("keys needed")
        self.url = url
        self.kid = kid


@dataclass(frozen=True, slots=True)
class _Held:
    keys: tuple[dict[str, Any], ...]
    asked_at: datetime
    until: datetime


class ClientKeys:
    """The keys of every client that has them by URL.

    Args:
        http: Must not follow redirects.
        clock: For how long they may be kept.
    """

    def __init__(self, http: httpx2.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def of(self, url: str, kid: str | None) -> tuple[dict[str, Any], ...]:
        """Return the public keys at a URL; none where it does not answer with any.

        Raises:
            KeysNeeded: They must be fetched first.
        """
        if self._is_due(url, kid):
            raise KeysNeeded(url, kid)
        return self._held[url].keys

    async def fetch(self, url: str, kid: str | None = None) -> None:
        """Fetch the keys at a URL where they are due; what does not answer with keys has none."""
        async with self._locks.setdefault(url, asyncio.Lock()):
            if not self._is_due(url, kid):
                return  # another call fetched them while this one waited
            keys, lifetime = await self._fetched(url)
            now = self._clock.now()
            self._held[url] = _Held(keys, now, now + lifetime)

    def _is_due(self, url: str, kid: str | None) -> bool:
        held, now = self._held.get(url), self._clock.now()
        if held is None or held.until <= now:
            return True
        is_there = kid is None or any(key.get("kid") == kid for key in held.keys)
        return not is_there and now - held.asked_at >= RETRY_AFTER

    async def _fetched(self, url: str) -> tuple[tuple[dict[str, Any], ...], timedelta]:
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._http.stream("GET", url, headers={"Accept": "application/json"}) as response,
            ):
                if response.status_code != httpx2.codes.OK:
                    return (), RETRY_AFTER
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MAX_BYTES:
                        return (), RETRY_AFTER
        except (httpx2.HTTPError, TimeoutError):
            return (), RETRY_AFTER
        keys = _public_keys(bytes(body))
        return (keys, _lifetime(response.headers)) if keys else ((), RETRY_AFTER)


def _lifetime(headers: Mapping[str, str]) -> timedelta:
    """Return how long the client's server lets its answer be kept, within our own limits."""
    said = headers.get("cache-control", "").lower()
    if _NOT_KEPT.search(said):
        return SHORTEST
    age = _MAX_AGE.search(said)
    asked = USUAL if age is None else timedelta(seconds=int(age[1]))
    return max(SHORTEST, min(asked, LONGEST))


def _public_keys(body: bytes) -> tuple[dict[str, Any], ...]:
    try:
        members = json.loads(body)["keys"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ()
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        return ()
    return tuple(
        {name: value for name, value in member.items() if name in _PUBLIC}
        for member in members
        if isinstance(member, dict)
        and member.get("kty") in ("EC", "RSA")
        and member.get("use", "sig") == "sig"
    )


_PUBLIC = frozenset({"kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"})
