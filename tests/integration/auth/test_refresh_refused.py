"""Refresh tokens that give nothing, and what their misuse ends.

https://www.rfc-editor.org/rfc/rfc9700#section-4.14
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.auth.world import (
    CLINICIAN,
    EHR_A,
    RESIDENT,
    UNBOUND,
    World,
    evidence,
)

from tasuki.auth.provisioning import bind_resident, disable_account, unbind_resident

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio


async def refresh(world: World, answer: dict[str, Any], **changes: str | None) -> httpx2.Response:
    form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    return await world.post("token", form | changes)


async def test_a_reused_refresh_token_ends_the_whole_family(world: World) -> None:
    first = await world.tokens(CLINICIAN, aud=EHR_A)
    second = (await refresh(world, first)).json()
    assert await world.is_active(second["access_token"])

    assert (await refresh(world, first)).json()["error"] == "invalid_grant"

    assert (await refresh(world, second)).json()["error"] == "invalid_grant"
    assert not await world.is_active(second["access_token"])


async def test_of_sixteen_refreshes_at_once_exactly_one_succeeds(world: World) -> None:
    answer = await world.tokens()
    answers = await asyncio.gather(*(refresh(world, answer) for _ in range(16)))
    assert sorted(one.status_code for one in answers) == [200, *[400] * 15]


@pytest.mark.parametrize(
    "scope",
    [
        "patient/*.cruds user/*.rs",
        "patient/Observation.rs patient/Immunization.rs",
        "patient/*.rs",
        "patient/Observation.r?category=laboratory nonsense",
        "openid tasuki/declare",
        "system/Observation.rs",
        "nonsense",
    ],
)
async def test_a_wider_refresh_is_refused_and_costs_nothing(world: World, scope: str) -> None:
    answer = await world.tokens(scope="openid offline_access launch/patient patient/Observation.rs")
    response = await refresh(world, answer, scope=scope)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")
    assert (await refresh(world, answer)).status_code == 200, "the token is not spent"


async def test_another_client_cannot_use_it(world: World) -> None:
    answer = await world.tokens()
    stolen = await refresh(world, answer, client_id="other")
    assert stolen.json()["error"] == "invalid_grant"
    assert (await refresh(world, answer)).status_code == 200


async def test_an_unknown_one_is_refused(world: World) -> None:
    for token, status in (("nonsense", 401), ("é", 400)):
        response = await world.ask(grant_type="refresh_token", refresh_token=token)
        assert response.status_code == status
    response = await world.ask(
        grant_type="refresh_token", refresh_token="nonsense", client_id="demo"
    )
    assert response.json()["error"] == "invalid_grant"


async def test_none_is_given_unless_offline_access_was_asked_for(world: World) -> None:
    assert "refresh_token" not in await world.tokens(scope="launch/patient patient/*.rs")


async def test_a_disabled_account_is_refused(world: World) -> None:
    answer = await world.tokens()
    async with world.engine.begin() as connection:
        await disable_account(connection, world.means, world.accounts[RESIDENT.username])
    assert (await refresh(world, answer)).json()["error"] == "invalid_grant"


async def test_a_sign_in_does_not_move_to_another_person(world: World) -> None:
    answer = await world.tokens(UNBOUND)
    account = world.accounts[UNBOUND.username]
    async with world.engine.begin() as connection:
        owner = world.accounts[RESIDENT.username]
        await unbind_resident(connection, world.means, owner)
        link = evidence(account, patient="Patient/another")
        await bind_resident(connection, world.means, link)

    assert (await refresh(world, answer)).json()["error"] == "invalid_grant"
    fresh = await world.tokens(UNBOUND)
    assert fresh["patient"] == "another"
