"""Token exchanges that are refused: nothing gets wider, and nobody else's token is taken up.

https://www.rfc-editor.org/rfc/rfc8693
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.auth.world import (
    ACCESS_TOKEN,
    CLINICIAN,
    EHR_A,
    EHR_B,
    EXCHANGE,
    PHR,
    World,
)

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio


async def exchange(
    world: World,
    token: str,
    client_id: str = "svc-ehr-a",
    changes: dict[str, str | None] | None = None,
) -> httpx2.Response:
    form: dict[str, str | None] = {
        "grant_type": EXCHANGE,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "resource": EHR_B,
        "scope": "user/Patient.r",
    }
    return await world.post("token", form | (changes or {}) | world.proof(client_id))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "user/Patient.rs user/Observation.r"}, "invalid_scope"),
        ({"scope": "user/Patient.cruds"}, "invalid_scope"),
        ({"scope": "user/*.r"}, "invalid_scope"),
        ({"scope": "system/Patient.r"}, "invalid_scope"),
        ({"scope": "patient/Patient.r"}, "invalid_scope"),
        ({"scope": "tasuki/feed"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"resource": None}, "invalid_target"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"audience": PHR}, "invalid_target"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"requested_token_type": "urn:example:refresh"}, "invalid_request"),
        ({"actor_token": "x"}, "invalid_request"),
        ({"subject_token": None}, "invalid_grant"),
        ({"subject_token": "nonsense"}, "invalid_grant"),
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_an_exchange_must_be_exact_and_no_wider(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A, scope="openid user/Patient.rs")
    response = await exchange(world, answer["access_token"], changes=changes)
    assert (response.status_code, response.json()["error"]) == (400, error)


async def test_left_out_scopes_mean_what_the_subject_holds_and_no_more(world: World) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A, scope="openid user/Patient.cruds")
    response = await exchange(world, answer["access_token"], changes={"scope": None})
    assert response.json()["scope"] == "user/Patient.rs", "within the service's registration too"


async def test_only_the_service_a_token_is_addressed_to_may_exchange_it(world: World) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A)
    response = await exchange(world, answer["access_token"], "svc-ehr-b", {"resource": PHR})
    assert response.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("client_id", ["hospital", "viewer"])
async def test_only_a_service_may_exchange(world: World, client_id: str) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A)
    response = await exchange(world, answer["access_token"], client_id)
    assert response.json()["error"] == "unauthorized_client"


async def test_an_exchanged_token_ends_with_the_one_it_came_from(world: World) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A)
    world.clock.advance(timedelta(seconds=270))
    response = await exchange(world, answer["access_token"])
    assert response.json()["expires_in"] == 30
    world.clock.advance(timedelta(seconds=30))
    late = await exchange(world, answer["access_token"])
    assert late.json()["error"] == "invalid_grant"


async def test_a_revoked_sign_in_is_not_exchanged(world: World) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A)
    await world.ask("revoke", token=answer["refresh_token"], client_id="demo")
    response = await exchange(world, answer["access_token"])
    assert response.json()["error"] == "invalid_grant"


async def test_a_chain_is_three_services_long_at_most(world: World) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A)
    token, hops = answer["access_token"], []
    for client_id, target in (
        ("svc-ehr-a", EHR_B),
        ("svc-ehr-b", EHR_A),
        ("svc-ehr-a", EHR_B),
        ("svc-ehr-b", EHR_A),
    ):
        response = await exchange(world, token, client_id, {"resource": target})
        hops.append(response.status_code)
        token = response.json().get("access_token")
    assert hops == [200, 200, 200, 400]
