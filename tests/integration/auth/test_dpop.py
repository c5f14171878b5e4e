"""Tokens bound to a phone's key: a thief with the token, the code or the refresh token has nothing.

https://www.rfc-editor.org/rfc/rfc9449
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jws
from tests.integration.auth.world import CLIENTS as REGISTERED
from tests.integration.auth.world import (
    CLINICIAN,
    EHR_A,
    EHR_B,
    ISSUER,
    REDIRECT,
    RESIDENT,
    TOKEN,
    World,
)
from tests.unit.access.proofs import PHONE, THIEF
from tests.unit.access.proofs import proof as made

from tasuki.auth.provisioning import register_client
from tasuki.shared.access.client import ACCESS_TOKEN, EXCHANGE

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio

USERINFO = f"{ISSUER}/userinfo"


def proof(world: World, url: str = TOKEN, method: str = "POST", **more: Any) -> str:
    claims: dict[str, Any] = {"iat": int(world.clock.now().timestamp())} | more
    return made(url, method, **claims)


async def ask(world: World, shown: str | None, **form: str) -> httpx2.Response:
    headers = {} if shown is None else {"DPoP": shown}
    return await world.http.post(TOKEN, data=form, headers=headers)


async def redeem(world: World, code: str, shown: str | None) -> httpx2.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "client_id": "demo",
        "code_verifier": world.verifier,
    }
    return await ask(world, shown, **form)


async def renew(world: World, token: str, shown: str | None) -> httpx2.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "demo"}
    return await ask(world, shown, **form)


def claims(answer: httpx2.Response) -> dict[str, Any]:
    token = answer.json()["access_token"]
    read: dict[str, Any] = json.loads(jws.extract_compact(token.encode()).payload)
    return read


@pytest.mark.parametrize(
    "odd",
    [{"htm": "GET"}, {"htu": USERINFO}, {"iat": 0}, {"header": {"typ": "JWT"}}, {"jti": None}],
    ids=str,
)
async def test_a_bad_proof_is_refused_and_spends_nothing(world: World, odd: dict[str, Any]) -> None:
    code = await world.code()
    refused = await redeem(world, code, proof(world, **odd))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_dpop_proof")
    assert refused.headers["cache-control"] == "no-store"
    assert (await redeem(world, code, proof(world))).status_code == 200


async def test_a_proof_is_good_once(world: World) -> None:
    first, second = [await world.code() for _ in range(2)]
    shown = proof(world)
    assert (await redeem(world, first, shown)).status_code == 200
    assert (await redeem(world, second, shown)).json()["error"] == "invalid_dpop_proof"


async def test_two_proofs_are_none(world: World) -> None:
    headers = [("DPoP", proof(world)), ("DPoP", proof(world))]
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "demo"}
    answer = await world.http.post(TOKEN, data=form, headers=headers)
    assert answer.json()["error"] == "invalid_dpop_proof"


async def test_a_token_says_its_key_and_a_bearer_token_none(world: World) -> None:
    bound = await redeem(world, await world.code(), proof(world))
    assert bound.json()["token_type"] == "DPoP"
    assert claims(bound)["cnf"] == {"jkt": PHONE.thumbprint()}
    plain = await redeem(world, await world.code(), None)
    assert plain.json()["token_type"] == "Bearer"
    assert "cnf" not in claims(plain)


async def test_a_code_asked_for_with_a_key_is_for_that_key(world: World) -> None:
    for shown in (None, proof(world, key=THIEF)):
        code = await world.code(dpop_jkt=PHONE.thumbprint())
        late = None if shown is None else proof(world, key=THIEF)
        assert (await redeem(world, code, late)).json()["error"] == "invalid_grant"
    code = await world.code(dpop_jkt=PHONE.thumbprint())
    assert (await redeem(world, code, proof(world))).status_code == 200
    query = world.query(dpop_jkt="no thumbprint")
    refused = await world.http.get(f"{ISSUER}/authorize", params=query)
    assert "error=invalid_request" in refused.headers["location"]


async def test_a_stolen_refresh_token_is_nothing_without_the_key(world: World) -> None:
    first = await redeem(world, await world.code(), proof(world))
    token = first.json()["refresh_token"]
    for shown in (None, proof(world, key=THIEF)):
        refused = await renew(world, token, shown)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    good = await renew(world, token, proof(world))
    assert good.status_code == 200, "and the thief's attempts did not end the sign-in"
    assert claims(good)["cnf"] == {"jkt": PHONE.thumbprint()}


async def test_a_client_with_its_own_proof_may_change_the_key(world: World) -> None:
    code = await world.code(
        CLINICIAN, client_id="viewer", aud=EHR_A, scope="openid offline_access user/*.rs"
    )
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": world.verifier,
    }
    first = await ask(world, proof(world), **form, **world.proof("viewer"))
    form = {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}
    second = await ask(world, proof(world, key=THIEF), **form, **world.proof("viewer"))
    assert claims(second)["cnf"] == {"jkt": THIEF.thumbprint()}


async def test_an_app_registered_so_gets_no_token_without_a_key(world: World) -> None:
    for name in ("demo", "hospital"):
        found = next(one for one in REGISTERED if one.client_id == name)
        async with world.engine.begin() as connection:
            await register_client(
                connection, world.means, dataclasses.replace(found, proves_key=True)
            )
    refused = await redeem(world, await world.code(), None)
    assert refused.json()["error"] == "invalid_dpop_proof"
    form = {"grant_type": "client_credentials", "scope": "system/*.cu"}
    assert (await ask(world, None, **form, **world.proof("hospital"))).status_code == 400
    backend = await ask(world, proof(world), **form, **world.proof("hospital"))
    assert claims(backend)["cnf"] == {"jkt": PHONE.thumbprint()}


async def test_userinfo_wants_the_key_of_a_bound_token(world: World) -> None:
    bound = (await redeem(world, await world.code(RESIDENT), proof(world))).json()["access_token"]

    async def told(scheme: str, shown: str | None) -> int:
        headers = {"Authorization": f"{scheme} {bound}"}
        headers |= {} if shown is None else {"DPoP": shown}
        answer = await world.http.get(USERINFO, headers=headers)
        if answer.status_code == 401:
            assert 'DPoP algs="ES256 ES384"' in answer.headers["www-authenticate"]
        return answer.status_code

    assert await told("Bearer", None) == 401
    assert await told("DPoP", None) == 401
    assert await told("DPoP", proof(world, USERINFO, "GET")) == 401, "of no token"
    assert await told("DPoP", proof(world, USERINFO, "GET", token=bound, key=THIEF)) == 401
    good = proof(world, USERINFO, "GET", token=bound)
    assert await told("DPoP", good) == 200
    assert await told("DPoP", good) == 401


async def test_introspection_names_the_key_and_an_exchanged_token_is_not_bound_to_it(
    world: World,
) -> None:
    code = await world.code(aud=EHR_A)
    bound = (await redeem(world, code, proof(world))).json()["access_token"]
    seen = (await world.ask_as("svc-ehr-a", "introspect", token=bound)).json()
    assert (seen["token_type"], seen["cnf"]) == ("DPoP", {"jkt": PHONE.thumbprint()})
    exchanged = await world.ask_as(
        "svc-ehr-a",
        grant_type=EXCHANGE,
        subject_token=bound,
        subject_token_type=ACCESS_TOKEN,
        resource=EHR_B,
        scope="patient/*.rs",
    )
    assert exchanged.status_code == 200, exchanged.text
    assert "cnf" not in claims(exchanged)


async def test_discovery_says_which_proofs_are_read(world: World) -> None:
    told = (await world.http.get(f"{ISSUER}/.well-known/openid-configuration")).json()
    assert told["dpop_signing_alg_values_supported"] == ["ES256", "ES384"]
    asked = await world.http.options(TOKEN)
    assert "DPoP" in asked.headers["access-control-allow-headers"]
