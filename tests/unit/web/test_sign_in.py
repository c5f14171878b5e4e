"""Each thing that may be wrong with the answer to a sign-in, then the sign-in that works.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation, https://www.rfc-editor.org/rfc/rfc9207
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.web.fakes import BASE, ISSUER

from tasuki.shared.faults import Category, Fault
from tasuki.shared.web.sign_in import Attempt

if TYPE_CHECKING:
    from tests.unit.web.fakes import FakeCopies, FakeIssuer

    from tasuki.shared.clock import FixedClock
    from tasuki.shared.web.sessions import Session
    from tasuki.shared.web.sign_in import RelyingParty

pytestmark = pytest.mark.anyio


async def signed_in(relying: RelyingParty, issuer: FakeIssuer) -> tuple[Session, str]:
    attempt = Attempt.new("/desk/")
    issuer.nonce = attempt.nonce
    return await relying.finish({"state": attempt.state, "code": "c", "iss": ISSUER}, attempt)


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "c"},
        {"state": "", "code": "c"},
        {"state": "another", "code": "c"},
        {"state": "S"},
        {"state": "S", "error": "access_denied"},
        {"state": "S", "code": "c", "iss": "https://evil.example"},
    ],
)
async def test_an_answer_to_another_attempt_is_refused(
    relying: RelyingParty, issuer: FakeIssuer, answer: dict[str, str]
) -> None:
    attempt = Attempt.new("/desk/")
    sent = {name: attempt.state if value == "S" else value for name, value in answer.items()}
    with pytest.raises(Fault) as refused:
        await relying.finish(sent, attempt)
    assert refused.value.category is Category.UNAUTHENTICATED
    assert issuer.asked == []
    with pytest.raises(Fault):
        await relying.finish({"state": "", "code": "c"}, None)


@pytest.mark.parametrize(
    ("access", "identity"),
    [
        ({}, {"nonce": "another"}),
        ({}, {"aud": "another-client"}),
        ({}, {"aud": ["desk"]}),
        ({}, {"iss": "https://evil.example"}),
        ({}, {"sub": "somebody-else"}),
        ({}, {"exp": 1}),
        ({"aud": ["https://other.example"]}, {}),
        ({"iss": "https://evil.example"}, {}),
        ({"role": "king"}, {}),
    ],
)
async def test_tokens_that_are_not_ours_are_refused(
    relying: RelyingParty,
    issuer: FakeIssuer,
    copies: FakeCopies,
    access: dict[str, Any],
    identity: dict[str, Any],
) -> None:
    issuer.access_claims, issuer.id_claims = access, identity
    with pytest.raises(Fault) as refused:
        await signed_in(relying, issuer)
    assert refused.value.category is Category.UNAUTHENTICATED
    assert copies.held == {}


async def test_the_request_asks_for_a_code_bound_to_this_browser(relying: RelyingParty) -> None:
    attempt = Attempt.new("/desk/")
    asked = parse_qs(urlsplit(relying.authorize_url(attempt, "ja")).query)
    digest = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest())
    assert asked["code_challenge"] == [digest.decode().rstrip("=")]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"] == [attempt.state]
    assert asked["nonce"] == [attempt.nonce]
    assert asked["redirect_uri"] == [f"{BASE}/callback"]
    assert asked["resource"] == [f"{BASE}/fhir"]
    assert asked["purpose"] == ["DISASTER"]
    assert attempt.verifier not in relying.authorize_url(attempt, "ja")


async def test_a_sign_in_proves_the_client_and_makes_a_session(
    relying: RelyingParty, issuer: FakeIssuer, clock: FixedClock
) -> None:
    session, secret = await signed_in(relying, issuer)
    assert issuer.asked[0]["client_assertion"]
    assert issuer.asked[0]["code_verifier"]
    opened = await relying.sessions.open(secret)
    assert opened is not None
    assert opened.principal == session.principal
    assert opened.principal.expires_at == clock.now() + timedelta(hours=12)


async def test_a_session_outlives_its_issuer_but_its_tokens_do_not(
    relying: RelyingParty, issuer: FakeIssuer, clock: FixedClock
) -> None:
    _, secret = await signed_in(relying, issuer)
    issuer.status = 503
    clock.advance(timedelta(minutes=6))
    session = await relying.sessions.open(secret)
    assert session is not None
    with pytest.raises(Fault) as refused:
        await session.access_token()
    assert refused.value.category is Category.UNAVAILABLE
    assert await relying.sessions.open(secret) is not None


async def test_a_token_is_renewed_once_however_many_ask(
    relying: RelyingParty, issuer: FakeIssuer, clock: FixedClock
) -> None:
    _, secret = await signed_in(relying, issuer)
    clock.advance(timedelta(minutes=6))
    session = await relying.sessions.open(secret)
    assert session is not None
    tokens = await asyncio.gather(*(session.access_token() for _ in range(4)))
    assert len(set(tokens)) == 1
    assert [form["grant_type"] for form in issuer.asked] == ["authorization_code", "refresh_token"]
    assert issuer.asked[1]["refresh_token"] == "r1"


async def test_a_refused_renewal_ends_the_session(
    relying: RelyingParty, issuer: FakeIssuer, clock: FixedClock
) -> None:
    _, secret = await signed_in(relying, issuer)
    clock.advance(timedelta(minutes=6))
    session = await relying.sessions.open(secret)
    assert session is not None
    issuer.status = 400
    with pytest.raises(Fault):
        await session.access_token()
    assert await relying.sessions.open(secret) is None


@pytest.mark.parametrize("value", ["", "x", "e30=", "W10=", "WyJhIiwgImIiXQ==", "é"])
async def test_a_cookie_that_is_no_attempt_is_none(value: str) -> None:
    assert Attempt.from_cookie(value) is None


async def test_an_attempt_survives_its_cookie() -> None:
    attempt = Attempt.new("/desk/profile/x")
    assert Attempt.from_cookie(attempt.cookie()) == attempt


async def test_a_session_ends_with_a_short_sign_in_and_never_later_than_settings_say(
    relying: RelyingParty, issuer: FakeIssuer, clock: FixedClock
) -> None:
    usual = timedelta(seconds=relying.settings.longest_seconds)
    for told, longest in ((900, timedelta(minutes=15)), (10**6, usual), ("900", usual)):
        issuer.more = {"sign_in_expires_in": told}
        session, _ = await signed_in(relying, issuer)
        assert session.ends_at == clock.now() + longest
