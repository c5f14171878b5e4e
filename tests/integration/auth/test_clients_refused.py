"""Clients that do not prove themselves, and backends that ask for too much.

https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey
from tests.integration.auth.world import (
    EHR_A,
    EHR_B,
    ISSUER,
    KEYS,
    PHR,
    RESIDENT,
    TOKEN,
    World,
    credentials_of,
)

pytestmark = pytest.mark.anyio

SOUND = {"grant_type": "client_credentials", "scope": "system/*.rs", "purpose": "HOPERAT"}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SERVICE = "svc-ehr-a"


async def refused(world: World, assertion: str, **changes: str | None) -> bool:
    form: dict[str, str | None] = {
        "client_assertion": assertion,
        "client_assertion_type": ASSERTION_TYPE,
    }
    response = await world.post("token", SOUND | form | changes)
    assert "access_token" not in response.text or response.status_code == 200
    return (response.status_code, response.json()) == (
        401,
        {
            "error": "invalid_client",
            "error_description": "The client did not prove itself.",
        },
    )


async def test_the_sound_assertion_these_tests_change_is_accepted(world: World) -> None:
    assert not await refused(world, world.assertion(SERVICE))


NOW = 1_767_571_200  # FixedClock's first moment


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": NOW + 311},
        {"exp": NOW + 31_536_000},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float(NOW + 60)},
        {"exp": True},
        {"iat": NOW + 11},
        {"nbf": NOW + 11},
        {"aud": None},
        {"aud": ISSUER + "/authorize"},
        {"aud": "https://elsewhere.example/token"},
        {"aud": [TOKEN, "https://elsewhere.example/token"]},
        {"iss": "hospital"},
        {"iss": None},
        {"sub": "hospital"},
        {"sub": "nobody"},
        {"sub": None},
        {"sub": ["svc-ehr-a"]},
        {"sub": "a\0b"},
        {"sub": "é"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "j" * 256},
        {"jti": "\0"},
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_claims_must_be_exact(world: World, changes: dict[str, Any]) -> None:
    assert world.clock.now().timestamp() == NOW
    assert await refused(world, world.assertion(SERVICE, **changes))


async def test_a_signature_must_be_under_the_registered_key(world: World) -> None:
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    assert await refused(world, world.assertion(SERVICE, key=stranger))
    assert await refused(world, world.assertion(SERVICE, key=KEYS["svc-ehr-b"]))


async def test_a_key_in_the_header_is_not_believed(world: World) -> None:
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    for extra in (
        {"jwk": stranger.as_dict(private=False)},
        {"jku": "https://evil.example/jwks"},
        {"crit": ["exp"], "exp": 1},
    ):
        header = base64url(json.dumps({"alg": "ES256", "kid": "k"} | extra).encode())
        payload = world.assertion(SERVICE, key=stranger).split(".")[1]
        signature = base64url(b"\0" * 64)
        assert await refused(world, f"{header}.{payload}.{signature}")
    assert await refused(
        world, world.assertion(SERVICE, key=stranger, header={"kid": stranger.kid})
    )


async def test_no_algorithm_but_the_three_is_taken(world: World) -> None:
    payload = world.assertion(SERVICE).split(".")[1]
    for algorithm in ("none", "None", "HS256", "RS256", "PS384", "EdDSA"):
        header = base64url(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
        for signature in ("", "AAAA"):
            assert await refused(world, f"{header}.{payload}.{signature}")
    public = json.dumps(KEYS[SERVICE].as_dict(private=False)).encode()
    assert await refused(
        world, world.assertion(SERVICE, key=OctKey.import_key(public), header={"alg": "HS256"})
    )
    rsa = world.assertion("hospital-rsa", header={"alg": "RS256"})
    assert await refused(world, rsa)


@pytest.mark.parametrize(
    "assertion",
    ["", "a", "a.b.c", "....", "é.é.é", "e30.e30.", "W10.W10.W10", "A" * 9_000],
)
async def test_nonsense_is_refused_in_the_same_words(world: World, assertion: str) -> None:
    assert await refused(world, assertion)


async def test_a_deeply_nested_claim_set_is_refused(world: World) -> None:
    header = base64url(b'{"alg":"ES256","kid":"k"}')
    assert await refused(world, f"{header}.{base64url(b'[' * 5_000)}.AAAA")


async def test_an_assertion_is_good_once(world: World) -> None:
    assertion = world.assertion(SERVICE)
    assert not await refused(world, assertion)
    assert await refused(world, assertion)


async def test_of_sixteen_uses_at_once_exactly_one_counts(world: World) -> None:
    assertion = world.assertion(SERVICE)
    refusals = await asyncio.gather(*(refused(world, assertion) for _ in range(16)))
    assert sorted(refusals) == [False, *[True] * 15]


async def test_the_assertion_type_and_client_id_must_fit(world: World) -> None:
    sound = world.assertion(SERVICE)
    assert await refused(world, sound, client_assertion_type="urn:example:other")
    assert await refused(world, sound, client_assertion_type=None)
    assert await refused(world, sound, client_id="hospital")
    assert not await refused(world, sound, client_id=SERVICE)


async def test_a_key_holder_cannot_come_without_its_key(world: World) -> None:
    for form in ({"client_id": SERVICE}, {"client_id": SERVICE, "client_secret": "x"}, {}):
        response = await world.ask(**SOUND | form)
        assert response.status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": None}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"scope": "patient/*.rs"}, "invalid_scope"),
        ({"scope": "user/*.rs openid offline_access"}, "invalid_scope"),
        ({"scope": "tasuki/declare"}, "invalid_scope"),
        ({"scope": "system/*.d"}, "invalid_scope"),
        ({"purpose": None}, "invalid_request"),
        ({"purpose": "TREAT"}, "invalid_request"),
        ({"purpose": "BTG"}, "invalid_request"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_a_backend_gets_no_more_than_its_registration(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    response = await world.post("token", SOUND | changes | world.proof(SERVICE))
    assert (response.status_code, response.json()["error"]) == (400, error)


async def test_a_purpose_fixed_at_registration_cannot_be_changed(world: World) -> None:
    asked = SOUND | {"scope": "system/*.cu", "purpose": "TREAT"}
    response = await world.ask_as("hospital", **asked)
    assert response.json()["error"] == "invalid_request"


async def test_a_wildcard_is_narrowed_to_the_registration(world: World) -> None:
    response = await world.ask_as(SERVICE, **SOUND | {"scope": "system/*.cruds"})
    assert response.json()["scope"] == "system/*.rs"


async def test_an_interactive_client_has_no_token_of_its_own(world: World) -> None:
    response = await world.ask_as("viewer", **SOUND)
    assert response.json()["error"] == "unauthorized_client"
    public = await world.ask(**SOUND | {"client_id": "demo"})
    assert public.json()["error"] == "invalid_client"


async def test_introspection_tells_strangers_nothing(world: World) -> None:
    answer = await world.tokens(RESIDENT)  # for the PHR
    response = await world.ask_as(SERVICE, "introspect", token=answer["access_token"])
    assert response.json() == {"active": False}
    for token in (answer["refresh_token"], "nonsense", answer["id_token"]):
        response = await world.ask_as(SERVICE, "introspect", token=token)
        assert response.json() == {"active": False}
    response = await world.ask("introspect", token=answer["access_token"], client_id="demo")
    assert response.status_code == 401


async def test_revocation_ends_nobody_else_s_token(world: World) -> None:
    answer = await world.tokens(RESIDENT)
    for name in ("access_token", "refresh_token"):
        response = await world.ask("revoke", token=answer[name], client_id="other")
        assert response.status_code == 200
    again = await world.ask(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert again.status_code == 200


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


async def test_the_private_key_shows_in_no_repr() -> None:
    assert "'d'" not in repr(credentials_of(SERVICE))
    assert EHR_A != EHR_B != PHR
