"""The issuer's keys survive the issuer, and nobody can make us ask for them in a loop.

https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

import asyncio
import json
import stat
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from tasuki.shared.access.jwks import HttpJwks, StaticJwks
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

URL = "https://auth.example.jp/auth/jwks"
FIRST, SECOND = (ECKey.generate_key("P-256", auto_kid=True) for _ in range(2))


def public(*keys: ECKey) -> dict[str, Any]:
    return {"keys": [{"use": "sig"} | dict(key.as_dict(private=False)) for key in keys]}


class Issuer:
    """Answers for the issuer's `jwks_uri`; None means that it is down."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.status = 200
        self.asked = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == URL
        self.asked += 1
        if self.answer is None:
            raise httpx2.ConnectError("down", request=request)
        content = (
            self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        )
        return httpx2.Response(self.status, content=content)


def source(issuer: Issuer, clock: FixedClock, path: Path | None = None) -> HttpJwks:
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(issuer))
    return HttpJwks(URL, client, path, clock)


async def test_without_any_keys_it_is_unavailable_rather_than_refused() -> None:
    jwks = source(Issuer(None), FixedClock())
    with pytest.raises(Fault) as fault:
        await jwks.key("a")
    assert fault.value.category is Category.UNAVAILABLE


@pytest.mark.parametrize(
    "answer",
    [
        b"not json",
        b"[]",
        b"{}",
        {"keys": []},
        {"keys": "x"},
        {"keys": [7]},
        {"keys": [OctKey.generate_key(256, auto_kid=True).as_dict(private=True)]},
        {"keys": [RSAKey.generate_key(2048, auto_kid=True).as_dict(private=False)]},
        {"keys": [ECKey.generate_key("P-384", auto_kid=True).as_dict(private=False)]},
        {"keys": [FIRST.as_dict(private=False) | {"kid": 7}]},
        {"keys": [FIRST.as_dict(private=False) | {"x": "AAAA"}]},
        {"keys": [FIRST.as_dict(private=False) | {"use": "enc"}]},
        b'{"keys": []' + b" " * 65_536 + b"}",
    ],
    ids=[
        *("no json", "a list", "empty", "no keys", "a string", "a number"),
        *("oct", "RSA", "P-384", "kid is a number", "x too short", "for encryption", "too long"),
    ],
)
async def test_an_answer_without_a_usable_key_does_not_replace_good_ones(answer: object) -> None:
    clock, issuer = FixedClock(), Issuer(public(FIRST))
    jwks = source(issuer, clock)
    assert await jwks.key(str(FIRST.kid)) is not None
    issuer.answer = answer
    clock.advance(timedelta(hours=2))
    assert await jwks.key(str(FIRST.kid)) is not None
    assert issuer.asked == 2


async def test_an_error_page_with_keys_in_it_is_not_believed() -> None:
    issuer = Issuer(public(FIRST))
    issuer.status = 500
    with pytest.raises(Fault):
        await source(issuer, FixedClock()).key(str(FIRST.kid))


async def test_an_unknown_key_id_makes_us_ask_once_a_minute_at_most() -> None:
    clock, issuer = FixedClock(), Issuer(public(FIRST))
    jwks = source(issuer, clock)
    for number in range(50):
        assert await jwks.key(f"unknown {number}") is None
    assert issuer.asked == 1
    issuer.answer = public(SECOND, FIRST)
    clock.advance(timedelta(minutes=1))
    assert await jwks.key(str(SECOND.kid)) is not None
    assert issuer.asked == 2


async def test_many_at_once_ask_once() -> None:
    issuer = Issuer(public(FIRST))
    jwks = source(issuer, FixedClock())
    found = await asyncio.gather(*(jwks.key(str(FIRST.kid)) for _ in range(20)))
    assert None not in found
    assert issuer.asked == 1


async def test_a_withdrawn_key_is_forgotten_within_the_hour() -> None:
    clock, issuer = FixedClock(), Issuer(public(FIRST))
    jwks = source(issuer, clock)
    assert await jwks.key(str(FIRST.kid)) is not None
    issuer.answer = public(SECOND)
    clock.advance(timedelta(hours=1))
    assert await jwks.key(str(FIRST.kid)) is None


async def test_the_last_good_keys_are_on_disk_when_the_issuer_is_down(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "jwks.json"
    await source(Issuer(public(FIRST)), FixedClock(), path).key(str(FIRST.kid))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["jwks.json"]
    assert await source(Issuer(None), FixedClock(), path).key(str(FIRST.kid)) is not None


async def test_a_broken_file_is_as_none(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(b"\xff{")
    assert await source(Issuer(public(FIRST)), FixedClock(), path).key(str(FIRST.kid)) is not None


async def test_a_disk_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "jwks.json"
    assert await source(Issuer(public(FIRST)), FixedClock(), path).key(str(FIRST.kid)) is not None


async def test_a_private_part_is_not_taken_up() -> None:
    members = {"keys": [FIRST.as_dict(private=True) | {"kid": "k"}]}
    key = await StaticJwks(members).key("k")
    assert key is not None
    assert not key.is_private
