"""What `Unit` promises of reading and writing versions, against real PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.store.world import AT, OTHER_TENANT, World, body, new, patient, seen

from tasuki.shared.access.records import Method, Selection, Stored
from tasuki.shared.engines import engine_for
from tasuki.shared.faults import Category, Fault
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.store import Databases, SealedStore

if TYPE_CHECKING:
    from pathlib import Path

    from tasuki.shared.access.copies import Copies
    from tasuki.shared.access.records import RecordStore, Unit

pytestmark = pytest.mark.anyio


async def test_the_sealed_store_is_a_record_store(world: World) -> None:
    store: RecordStore = world.store  # the type checkers verify these three lines
    copies: Copies = world.store.replicas
    async with world.store.unit() as sealed:
        unit: Unit = sealed
        assert await unit.head("Patient", "p1") is None
    assert store.tenant == "noto"
    assert await copies.cursor("any") is None


async def test_what_is_written_is_read_back_byte_by_byte(world: World) -> None:
    raw = '{"resourceType":"Observation","id":"o1","x":[72.50,1.0e3,"𠮷","\ue000","葛\U000e0100"]}'
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), new("Observation", "o1", "p1", body=raw.encode())])
        inside = await unit.head("Observation", "o1")
    async with world.store.unit() as unit:
        outside = await unit.head("Observation", "o1")
    assert outside == inside
    assert outside == Stored("Observation", "o1", "p1", 1, AT, Method.POST, raw.encode())


async def test_absent_is_none_or_empty_everywhere(world: World) -> None:
    async with world.store.unit() as unit:
        assert await unit.head("Patient", "p1") is None
        assert await unit.head_for_update("Patient", "p1") is None
        assert await unit.version("Patient", "p1", 1) is None
        assert await unit.history(Selection(("Patient",), "p1"), 10) == ([], False)
        assert await unit.of_owner("p1", ["Observation"]) == []
        assert await unit.of_owner("p1", []) == []
        assert await unit.scan("Patient", 10) == []
        assert await unit.heads("Patient", ["p1"]) == []
        assert await unit.heads("Patient", []) == []
        assert await unit.live("Patient", ["p1"]) == frozenset()
        assert await unit.live("Patient", []) == frozenset()
        assert await unit.by_ids("Patient", ["p1"]) == []
        assert await unit.by_ids("Patient", []) == []
        assert await unit.audit_events(["p1"], 10) == []
        assert not await unit.has_others("p1")


async def test_versions_follow_each_other_and_stay(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    changed = body("Patient", "p1", active=True)
    async with world.store.unit() as unit:
        await unit.write([patient("p1", expected=1, body=changed)])
        await unit.write([patient("p1", expected=2, body=None, method=Method.DELETE)])
    async with world.store.unit() as unit:
        versions, _ = await unit.history(Selection(("Patient",), "p1"), 10)
        assert [(v.version, v.method, v.body) for v in versions] == [
            (3, Method.DELETE, None),
            (2, Method.PUT, changed),
            (1, Method.POST, body("Patient", "p1")),
        ]
        assert await unit.history(Selection(("Patient",), "p1"), 2) == (versions[:2], True)
        assert await unit.version("Patient", "p1", 2) == versions[1]
        assert await unit.head("Patient", "p1") == versions[0]
        assert await unit.head_for_update("Patient", "p1") == versions[0]
        assert await unit.heads("Patient", ["p1"]) == [versions[0]]


async def test_a_deleted_resource_is_in_no_list_of_the_living(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), new("Observation", "o1", "p1")])
        assert await unit.has_others("p1")
        await unit.write(
            [new("Observation", "o1", "p1", expected=1, body=None, method=Method.DELETE)]
        )
        assert await unit.of_owner("p1", ["Observation"]) == []
        assert await unit.scan("Observation", 10) == []
        assert await unit.by_ids("Observation", ["o1"]) == []
        assert await unit.live("Observation", ["o1"]) == frozenset()
        assert not await unit.has_others("p1")


async def test_a_deleted_resource_can_be_written_again(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
        await unit.write([patient("p1", expected=1, body=None, method=Method.DELETE)])
        await unit.write([patient("p1", expected=2)])
        assert await unit.live("Patient", ["p1"]) == {"p1"}


async def test_a_person_s_resources_come_by_type_and_id(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write(
            [
                patient("p1"),
                patient("p2"),
                *(new("Observation", f"o{n}", "p1") for n in (2, 1)),
                new("Condition", "c1", "p1"),
                new("Observation", "o3", "p2"),
                new("Organization", "org"),
            ]
        )
        found = await unit.of_owner("p1", ["Observation", "Condition", "Organization"])
        assert [(s.type, s.id) for s in found] == [
            ("Condition", "c1"),
            ("Observation", "o1"),
            ("Observation", "o2"),
        ]
        by_ids = await unit.by_ids("Observation", ["o3", "o1", "none"])
        assert [s.id for s in by_ids] == ["o1", "o3"]
        assert not await unit.has_others("p3")


async def test_a_scan_is_whole_or_refused(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient(f"p{n}") for n in range(3)])
        assert [s.id for s in await unit.scan("Patient", 3) or ()] == ["p0", "p1", "p2"]
        assert await unit.scan("Patient", 2) is None


async def test_more_than_32767_ids_can_be_asked_for(world: World) -> None:
    many = [f"id-{number}" for number in range(40_000)]
    async with world.store.unit() as unit:
        await unit.write([patient("id-7")])
        assert [s.id for s in await unit.by_ids("Patient", many)] == ["id-7"]
        assert [s.id for s in await unit.heads("Patient", many)] == ["id-7"]
        assert await unit.known_source_ids("h", [("Patient", one) for one in many]) == {}


async def test_tenants_share_a_database_and_nothing_else(world: World) -> None:
    other = world.another_process(OTHER_TENANT)
    await other.stamper.prepare()
    async with world.store.unit() as unit:
        await unit.write([patient("p1", identifiers=(("urn:x", "1"),))])
        await unit.record([seen("p1")])
    async with other.unit() as unit:
        assert await unit.head("Patient", "p1") is None
        assert await unit.scan("Patient", 10) == []
        assert await unit.by_identifier("Patient", "urn:x", "1") == []
        assert await unit.audit_events(["p1"], 10) == []
        await unit.write([patient("p1")])
    async with world.store.unit() as unit:
        assert len((await unit.history(Selection(("Patient",), "p1"), 10))[0]) == 1
    await other.stamper.stamp()
    assert len((await other.feed(0, 10, ())).changes) == 1
    await other.databases.dispose()


@pytest.mark.parametrize("expected", [0, 2, 7])
async def test_another_head_than_expected_is_a_conflict(world: World, expected: int) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    with pytest.raises(Fault) as refused:
        async with world.store.unit() as unit:
            await unit.write([patient("p1", expected=expected)])
    assert refused.value.category is Category.CONFLICT
    async with world.store.unit() as unit:
        assert len((await unit.history(Selection(("Patient",), "p1"), 10))[0]) == 1


async def test_a_version_of_another_owner_is_a_conflict(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), patient("p2"), new("Observation", "o1", "p1")])
    with pytest.raises(Fault) as refused:
        async with world.store.unit() as unit:
            await unit.write([new("Observation", "o1", "p2", expected=1)])
    assert refused.value.category is Category.CONFLICT


async def test_the_same_id_twice_in_one_write_is_a_conflict(world: World) -> None:
    with pytest.raises(Fault) as refused:
        async with world.store.unit() as unit:
            await unit.write([patient("p1"), patient("p1")])
    assert refused.value.category is Category.CONFLICT


async def test_an_exception_leaves_nothing(world: World) -> None:
    tables = [
        "resource_head",
        "resource_version",
        "change",
        "lookup_token",
        "person_token",
        "network_token",
        "source_id",
        "audit_leaf",
        "quarantine",
    ]
    one = patient(
        "p1",
        identifiers=(("urn:x", "1"),),
        person_keys=(("kana+birth", ("ノト", "1950-01-01")),),
        network_keys=(("link-1", "12345678", "ノト", "1950-01-01"),),
    )

    async def failing() -> None:
        async with world.store.unit() as unit:
            await unit.source_ids("hospital", [("Patient", "1")])
            await unit.write([one])
            await unit.record([seen("p1")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert {table: await world.count(table) for table in tables} == dict.fromkeys(tables, 0)
    async with world.store.unit() as unit:  # the key made on the way is reused
        await unit.write([one])


async def test_a_write_is_not_seen_before_its_unit_ends(world: World) -> None:
    async with world.store.unit() as first:
        await first.write([patient("p1")])
        async with world.store.unit() as second:
            assert await second.head("Patient", "p1") is None
            assert await second.live("Patient", ["p1"]) == frozenset()


async def test_a_locked_head_is_the_newest_after_waiting(world: World) -> None:
    """A reader that waited for another writer must see what that writer wrote."""
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    locked = asyncio.Event()
    release = asyncio.Event()

    async def first() -> None:
        async with world.store.unit() as unit:
            await unit.head_for_update("Patient", "p1")
            locked.set()
            await release.wait()
            await unit.write([patient("p1", expected=1)])

    async def second() -> tuple[Stored | None, list[Stored], frozenset[str]]:
        await locked.wait()
        async with world.store.unit() as unit:
            waiting = asyncio.ensure_future(unit.head_for_update("Patient", "p1"))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            release.set()
            head = await waiting
            return head, await unit.heads("Patient", ["p1"]), await unit.live("Patient", ["p1"])

    _, (head, heads, live) = await asyncio.gather(first(), second())
    assert head is not None
    assert head.version == 2
    assert heads == [head]
    assert live == {"p1"}


async def test_what_is_held_live_cannot_be_deleted_meanwhile(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    held = asyncio.Event()
    order: list[str] = []

    async def referring() -> None:
        async with world.store.unit() as unit:
            assert await unit.live("Patient", ["p1"]) == {"p1"}
            held.set()
            await asyncio.sleep(0.05)
            await unit.write([new("Observation", "o1", "p1")])
            order.append("referred")

    async def deleting() -> None:
        await held.wait()
        async with world.store.unit() as unit:
            await unit.head_for_update("Patient", "p1")
            order.append("locked")
            assert await unit.has_others("p1")

    await asyncio.gather(referring(), deleting())
    assert order == ["referred", "locked"]


async def test_no_update_is_lost_under_optimistic_concurrency(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    won: list[int] = []
    faults: set[Category] = set()

    async def writer(number: int) -> None:
        for _ in range(20):
            try:
                async with world.store.unit() as unit:
                    head = await unit.head("Patient", "p1")  # unlocked on purpose
                    assert head is not None
                    told = patient("p1", expected=head.version, body=body("Patient", f"{number}"))
                    await unit.write([told])
            except Fault as fault:
                faults.add(fault.category)
            else:
                won.append(number)
                return

    await asyncio.gather(*(writer(number) for number in range(6)))
    assert faults == {Category.CONFLICT}
    async with world.store.unit() as unit:
        versions, _ = await unit.history(Selection(("Patient",), "p1"), 100)
    assert [v.version for v in versions] == list(range(len(won) + 1, 0, -1))
    assert [v.body for v in reversed(versions[:-1])] == [body("Patient", f"{n}") for n in won]


async def test_a_lock_lets_one_pass_at_a_time(world: World) -> None:
    inside = 0

    async def pass_through(part: str) -> None:
        nonlocal inside
        async with world.store.unit() as unit:
            await unit.lock("Patient", part)
            inside += 1
            assert inside == 1
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(pass_through("same") for _ in range(5)))
    async with world.store.unit() as one, world.store.unit() as other:
        await one.lock("a")
        await asyncio.wait_for(other.lock("b"), 5)


async def test_an_unreachable_database_is_a_fault(world: World, tmp_path: Path) -> None:
    nowhere = engine_for(f"postgresql+asyncpg://postgres@/none?host={tmp_path}")
    lost = SealedStore(
        Databases(nowhere, nowhere),
        world.ring.tenant("noto"),
        "noto",
        clock=world.clock,
        ids=RandomIds(),
    )
    with pytest.raises(Fault) as refused:
        async with lost.unit() as unit:
            await unit.head("Patient", "p1")
    assert refused.value.category is Category.UNAVAILABLE
    with pytest.raises(Fault) as refused:
        await lost.feed(0, 1, ())
    assert refused.value.category is Category.UNAVAILABLE


async def test_a_connection_cut_in_the_middle_is_a_fault_and_the_next_unit_works(
    world: World,
) -> None:
    async def cut() -> None:
        async with world.store.unit() as unit:
            await unit.write([patient("p1")])
            await world.server.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{world.database}' AND pid <> pg_backend_pid()"
            )
            await unit.head("Patient", "p1")

    with pytest.raises(Fault) as refused:
        await cut()
    assert refused.value.category is Category.UNAVAILABLE
    async with world.store.unit() as unit:
        assert await unit.head("Patient", "p1") is None
        await unit.write([patient("p1")])


async def test_deadlocked_writers_are_told_to_try_again(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), patient("p2")])
    ready = [asyncio.Event(), asyncio.Event()]

    async def cross(first: int) -> str:
        try:
            async with world.store.unit() as unit:
                await unit.head_for_update("Patient", f"p{first + 1}")
                ready[first].set()
                await ready[1 - first].wait()
                await unit.head_for_update("Patient", f"p{2 - first}")
        except Fault as fault:
            return fault.category.value
        return "done"

    assert sorted(await asyncio.gather(cross(0), cross(1))) == ["done", "unavailable"]


def test_what_is_expected_gives_the_number_of_a_version() -> None:
    assert replace(patient("p1"), expected=4).version == 5
