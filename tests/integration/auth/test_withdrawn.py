"""Taking back: the list every service asks for says it at once, and names nobody."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update
from tests.integration.auth.authenticator import unpadded
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.world import CLINICIAN, EHR_A, NURSE, SHELTER, World

from tasuki.auth.provisioning import disable_account
from tasuki.auth.tables import CLIENT
from tasuki.shared.access.withdrawals import name_of, names_of

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio


async def listed(world: World, tag: str = "") -> httpx2.Response:
    headers = {"If-None-Match": tag} if tag else {}
    return await world.http.get(f"{world.issuer}/withdrawn", headers=headers)


def claims(token: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(unpadded(token.split(".")[1]))
    return read


async def is_withdrawn(world: World, token: str) -> bool:
    names = set((await listed(world)).json()["withdrawn"])
    return bool(names & names_of(claims(token)))


async def test_nothing_is_listed_that_was_not_taken_back(world: World) -> None:
    token = (await world.tokens(NURSE, aud=SHELTER))["access_token"]
    assert (await listed(world)).json() == {"withdrawn": []}
    assert not await is_withdrawn(world, token)


async def test_a_withdrawn_account_loses_everything_at_once(world: World) -> None:
    tokens = await world.tokens(NURSE, aud=SHELTER)
    other = (await world.tokens(CLINICIAN, aud=EHR_A))["access_token"]
    await account_page(world, NURSE)
    before = (await listed(world)).headers["etag"]
    async with world.engine.begin() as connection:
        await disable_account(connection, world.means, world.accounts[NURSE.username])
    after = await listed(world, before)
    assert after.status_code == 200
    assert after.json()["withdrawn"] == [name_of("sid", claims(tokens["access_token"])["sid"])]
    assert await is_withdrawn(world, tokens["access_token"])
    assert not await is_withdrawn(world, other)
    assert 'name="username"' in (await world.http.get(f"{world.issuer}/account")).text
    renewed = await world.ask(
        grant_type="refresh_token", refresh_token=tokens["refresh_token"], client_id="demo"
    )
    assert renewed.json()["error"] == "invalid_grant"
    assert not await world.is_active(tokens["access_token"])


async def test_a_revoked_token_is_listed_until_it_ends_and_a_sign_in_for_a_shift(
    world: World,
) -> None:
    first = await world.tokens(NURSE, aud=SHELTER)
    second = await world.tokens(NURSE, aud=SHELTER)
    await world.ask("revoke", token=first["access_token"], client_id="demo")
    assert await is_withdrawn(world, first["access_token"])
    assert not await is_withdrawn(world, second["access_token"])
    await world.ask("revoke", token=second["refresh_token"], client_id="demo")
    assert await is_withdrawn(world, second["access_token"])
    world.clock.advance(timedelta(minutes=6))
    assert not await is_withdrawn(world, first["access_token"])
    assert await is_withdrawn(world, second["access_token"]), "a page may keep its own session"
    world.clock.advance(timedelta(hours=12))
    assert (await listed(world)).json() == {"withdrawn": []}


async def test_a_disabled_client_s_tokens_are_listed(world: World) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/*.cu"}
    token = (await world.ask_as("hospital", **form)).json()["access_token"]
    async with world.engine.begin() as connection:
        off = update(CLIENT).where(CLIENT.c.client_id == "hospital")
        await connection.execute(off.values(disabled=True))
    assert await is_withdrawn(world, token)


async def test_an_unchanged_list_costs_no_body_and_names_nobody(world: World) -> None:
    tokens = await world.tokens(NURSE, aud=SHELTER)
    await world.ask("revoke", token=tokens["refresh_token"], client_id="demo")
    answer = await listed(world)
    again = await listed(world, answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    for secret in (claims(tokens["access_token"])["sid"], world.accounts[NURSE.username]):
        assert secret not in answer.text
