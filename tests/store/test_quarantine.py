"""What a load could not accept is sealed, listed and counted, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.store.world import AT, World, patient

from tasuki.shared.access.records import NOBODY, Quarantined

pytestmark = pytest.mark.anyio

BROKEN = Quarantined(
    id="q1",
    source="hospital",
    line=3,
    reasons=("Observation.status is required",),
    owner="p1",
    at=AT,
    body=b'{"resourceType":"Observation"} \xff not UTF-8',
)


async def test_an_entry_comes_back_as_it_came(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
        await unit.quarantine([BROKEN])
        await unit.quarantine([])
    async with world.store.unit() as unit:
        assert await unit.quarantined(10) == [BROKEN]
        assert await unit.quarantine_count("p1") == 1
        assert await unit.quarantine_count("p2") == 0


async def test_the_newest_come_first_and_no_more_than_asked(world: World) -> None:
    entries = [
        replace(BROKEN, id=f"q{number}", owner=NOBODY, at=AT + timedelta(seconds=number))
        for number in range(3)
    ]
    async with world.store.unit() as unit:
        await unit.quarantine(entries)
        assert [one.id for one in await unit.quarantined(2)] == ["q2", "q1"]


async def test_sending_again_replaces_and_mending_lets_go(world: World) -> None:
    later = replace(BROKEN, reasons=("other",), body=b"newer", owner=NOBODY)
    async with world.store.unit() as unit:
        await unit.quarantine([BROKEN])
    async with world.store.unit() as unit:
        await unit.quarantine([later])
        assert await unit.quarantined(10) == [later]
        assert await unit.quarantine_count("p1") == 0
        await unit.release(["q1", "unknown"])
        await unit.release([])
        assert await unit.quarantined(10) == []
