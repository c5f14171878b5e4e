"""A service's own tokens: how refusals and silence are told, and what is signed.

https://www.rfc-editor.org/rfc/rfc7523
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from tasuki.shared.access.client import (
    EXCHANGE,
    ServiceCredentials,
    TokenClient,
    client_assertion,
)
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Category, Fault
from tasuki.shared.ids import CountingIds

pytestmark = pytest.mark.anyio

TOKEN = "https://auth.example.jp/auth/token"
EHR = "https://b.example.jp/fhir"
KEY = ECKey.generate_key("P-256", auto_kid=True)


def credentials(key: Key = KEY) -> ServiceCredentials:
    return ServiceCredentials("ehr-a", key.as_dict(private=True), TOKEN)


class Server:
    """Answers as told and remembers what it was asked."""

    def __init__(self, status: int = 200, **body: Any) -> None:
        self.status = status
        self.body = body
        self.forms: list[dict[str, str]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        form = parse_qs(request.content.decode())
        self.forms.append({name: values[0] for name, values in form.items()})
        if self.status == 0:
            raise httpx2.ReadTimeout("slow", request=request)
        return httpx2.Response(self.status, json=self.body)


def client(server: Server) -> TokenClient:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(server))
    return TokenClient(http, credentials(), clock=FixedClock(), ids=CountingIds())


@pytest.mark.parametrize(
    ("server", "category"),
    [
        (Server(0), Category.UNAVAILABLE),
        (Server(500), Category.UNAVAILABLE),
        (Server(302), Category.UNAVAILABLE),
        (Server(200), Category.UNAVAILABLE),
        (Server(200, access_token="t"), Category.UNAVAILABLE),
        (Server(200, access_token=7, expires_in=300), Category.UNAVAILABLE),
        (Server(200, access_token="t", expires_in="300"), Category.UNAVAILABLE),
        (Server(400, error="invalid_scope"), Category.FORBIDDEN),
        (Server(401, error="invalid_client"), Category.FORBIDDEN),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
async def test_no_token_is_told_as_what_it_is(server: Server, category: Category) -> None:
    asking = client(server)
    for call in (
        asking.client_credentials("system/*.rs", EHR, "HOPERAT"),
        asking.exchange("subject", EHR, "user/*.rs"),
    ):
        with pytest.raises(Fault) as fault:
            await call
        assert fault.value.category is category


async def test_an_exchange_sends_the_subject_and_one_audience() -> None:
    server = Server(200, access_token="t", expires_in=60)
    assert await client(server).exchange("subject", EHR, "user/*.rs") == "t"
    form = server.forms[0]
    assert (form["grant_type"], form["subject_token"]) == (EXCHANGE, "subject")
    assert (form["resource"], form["scope"]) == (EHR, "user/*.rs")
    assert "purpose" not in form


async def test_tokens_are_kept_apart_by_scope_audience_and_purpose() -> None:
    server = Server(200, access_token="t", expires_in=300)
    asking = client(server)
    for scope, audience, purpose in (
        ("system/*.rs", EHR, "HOPERAT"),
        ("system/*.rs", EHR, "HOPERAT"),
        ("system/*.r", EHR, "HOPERAT"),
        ("system/*.rs", EHR + "/", "HOPERAT"),
        ("system/*.rs", EHR, "PUBHLTH"),
    ):
        await asking.client_credentials(scope, audience, purpose)
    assert len(server.forms) == 4


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (KEY, "ES256"),
        (ECKey.generate_key("P-384", auto_kid=True), "ES384"),
        (RSAKey.generate_key(2048, auto_kid=True), "RS384"),
    ],
    ids=["ES256", "ES384", "RS384"],
)
def test_an_assertion_is_signed_with_the_algorithm_of_its_key(key: Key, algorithm: str) -> None:
    ids, clock = CountingIds(), FixedClock()
    first, second = (client_assertion(credentials(key), clock=clock, ids=ids) for _ in range(2))
    claims = jwt.decode(first, key, algorithms=[algorithm]).claims
    assert claims["iss"] == claims["sub"] == "ehr-a"
    assert claims["aud"] == TOKEN
    assert claims["exp"] - claims["iat"] == 60
    assert jws.extract_compact(first.encode()).headers()["kid"] == key.kid
    assert claims["jti"] != jwt.decode(second, key, algorithms=[algorithm]).claims["jti"]


@pytest.mark.parametrize(
    "key",
    [ECKey.generate_key("P-521", auto_kid=True), OctKey.generate_key(256, auto_kid=True)],
    ids=["P-521", "shared secret"],
)
def test_another_kind_of_key_is_refused(key: Key) -> None:
    with pytest.raises(Fault) as fault:
        client_assertion(credentials(key), clock=FixedClock(), ids=CountingIds())
    assert fault.value.category is Category.INVALID


def test_a_private_key_does_not_show() -> None:
    assert "'d'" not in repr(credentials())
