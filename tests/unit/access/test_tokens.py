"""Access tokens: every way of being wrong is refused in the same words.

https://www.rfc-editor.org/rfc/rfc9068#section-4, https://www.rfc-editor.org/rfc/rfc8725
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tasuki.shared.access import tokens
from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.access.tokens import AccessTokenVerifier
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Category, Fault

pytestmark = pytest.mark.anyio

ISSUER = "https://auth.example.jp/auth"
AUDIENCE = "https://a.example.jp/ehr/a/fhir"
KEY = ECKey.generate_key("P-256", auto_kid=True)
STRANGER = ECKey.generate_key("P-256", auto_kid=True)
NOW = int(FixedClock().now().timestamp())

SOUND: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "account-1",
    "aud": [AUDIENCE, "https://b.example.jp/fhir"],
    "exp": NOW + 300,
    "nbf": NOW,
    "iat": NOW,
    "jti": "token-1",
    "client_id": "viewer",
    "scope": "user/*.rs openid",
    "purpose": "TREAT",
    "role": "clinician",
}


def token(
    changes: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    key: ECKey = KEY,
) -> str:
    claims = {name: value for name, value in (SOUND | (changes or {})).items() if value is not None}
    shown = {"alg": "ES256", "typ": "at+jwt", "kid": KEY.kid} | (header or {})
    shown = {name: value for name, value in shown.items() if value is not None}
    return jwt.encode(shown, claims, key, algorithms=["ES256"], default_type=None)


def forged(header: dict[str, Any], signature: str) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{encoded}.{token().split('.')[1]}.{signature}"


def verifier(clock: FixedClock | None = None) -> AccessTokenVerifier:
    keys = StaticJwks({"keys": [KEY.as_dict(private=False) | {"kid": KEY.kid}]})
    return AccessTokenVerifier(ISSUER, AUDIENCE, keys, clock or FixedClock())


async def refuses(text: str) -> None:
    with pytest.raises(Fault) as fault:
        await verifier().verify(text)
    assert fault.value.category is Category.UNAUTHENTICATED
    assert fault.value.message == ("This access token is not valid here. Please sign in again.")


@pytest.mark.parametrize("missing", sorted(SOUND))
async def test_a_missing_claim_means_no(missing: str) -> None:
    await refuses(token({missing: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://auth.example.jp/auth/"},
        {"iss": "https://evil.example"},
        {"iss": [ISSUER]},
        {"aud": AUDIENCE + "/"},
        {"aud": "https://b.example.jp/fhir"},
        {"aud": []},
        {"aud": {}},
        {"aud": [[AUDIENCE]]},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": str(NOW + 300)},
        {"exp": float(NOW + 300)},
        {"exp": True},
        {"nbf": NOW + 6},
        {"iat": NOW + 6},
        {"iat": "now"},
        {"sub": ""},
        {"sub": 1},
        {"client_id": ""},
        {"jti": ""},
        {"scope": ["user/*.rs"]},
        {"scope": "user/*.rs everything"},
        {"purpose": "SALES"},
        {"purpose": "PATRQT"},
        {"purpose": ""},
        {"role": "admin"},
        {"role": "CLINICIAN"},
        {"role": ["clinician"]},
        {"patient": ""},
        {"patient": 7},
        {"region": ["a"]},
        {"organization": {}},
        {"display": False},
        {"act": "service"},
        {"act": {}},
        {"act": {"sub": ""}},
        {"act": {"sub": "a", "act": {"sub": 1}}},
        {"act": {"sub": "a", "act": {"sub": "b", "act": {"sub": "c", "act": {"sub": "d"}}}}},
    ],
    ids=str,
)
async def test_a_wrong_claim_means_no(changes: dict[str, Any]) -> None:
    await refuses(token(changes))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "at+JWT"},
        {"kid": None},
        {"kid": "unknown"},
        pytest.param({"jwk": KEY.as_dict(private=False)}, id="jwk"),
        {"x5u": "https://evil.example/cert"},
        {"jku": "https://evil.example/jwks"},
        {"cty": "JWT"},
    ],
    ids=str,
)
async def test_a_wrong_header_means_no(header: dict[str, Any]) -> None:
    await refuses(token(header=header))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "RS256", "ES384", "", 7])
@pytest.mark.parametrize("signature", ["", "AAAA"])
async def test_another_algorithm_means_no(algorithm: object, signature: str) -> None:
    await refuses(forged({"alg": algorithm, "typ": "at+jwt", "kid": KEY.kid}, signature))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "ES256", "typ": [], "kid": KEY.kid},
        {"alg": "ES256", "typ": "at+jwt", "kid": []},
        {"alg": "ES256", "typ": "at+jwt", "kid": KEY.kid, "crit": ["exp"]},
        {"alg": "ES256", "typ": "at+jwt", "kid": KEY.kid, "b64": False, "crit": ["b64"]},
        {},
    ],
    ids=["type is a list", "key is a list", "crit", "b64", "empty"],
)
async def test_an_odd_header_means_no(header: dict[str, Any]) -> None:
    await refuses(forged(header, "A" * 86))


async def test_a_stranger_s_signature_means_no_even_with_its_key_in_the_header() -> None:
    await refuses(token(key=STRANGER))
    await refuses(token(key=STRANGER, header={"kid": STRANGER.kid}))
    await refuses(token(key=STRANGER, header={"jwk": STRANGER.as_dict(private=False)}))


async def test_the_public_key_is_no_shared_secret() -> None:
    public = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    header = {"alg": "HS256", "typ": "at+jwt", "kid": KEY.kid}
    await refuses(jwt.encode(header, dict(SOUND), public, algorithms=["HS256"]))


async def test_an_altered_payload_means_no() -> None:
    head, _, signature = token().split(".")
    payload = token({"sub": "somebody-else"}).split(".")[1]
    await refuses(f"{head}.{payload}.{signature}")


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é.é.é", "\ud800", "A" * 8_001])
async def test_what_is_no_token_means_no(text: str) -> None:
    await refuses(text)


async def test_a_sound_token_gives_its_principal() -> None:
    extras = {
        "patient": "Patient/abc",
        "organization": "Organization/1",
        "region": "a",
        "display": "見本 医師",
        "act": {"sub": "ehr-b", "act": {"sub": "ehr-a"}},
    }
    principal = await verifier().verify(token(extras))
    assert principal == Principal(
        subject="account-1",
        role=Role.CLINICIAN,
        client_id="viewer",
        scopes=parse_scopes("user/*.rs openid"),
        purpose="TREAT",
        patient="Patient/abc",
        organization="Organization/1",
        region="a",
        token_id="token-1",
        issuer=ISSUER,
        actor=("ehr-b", "ehr-a"),
        expires_at=datetime.fromtimestamp(NOW + 300, UTC),
        display="見本 医師",
    )


@pytest.mark.parametrize(
    "changes", [{"aud": AUDIENCE}, {"scope": ""}, {"nbf": NOW + 5, "iat": NOW + 5}]
)
async def test_what_is_allowed_at_the_edge(changes: dict[str, Any]) -> None:
    assert (await verifier().verify(token(changes))).subject == "account-1"


async def test_a_remembered_token_still_ends() -> None:
    clock = FixedClock()
    remembering, text = verifier(clock), token()
    first = await remembering.verify(text)
    assert await remembering.verify(text) is first
    clock.advance(timedelta(seconds=300))
    with pytest.raises(Fault):
        await remembering.verify(text)


async def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "CACHED_TOKENS", 2)
    remembering = verifier()
    texts = [token({"jti": str(n)}) for n in range(3)]
    kept = [await remembering.verify(text) for text in texts]
    assert await remembering.verify(texts[2]) is kept[2]
    assert await remembering.verify(texts[0]) is not kept[0]
