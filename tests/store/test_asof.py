"""What was current at a moment, in pages, whatever was written later or is being written."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.store.world import AT, OTHER_TENANT, World, body, new, patient

from tasuki.shared.access.asof import Slice
from tasuki.shared.access.records import NOBODY, Method

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.anyio

LATER = AT + timedelta(minutes=1)
LATEST = AT + timedelta(minutes=2)


async def written(world: World, *versions: Any) -> None:
    """Write versions, each in a transaction of its own."""
    for version in versions:
        async with world.store.unit() as unit:
            await unit.write([version])


async def current(world: World, until: datetime, **more: Any) -> list[tuple[str, int, bool]]:
    """Return (id, version, whether it is a deletion), read in pages of one."""
    found: list[tuple[str, int, bool]] = []
    after = ""
    while True:
        async with world.store.unit() as unit:
            page = await unit.current_at(Slice("Condition", after, until, **more), 1)
        if not page:
            return found
        (one,) = page
        found.append((one.id, one.version, one.size is None))
        after = one.id


@pytest.fixture
async def filled(world: World) -> World:
    """A stays, B changes and is deleted, C comes later, D is about nobody."""
    gone = {"at": LATEST, "body": None, "method": Method.DELETE, "expected": 2}
    await written(
        world,
        patient("p1"),
        patient("p2"),
        new("Condition", "a", "p1"),
        new("Condition", "b", "p1"),
        new("Condition", "d", NOBODY),
        new("Condition", "b", "p1", at=LATER, expected=1),
        new("Condition", "c", "p2", at=LATER),
        new("Condition", "b", "p1", **gone),
    )
    return world


@pytest.mark.parametrize(
    ("until", "more", "wanted"),
    [
        (AT - timedelta(seconds=1), {}, []),
        (AT, {}, [("a", 1, False), ("b", 1, False), ("d", 1, False)]),
        (LATER, {}, [("a", 1, False), ("b", 2, False), ("c", 1, False), ("d", 1, False)]),
        (LATEST, {}, [("a", 1, False), ("c", 1, False), ("d", 1, False)]),
        (LATEST, {"since": AT}, [("b", 3, True), ("c", 1, False)]),
        (LATER, {"since": AT}, [("b", 2, False), ("c", 1, False)]),
        (LATEST, {"since": LATER}, [("b", 3, True)]),
        (LATEST, {"since": LATEST}, []),
        (LATEST, {"owners": ("p2", "p9")}, [("c", 1, False)]),
        (LATER, {"owners": ("p1",), "since": AT}, [("b", 2, False)]),
        (LATEST, {"people_only": True}, [("a", 1, False), ("c", 1, False)]),
        (LATEST, {"owners": ()}, []),
    ],
)
async def test_what_was_current_then(
    filled: World, until: datetime, more: dict[str, Any], wanted: list[tuple[str, int, bool]]
) -> None:
    assert await current(filled, until, **more) == wanted


async def test_versions_are_opened_by_name(filled: World) -> None:
    async with filled.store.unit() as unit:
        found = await unit.versions(
            [
                ("Condition", "b", 3),
                ("Condition", "a", 1),
                ("Condition", "b", 2),
                ("Condition", "x", 1),
                ("Condition", "a", 9),
            ]
        )
        assert await unit.versions([]) == []
        assert await unit.versions([("Observation", "a", 1)]) == []
    assert [(one.id, one.version, one.body) for one in found] == [
        ("a", 1, body("Condition", "a")),
        ("b", 2, body("Condition", "b")),
        ("b", 3, None),
    ]


async def test_another_tenant_sees_none_of_it(filled: World) -> None:
    other = filled.another_process(OTHER_TENANT)
    async with other.unit() as unit:
        assert await unit.current_at(Slice("Condition", "", LATEST), 9) == []
        assert await unit.versions([("Condition", "a", 1)]) == []
    await other.databases.dispose()


async def test_what_is_open_elsewhere_is_known_until_it_ends(world: World) -> None:
    may_end, has_begun = asyncio.Event(), asyncio.Event()
    elsewhere = world.another_process()

    async def writing() -> None:
        async with elsewhere.unit() as unit:
            await unit.write([new("Organization", "o1")])
            has_begun.set()
            await may_end.wait()

    async with world.store.unit() as unit:
        before = await unit.open_elsewhere()
    writer = asyncio.create_task(writing())
    await has_begun.wait()
    async with world.store.unit() as unit:
        during = await unit.open_elsewhere() - before
    assert len(during) == 1
    may_end.set()
    await writer
    async with world.store.unit() as unit:
        assert not during & await unit.open_elsewhere()
    await elsewhere.databases.dispose()
