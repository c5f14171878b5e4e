"""Who can write every table of auth's database is found out, and the first bad record named.

The forgeries are those that the logs of the record services are held against.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from tests.integration.auth.world import RESIDENT, World, kind, redirect_query
from tests.store.test_tampering import FORGERIES

from tasuki.deploy.auditing import Findings, told, verified_with
from tasuki.shared.store.logkeys import body_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.audit import Damage

pytestmark = pytest.mark.anyio

ROUNDS = 3
ROUND = ["sign-in", "sign-in", "token-issued", "token-refreshed"]
UNORDERED = "DROP INDEX audit_leaf_seq"
ORDERED = "CREATE UNIQUE INDEX audit_leaf_seq ON audit_leaf (tenant, seq)"


async def a_round(world: World) -> None:
    """Fail to sign in, sign in, get a token, renew it."""
    world.clock.advance(timedelta(seconds=30))
    page = await world.open_page()
    assert (await world.submit(page, RESIDENT, password="wrong")).status_code == 403
    code = redirect_query(await world.submit(page, RESIDENT))["code"]
    token = (await world.redeem(code)).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "demo"}
    assert (await world.ask(**form)).status_code == 200


async def sealed(world: World) -> str:
    """Return the head of all there is now, once the server's own stamper has signed it."""
    note, size = (
        text("SELECT note FROM audit_checkpoint WHERE size = :size"),
        len(await world.events()),
    )
    async with asyncio.timeout(30):
        while True:
            world.clock.advance(timedelta(seconds=2))
            async with world.engine.connect() as connection:
                found = await connection.scalar(note, {"size": size})
            if found is not None:
                return str(found)
            await asyncio.sleep(0.05)


async def filled(world: World) -> str:
    """Do twelve things, with a signed head after every four; return the newest head."""
    note = ""
    for _ in range(ROUNDS):
        await a_round(world)
        note = await sealed(world)
    assert [kind(event) for event in await world.events()] == ROUND * ROUNDS
    return note


async def found_in(world: World, kept: Sequence[str] = ()) -> Findings:
    ring = world.box.ring
    return await verified_with(body_key(ring, "auth"), world.engine, ring, "auth", kept)


async def test_what_was_done_stands_in_a_log_that_is_whole(world: World) -> None:
    note = await filled(world)
    found = await found_in(world, [note])
    assert told(found) == "whole: 12 records, 12 of them sealed, 12 witnessed"


@pytest.mark.parametrize(("statements", "damage", "first"), FORGERIES)
async def test_the_first_bad_record_is_named(
    world: World, statements: list[str], damage: Damage, first: int
) -> None:
    note = await filled(world)
    async with world.engine.begin() as connection:
        # In what order rows are renumbered is not the forger's to choose.
        for statement in (UNORDERED, *statements, ORDERED):
            await connection.execute(text(statement))
    found = await found_in(world, [note])
    assert told(found).startswith(f"{damage.value}: first bad record {first}")
    assert not found.ok


async def test_without_the_log_nobody_signs_in_and_no_token_is_given(world: World) -> None:
    answer = await world.tokens()
    async with world.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit_leaf RENAME TO audit_leaf_away"))
    try:
        world.clock.advance(timedelta(seconds=30))
        page = await world.open_page()
        with pytest.raises(Exception, match="audit_leaf"):
            await world.submit(page, RESIDENT)
        form = {"grant_type": "refresh_token", "client_id": "demo"}
        with pytest.raises(Exception, match="audit_leaf"):
            await world.ask(**form, refresh_token=answer["refresh_token"])
    finally:
        async with world.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE audit_leaf_away RENAME TO audit_leaf"))
    again = await world.ask(**form, refresh_token=answer["refresh_token"])
    assert again.status_code == 200, "what was not recorded was not done: the token is unspent"


async def test_leaves_that_nobody_seals_are_counted(world: World) -> None:
    async def waiting() -> str:
        numbers = (await world.http.get(f"{world.issuer}/metrics")).text
        (line,) = [one for one in numbers.splitlines() if one.startswith("tasuki_unstamped{")]
        return line

    await a_round(world)
    await sealed(world)
    assert await waiting() == 'tasuki_unstamped{kind="audit"} 0.0'
    async with world.engine.begin() as connection:
        # Whoever holds the lock of the stamper keeps it from numbering.
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('stamper:auth', 0))")
        )
        await a_round(world)
        assert await waiting() == 'tasuki_unstamped{kind="audit"} 4.0'
