"""Clients with keys by URL: what is fetched, how long it is kept, and what is not believed.

https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from joserfc.jwk import ECKey, RSAKey
from tests.integration.auth.world import EHR_A, KEYS, World, _registration

from tasuki.auth.client_keys import MAX_BYTES, ClientKeys, KeysNeeded
from tasuki.auth.provisioning import register_client
from tasuki.shared.access.client import ASSERTION_TYPE
from tasuki.shared.access.principal import Role
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

OLD, NEW = (ECKey.generate_key("P-384", auto_kid=True) for _ in range(2))
KEYS["by-url"] = OLD


def public(*keys: ECKey | RSAKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


@dataclass
class Publisher:
    """A hospital's web server: one path, on loopback, over a real socket."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    asked: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/keys"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        await asyncio.sleep(self.slow)
        shown = {"content-length": str(len(self.body)), "connection": "close"} | self.headers
        lines = [f"HTTP/1.1 {self.status} x", *(f"{k}: {v}" for k, v in shown.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + self.body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def publishing(publisher: Publisher) -> AsyncIterator[Publisher]:
    server = await asyncio.start_server(publisher.answer, "127.0.0.1", 0)
    publisher.port = server.sockets[0].getsockname()[1]
    async with server:
        yield publisher


async def register(world: World, url: str) -> None:
    registration = _registration(
        "by-url",
        role=Role.HOSPITAL,
        purpose="HOPERAT",
        audiences=(EHR_A,),
        jwks=None,
        jwks_uri=url,
        public=False,
    )
    async with world.engine.begin() as connection:
        await register_client(connection, world.means, registration)


async def ask(world: World, key: ECKey, **header: Any) -> int:
    shown = {"alg": "ES384", "kid": key.kid} | header
    proof = {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": world.assertion("by-url", key=key, header=shown),
    }
    form = {"grant_type": "client_credentials", "scope": "system/*.rs"}
    answer = await world.post("token", form | proof)
    if answer.status_code != 200:
        assert answer.json()["error"] == "invalid_client"
    return answer.status_code


BAD: dict[str, dict[str, Any]] = {
    "no answer but an error": {"status": 500},
    "sent elsewhere": {"status": 302, "headers": {"location": "http://127.0.0.1:1/"}},
    "no JSON": {"body": b"<html>"},
    "no keys": {"body": b'{"keys": 3}'},
    "deep": {"body": b"[" * 50_000},
    "too large": {"body": public(OLD) + b" " * MAX_BYTES},
    "too many": {"body": public(*[OLD] * 21)},
    "other people's keys": {"body": public(NEW)},
    "a shared secret": {"body": b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "x"}]}'},
}


@pytest.mark.parametrize("why", BAD)
async def test_what_is_published_wrongly_proves_nobody(world: World, why: str) -> None:
    published: dict[str, Any] = {"body": public(OLD)} | BAD[why]
    async with publishing(Publisher(**published)) as publisher:
        await register(world, publisher.url)
        assert await ask(world, OLD) == 401


async def test_nobody_there_proves_nobody_and_the_token_endpoint_answers(world: World) -> None:
    await register(world, "http://127.0.0.1:9/keys")
    assert await ask(world, OLD) == 401


async def test_a_key_by_url_proves_its_client_and_is_fetched_once(world: World) -> None:
    async with publishing(Publisher(public(OLD))) as publisher:
        await register(world, publisher.url)
        answers = await asyncio.gather(*(ask(world, OLD) for _ in range(5)))
        assert answers == [200] * 5
        assert publisher.asked == 1
        assert await ask(world, OLD, jku=publisher.url) == 200
        for other in ("http://127.0.0.1:1/keys", publisher.url + "?x"):
            assert await ask(world, OLD, jku=other) == 401
        assert publisher.asked == 1, "a header makes nobody fetch anything"


async def test_a_header_naming_a_url_helps_no_client_with_keys_by_value(world: World) -> None:
    async with publishing(Publisher(public(NEW))) as publisher:
        header = {"alg": "ES384", "kid": NEW.kid, "jku": publisher.url}
        form = {"client_assertion_type": ASSERTION_TYPE, "grant_type": "client_credentials"}
        proof = world.assertion("hospital", key=NEW, header=header)
        answer = await world.post("token", form | {"client_assertion": proof})
        assert (answer.status_code, publisher.asked) == (401, 0)


async def test_a_new_key_is_found_and_strangers_cannot_make_us_ask_without_end(
    world: World,
) -> None:
    async with publishing(Publisher(public(OLD), headers={"cache-control": "max-age=300"})) as it:
        await register(world, it.url)
        assert await ask(world, OLD) == 200
        for _ in range(3):
            assert await ask(world, NEW) == 401
        assert it.asked == 1
        it.body = public(NEW)
        world.clock.advance(timedelta(seconds=5))
        assert await ask(world, NEW) == 200
        assert await ask(world, OLD) == 401, "a withdrawn key is forgotten with the next fetch"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({}, 300),
        ({"cache-control": "max-age=20"}, 20),
        ({"cache-control": "public, max-age=20, must-revalidate"}, 20),
        ({"cache-control": "max-age=999999"}, 3_600),
        ({"cache-control": "max-age=0"}, 1),
        ({"cache-control": "no-store"}, 1),
        ({"cache-control": "No-Cache, max-age=60"}, 1),
        ({"cache-control": "s-max-age=9"}, 300),
    ],
)
async def test_keys_are_kept_no_longer_than_their_publisher_lets_us(
    said: dict[str, str], seconds: int
) -> None:
    clock = FixedClock()
    async with (
        publishing(Publisher(public(OLD), headers=said)) as publisher,
        httpx2.AsyncClient(trust_env=False) as http,
    ):
        keys = ClientKeys(http, clock)
        await keys.fetch(publisher.url)
        clock.advance(timedelta(seconds=seconds, microseconds=-1))
        assert keys.of(publisher.url, OLD.kid)
        clock.advance(timedelta(microseconds=1))
        with pytest.raises(KeysNeeded):
            keys.of(publisher.url, OLD.kid)


async def test_only_public_parts_are_kept() -> None:
    whole = json.dumps({"keys": [OLD.as_dict(private=True)]}).encode()
    async with publishing(Publisher(whole)) as it, httpx2.AsyncClient(trust_env=False) as http:
        keys = ClientKeys(http, FixedClock())
        await keys.fetch(it.url)
        assert set(keys.of(it.url, None)[0]) == {"kty", "crv", "x", "y", "kid"}


@pytest.mark.parametrize(
    "changes",
    [
        {"jwks_uri": "http://example.jp/keys"},
        {"jwks_uri": "ftp://127.0.0.1/keys"},
        {"jwks_uri": "https:///keys"},
        {"jwks_uri": "https://user@example.jp/keys"},
        {"jwks_uri": "https://example.jp/keys#a"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://example.jp/keys", "jwks": {"keys": [OLD.as_dict(private=False)]}},
        {"jwks_uri": "https://example.jp/keys", "public": True},
        {},
    ],
)
async def test_a_registration_says_where_keys_are_once_and_safely(
    world: World, changes: dict[str, Any]
) -> None:
    usual = {"role": Role.HOSPITAL, "purpose": "HOPERAT", "jwks": None, "public": False}
    async with world.engine.begin() as connection:
        with pytest.raises(Fault, match="registration"):
            await register_client(connection, world.means, _registration("odd", **usual | changes))
