"""The change feed: commit order, one number each, news at once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from tests.store.world import World, body, new, patient

from tasuki.shared.access.records import Change, Method
from tasuki.shared.store import stamper as stamping
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.schema import AnyRow
    from tasuki.shared.store.store import SealedStore

pytestmark = pytest.mark.anyio


async def _ids(store: SealedStore, since: int = 0) -> list[tuple[int, str]]:
    return [(change.seq, change.id) for change in (await store.feed(since, 100, ())).changes]


async def test_the_feed_tells_each_change_after_it_was_stamped(world: World) -> None:
    store = world.store
    async with store.unit() as unit:
        await unit.write(
            [patient("p1", network_tokens=("ab" * 16,)), new("Observation", "o1", "p1")]
        )
        await unit.write([new("Observation", "o1", "p1", expected=1)])
        await unit.write(
            [new("Observation", "o1", "p1", expected=2, body=None, method=Method.DELETE)]
        )
    before = await store.feed(0, 10, ())
    assert (before.head, before.changes) == (0, ())
    await store.stamper.stamp()
    page = await store.feed(0, 10, ())
    assert page.epoch == before.epoch
    assert page.head == 4
    assert page.changes == (
        Change(1, "Patient", "p1", "p1", 1, deleted=False, tokens=("ab" * 16,)),
        Change(2, "Observation", "o1", "p1", 1, deleted=False),
        Change(3, "Observation", "o1", "p1", 2, deleted=False),
        Change(4, "Observation", "o1", "p1", 3, deleted=True),
    )


async def test_pages_begin_after_the_cursor_and_take_the_types_asked_for(world: World) -> None:
    store = world.store
    async with store.unit() as unit:
        await unit.write([patient(f"p{n}") for n in range(3)])
        await unit.write([new("Organization", "o1")])
    await store.stamper.stamp()
    assert await _ids(store, 2) == [(3, "p2"), (4, "o1")]
    assert [c.id for c in (await store.feed(0, 2, ())).changes] == ["p0", "p1"]
    typed = await store.feed(0, 10, ["Organization", "Device"])
    assert [(c.seq, c.id) for c in typed.changes] == [(4, "o1")]
    assert typed.head == 4


async def test_an_undone_unit_leaves_no_line(world: World) -> None:
    async def failing() -> None:
        async with world.store.unit() as unit:
            await unit.write([patient("p1")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    async with world.store.unit() as unit:
        await unit.write([patient("p2")])
    await world.store.stamper.stamp()
    assert await _ids(world.store) == [(1, "p2")]


async def test_a_late_commit_never_gets_a_number_already_passed(world: World) -> None:
    store = world.store
    async with store.unit() as slow:
        await slow.write([patient("slow")])  # takes its place in the table first ...
        async with store.unit() as quick:
            await quick.write([patient("quick")])
        await store.stamper.stamp()
        assert await _ids(store) == [(1, "quick")]
    await store.stamper.stamp()  # ... and its number last
    assert await _ids(store) == [(1, "quick"), (2, "slow")]
    assert await _ids(store, 1) == [(2, "slow")]


async def test_a_reader_misses_nothing_while_many_write(world: World) -> None:
    store = world.store
    written: set[str] = set()
    done = asyncio.Event()

    async def write(number: int) -> None:
        for turn in range(5):
            id_ = f"p{number}-{turn}"
            async with store.unit() as unit:
                await unit.write([patient(id_)])
                await asyncio.sleep((number * 7 + turn) % 5 / 500)
            written.add(id_)

    async def read() -> list[Change]:
        cursor, seen = 0, list[Change]()
        while True:
            finished = done.is_set()
            page = await store.feed(cursor, 7, ())
            seen += page.changes
            cursor = page.changes[-1].seq if page.changes else cursor
            if finished and not page.changes:
                return seen
            await asyncio.sleep(0.002)

    async with store.running():
        reader = asyncio.create_task(read())
        await asyncio.gather(*(write(number) for number in range(8)))
        await store.wait_for_change(39, 30.0)  # the running stamper may be at it
        done.set()
        seen = await reader
    assert [change.seq for change in seen] == list(range(1, 41))
    assert {change.id for change in seen} == written


async def test_two_stampers_number_nothing_twice(world: World) -> None:
    stores = [world.store, world.another_process(), world.another_process()]

    async def write(store: SealedStore, name: str) -> None:
        for number in range(15):
            async with store.unit() as unit:
                await unit.write([patient(f"{name}-{number}")])

    async with stores[0].running(), stores[1].running(), stores[2].running():
        await asyncio.gather(*(write(store, str(n)) for n, store in enumerate(stores)))
    seqs = [seq for seq, _ in await _ids(world.store)]
    assert seqs == list(range(1, 46))
    for store in stores[1:]:
        await store.databases.dispose()


async def test_stamping_goes_on_over_more_than_one_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamping, "BATCH", 10)
    async with world.store.unit() as unit:
        await unit.write([patient(f"p{n:03}") for n in range(35)])
    await world.store.stamper.stamp_all()
    assert await _ids(world.store) == [(n + 1, f"p{n:03}") for n in range(35)]


async def test_whoever_returns_from_stamping_finds_all_of_it_stamped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamper = world.store.stamper
    leaves, at_it, go_on = stamper._stamp_leaves, asyncio.Event(), asyncio.Event()

    async def slowly(line: Line, waiting: Sequence[AnyRow]) -> int:
        at_it.set()
        await go_on.wait()
        return await leaves(line, waiting)

    monkeypatch.setattr(stamper, "_stamp_leaves", slowly)
    async with world.store.unit() as unit:
        await unit.write([patient(f"p{n}") for n in range(5)])
    background = asyncio.create_task(stamper.stamp_all())
    await at_it.wait()
    by_hand = asyncio.create_task(stamper.stamp_all())
    await asyncio.sleep(0.1)
    assert not by_hand.done()
    go_on.set()
    await by_hand
    assert len(await _ids(world.store)) == 5
    await background


async def test_a_waiting_reader_is_woken_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasuki.shared.store.store.RECHECK_SECONDS", 30.0)
    async with world.store.running():
        for turn in range(10):
            waiting = asyncio.create_task(world.store.wait_for_change(turn, 20))
            await asyncio.sleep(0.002 * turn)
            began = time.monotonic()
            async with world.store.unit() as unit:
                await unit.write([new("Organization", f"o{turn}")])
            await waiting
            assert time.monotonic() - began < 5
            assert (await world.store.feed(turn, 5, ())).head == turn + 1


async def test_waiting_ends_with_the_time_and_for_old_news_at_once(world: World) -> None:
    async with world.store.running():
        began = time.monotonic()
        await world.store.wait_for_change(0, 0.05)
        assert 0.04 < time.monotonic() - began < 5
        async with world.store.unit() as unit:
            await unit.write([patient("p1")])
        await world.store.wait_for_change(0, 20)
        await world.store.wait_for_change(0, 20)


async def test_a_stamp_by_another_process_is_noticed(world: World) -> None:
    other = world.another_process()
    waiting = asyncio.create_task(other.wait_for_change(0, 20))
    async with world.store.running():
        async with world.store.unit() as unit:
            await unit.write([patient("p1")])
        await asyncio.wait_for(waiting, 10)
    await other.databases.dispose()


async def test_the_stamper_outlives_a_database_that_stumbles(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamping, "RETRY_SECONDS", 0.05)
    async with world.store.running():
        await world.rows("ALTER TABLE feed_state RENAME TO elsewhere")
        async with world.store.unit() as unit:
            await unit.write([patient("p1")])
        await asyncio.sleep(0.3)
        await world.rows("ALTER TABLE elsewhere RENAME TO feed_state")
        await world.store.wait_for_change(0, 20)
        assert await _ids(world.store) == [(1, "p1")]


async def test_what_was_written_last_is_stamped_on_the_way_out(world: World) -> None:
    async with world.store.running(), world.store.unit() as unit:
        await unit.write([patient("p1")])
    assert await _ids(world.store) == [(1, "p1")]


async def test_an_epoch_is_kept_over_a_restart(world: World) -> None:
    before = await world.store.feed(0, 1, ())
    again = world.another_process()
    async with running(again):  # migrates, stamps, closes: what a service does
        assert (await again.feed(0, 1, ())).epoch == before.epoch
        async with again.unit() as unit:
            await unit.write([patient("p1", body=body("Patient", "p1"))])
    assert (await world.store.feed(0, 1, ())).head == 1
