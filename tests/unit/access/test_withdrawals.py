"""What the issuer took back is refused within half a second; an issuer that is away stops nobody."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx2
import pytest
from tests.unit.access.test_tokens import AUDIENCE, ISSUER, KEY, token

from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.access.tokens import AccessTokenVerifier
from tasuki.shared.access.withdrawals import HttpWithdrawals, name_of, names_of
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Category, Fault

pytestmark = pytest.mark.anyio


class Issuer:
    """Publishes a list; can be told to fail."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.status = 200
        self.body: bytes | None = None
        self.asked = 0
        self.clock = FixedClock()
        self.http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))
        self.list = HttpWithdrawals("https://auth.example.jp/withdrawn", self.http, self.clock)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        if self.status == 0:
            raise httpx2.ConnectError("away")
        tag = f'"{len(self.names)}"'
        unchanged = self.status == 200 and self.body is None
        if unchanged and request.headers.get("if-none-match") == tag:
            return httpx2.Response(304, headers={"etag": tag})
        body = json.dumps({"withdrawn": self.names}).encode() if self.body is None else self.body
        return httpx2.Response(self.status, content=body, headers={"etag": tag})

    def verifier(self) -> AccessTokenVerifier:
        keys = StaticJwks({"keys": [KEY.as_dict(private=False)]})
        return AccessTokenVerifier(ISSUER, AUDIENCE, keys, self.clock, self.list)


async def refuses(at: AccessTokenVerifier, text: str) -> bool:
    try:
        await at.verify(text)
    except Fault as fault:
        return fault.category is Category.UNAUTHENTICATED
    return False


@pytest.mark.parametrize(
    ("kind", "value"), [("sid", "sign-in-1"), ("jti", "token-1"), ("client", "viewer")]
)
async def test_a_remembered_token_is_refused_half_a_second_after_it_was_withdrawn(
    kind: str, value: str
) -> None:
    issuer = Issuer()
    at, mine = issuer.verifier(), token({"sid": "sign-in-1"})
    other = token({"sid": "sign-in-2", "jti": "token-2", "client_id": "desk"})
    assert not await refuses(at, mine)
    issuer.names = [name_of(kind, value)]
    issuer.clock.advance(timedelta(seconds=0.5))
    assert await refuses(at, mine)
    assert not await refuses(at, other)


async def test_the_list_is_asked_for_twice_a_second_however_many_call() -> None:
    issuer = Issuer()
    at = issuer.verifier()
    for _ in range(3):
        await asyncio.gather(*(at.verify(token()) for _ in range(20)))
    assert issuer.asked == 1
    issuer.clock.advance(timedelta(seconds=0.5))
    await asyncio.gather(*(at.verify(token()) for _ in range(20)))
    assert issuer.asked == 2


@pytest.mark.parametrize(
    ("status", "body"), [(0, b""), (500, b""), (200, b"<html>"), (200, b'{"withdrawn": [1]}')]
)
async def test_an_issuer_that_does_not_answer_stops_nobody_and_frees_nobody(
    status: int, body: bytes
) -> None:
    issuer = Issuer()
    at = issuer.verifier()
    issuer.names = [name_of("jti", "token-1")]
    assert await refuses(at, token())
    issuer.status, issuer.body = status, body
    for _ in range(5):
        issuer.clock.advance(timedelta(seconds=0.5))
        assert await refuses(at, token())
        assert not await refuses(at, token({"jti": "token-2"}))
    assert issuer.asked == 3, "and is asked every two seconds only"


async def test_what_is_no_longer_listed_is_good_again() -> None:
    issuer = Issuer()
    at = issuer.verifier()
    issuer.names = [name_of("client", "viewer")]
    assert await refuses(at, token())
    issuer.names = []
    issuer.clock.advance(timedelta(seconds=0.5))
    assert not await refuses(at, token())


async def test_an_issuer_without_a_list_takes_nothing_back() -> None:
    issuer = Issuer()
    issuer.status = 404
    at = issuer.verifier()
    for _ in range(3):
        assert not await refuses(at, token())
        issuer.clock.advance(timedelta(seconds=20))
    assert issuer.asked == 1


def test_names_tell_nothing_and_kinds_are_kept_apart() -> None:
    assert names_of({"sid": "a", "jti": "a", "client_id": 3}) == {
        name_of("sid", "a"),
        name_of("jti", "a"),
    }
    assert name_of("sid", "a") != name_of("jti", "a")
    assert len(name_of("sid", "a")) == 22
