"""A store and copies in memory, and an issuer behind a mock transport."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.ids import CountingIds
from tasuki.shared.web.sessions import Sessions
from tasuki.shared.web.settings import WebClientSettings
from tasuki.shared.web.sign_in import RelyingParty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import timedelta
    from pathlib import Path

    from tasuki.shared.access.copies import Cursor, Entry
    from tasuki.shared.clock import FixedClock

ISSUER = "https://auth.example.jp"
BASE = "https://desk.example.jp/desk"


class FakeCopies:
    """`Copies` in a dictionary."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Entry]] = {}
        self.cursors: dict[str, Cursor] = {}

    async def cursor(self, feed: str) -> Cursor | None:
        return self.cursors.get(feed)

    async def apply(self, feed: str, entries: Sequence[Entry], cursor: Cursor) -> None:
        held = self.held.setdefault(feed, {})
        for entry in entries:
            if entry.body is None:
                held.pop(entry.key, None)
            else:
                held[entry.key] = entry
        self.cursors[feed] = cursor

    async def forget(self, feed: str) -> None:
        self.held.pop(feed, None)
        self.cursors.pop(feed, None)

    async def of_person(self, feed: str, tokens: Sequence[str]) -> list[bytes]:
        found = self.held.get(feed, {}).values()
        return [one.body or b"" for one in found if set(one.tokens) & set(tokens)]

    async def all(self, feed: str) -> list[bytes]:
        return [one.body or b"" for one in self.held.get(feed, {}).values()]

    async def one(self, feed: str, key: str) -> bytes | None:
        found = self.held.get(feed, {}).get(key)
        return None if found is None else found.body

    async def tokens(self, feed: str, key: str) -> tuple[str, ...]:
        return self.held[feed][key].tokens


class _FakeUnit:
    async def lock(self, *parts: str) -> None:
        del parts


class FakeRecords:
    """As much of a `RecordStore` as sessions need."""

    tenant = "t"

    @property
    def ledger(self) -> Any:
        raise NotImplementedError

    @asynccontextmanager
    async def unit(self, *, still: bool = False) -> AsyncIterator[Any]:
        del still
        yield _FakeUnit()

    async def feed(self, since: int, limit: int, types: Sequence[str]) -> Any:
        raise NotImplementedError

    async def wait_for_change(self, since: int, seconds: float) -> None:
        raise NotImplementedError


class FakeIssuer:
    """Answers at the token endpoint; what it puts into tokens can be bent."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.key = ECKey.generate_key("P-256", parameters={"kid": "k1", "use": "sig"})
        self.nonce = ""
        self.access_claims: dict[str, Any] = {}
        self.id_claims: dict[str, Any] = {}
        self.status = 200
        self.asked: list[dict[str, str]] = []
        self.more: dict[str, Any] = {}

    @property
    def jwks(self) -> StaticJwks:
        return StaticJwks({"keys": [self.key.as_dict(private=False)]})

    def http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.asked.append(form)
        if self.status != 200:
            return httpx2.Response(self.status, json={"error": "invalid_grant"})
        now = int(self.clock.now().timestamp())
        access = {
            "iss": ISSUER,
            "sub": "nurse-1",
            "aud": [f"{BASE}/fhir"],
            "exp": now + 300,
            "nbf": now,
            "iat": now,
            "jti": f"j{len(self.asked)}",
            "client_id": "desk",
            "scope": "openid tasuki/desk",
            "purpose": "DISASTER",
            "role": "nurse",
            **self.access_claims,
        }
        identity = {
            "iss": ISSUER,
            "sub": "nurse-1",
            "aud": "desk",
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            **self.id_claims,
        }
        return httpx2.Response(
            200,
            json={
                "access_token": self._signed(access, "at+jwt"),
                "id_token": self._signed(identity, "JWT"),
                "refresh_token": f"r{len(self.asked)}",
                "expires_in": 300,
                **self.more,
            },
        )

    def _signed(self, claims: dict[str, Any], type_: str) -> str:
        return jwt.encode({"alg": "ES256", "typ": type_, "kid": "k1"}, claims, self.key)


def party(issuer: FakeIssuer, copies: FakeCopies, folder: Path, *, idle: timedelta) -> RelyingParty:
    """Return a client of the fake issuer."""
    key = folder / "client.json"
    made = ECKey.generate_key("P-256", parameters={"kid": "c1"})
    key.write_text(json.dumps(made.as_dict(private=True)), encoding="utf-8")
    settings = WebClientSettings(
        public_url=BASE,
        issuer=ISSUER,
        client_id="desk",
        private_jwk_file=key,
        scope="openid offline_access tasuki/desk",
        resources=(f"{BASE}/fhir",),
        purpose="DISASTER",
    )
    return RelyingParty(
        settings,
        Sessions(FakeRecords(), copies, clock=issuer.clock, idle=idle),
        http=issuer.http(),
        jwks=issuer.jwks,
        clock=issuer.clock,
        ids=CountingIds(),
    )
