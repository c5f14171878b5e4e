"""What is kept for a while comes back as it was, sealed, and ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.store.world import AT, OTHER_TENANT, World

pytestmark = pytest.mark.anyio

SOON = AT + timedelta(minutes=1)
BODY = "能登 花子 kept".encode()


async def test_it_comes_back_until_its_time_is_up(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.keep("page", "k1", BODY, SOON)
    async with world.store.unit() as unit:
        assert await unit.kept("page", "k1", AT) == BODY
        assert await unit.kept("page", "k1", SOON) is None
        assert await unit.kept("page", "k2", AT) is None
        assert await unit.kept("export", "k1", AT) is None


async def test_keeping_again_replaces(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.keep("page", "k1", BODY, SOON)
        await unit.keep("page", "k1", b"newer", SOON + timedelta(hours=1))
        assert await unit.kept("page", "k1", SOON) == b"newer"


async def test_what_is_let_go_or_over_is_forgotten(world: World) -> None:
    async with world.store.unit() as unit:
        for name, until in (("k1", SOON), ("k2", SOON), ("k3", AT)):
            await unit.keep("page", name, BODY, until)
        await unit.let_go("page", ["k1"])
        await unit.let_go("page", [])
    await world.store.forget_old()
    async with world.store.unit() as unit:
        long_before = AT - timedelta(days=1)
        found = [await unit.kept("page", name, long_before) for name in ("k1", "k2", "k3")]
    assert found == [None, BODY, None]


async def test_another_tenant_does_not_find_it(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.keep("page", "k1", BODY, SOON)
    other = world.another_process(OTHER_TENANT)
    async with other.unit() as unit:
        assert await unit.kept("page", "k1", AT) is None
    await other.databases.dispose()
