"""The transaction on the driver's own connection: nothing half done, nothing left open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import text
from tests.store.world import new, patient

from tasuki.shared.store.hot import Hot, begun

if TYPE_CHECKING:
    from tests.store.world import World

pytestmark = pytest.mark.anyio

OTHERS = "FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
SLEEP = Hot(text("SELECT pg_sleep(CAST(:seconds AS float))"))


@pytest.mark.parametrize("times", [1, 3])
async def test_a_cancelled_unit_leaves_nothing_and_the_next_one_works(
    world: World, times: int
) -> None:
    inside = asyncio.Event()

    async def cancelled() -> None:
        async with world.store.unit() as unit:
            await unit.write([patient("p1")])
            inside.set()
            await SLEEP.rows(unit._line, {"seconds": 20.0})

    task = asyncio.create_task(cancelled())
    await inside.wait()
    for _ in range(times):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with world.store.unit() as unit:
        assert await unit.head("Patient", "p1") is None
        await unit.write([patient("p1")])
    assert await world.count("resource_head") == 1


async def test_a_connection_closed_while_idle_is_replaced_unnoticed(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    await world.rows("SELECT pg_terminate_backend(pid, 9000) " + OTHERS.format(world.database))
    await asyncio.sleep(0.1)  # until the end of the connection has come in here
    async with world.store.unit() as unit:
        assert await unit.head("Patient", "p1") is not None


async def test_a_connection_left_inside_a_transaction_is_not_used(world: World) -> None:
    """Else what is committed here would be a part of that transaction, and lost with it."""
    engine = world.store.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        left = raw.driver_connection
        assert left is not None
        await left.execute("BEGIN")
    async with begun(engine) as line:
        assert line.driver is not left
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), new("Observation", "o1", "p1")])
    assert await world.count("resource_head") == 2


async def test_core_and_driver_share_one_transaction(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
        counted = await unit._line.execute(text("SELECT count(*) FROM resource_head"))
        assert counted.scalar_one() == 1
        assert await world.count("resource_head") == 0


async def test_a_wrong_value_is_a_defect_and_no_missing_database(world: World) -> None:
    async def ask() -> None:
        async with world.store.unit() as unit:
            await SLEEP.rows(unit._line, {"seconds": "one"})

    with pytest.raises(asyncpg.DataError):
        await ask()
