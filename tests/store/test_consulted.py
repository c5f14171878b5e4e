"""Opened copies that are kept say what the database says, whoever changed it, and are of use."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

import pytest
from tests.store.world import AT, World, new, patient

from tasuki.shared.access.copies import Cursor, Entry
from tasuki.shared.store.consulted import LARGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.records import Copy
    from tasuki.shared.store.store import SealedStore

pytestmark = pytest.mark.anyio

FEED = "consents"
TOKENS = ("aa" * 16, "bb" * 16, "cc" * 16)
PEOPLE = ("p1", "p2")
STEPS = 300


async def held(store: SealedStore, type_: str, id_: str) -> Sequence[Copy]:
    async with store.unit() as unit:
        head = await unit.head(type_, id_, FEED)
        assert head is not None
        return await unit.copies(FEED, head.owner)


async def in_database(store: SealedStore, owner: str) -> list[Copy]:
    async with store.unit() as unit:
        return list(await unit.copies(FEED, owner))


async def begun(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient(one, network_tokens=(TOKENS[0],)) for one in PEOPLE])
        await unit.write([new("Observation", f"x-{one}", one) for one in PEOPLE])


async def put(store: SealedStore, seq: int, *entries: Entry) -> None:
    await store.replicas.apply(FEED, entries, Cursor("e1", seq, AT))


class Changes:
    """Changes one thing at a time, in one of several processes."""

    def __init__(self, world: World, seed: int) -> None:
        self.stores = [world.store, world.another_process()]
        self.chance = random.Random(seed)  # noqa: S311 - which case comes next is no secret
        self.seq = 1
        self.versions = dict.fromkeys(PEOPLE, 1)

    async def one(self) -> None:
        store = self.chance.choice(self.stores)
        what = self.chance.choice(
            (self.nothing, self.nothing, self.fresh, self.page, self.page, self.linked, self.anew)
        )
        await what(store)

    async def nothing(self, store: SealedStore) -> None:
        del store

    async def fresh(self, store: SealedStore) -> None:
        await put(store, self.seq)

    async def page(self, store: SealedStore) -> None:
        """A number comes twice too: a page may be applied again."""
        self.seq += self.chance.choice((0, 1))
        key = f"Consent/{self.chance.choice('ab')}"
        body = self.chance.choice((None, b"yes", b"no", b"perhaps"))
        tokens = tuple(self.chance.sample(TOKENS, self.chance.randrange(3)))
        await put(store, self.seq, Entry(key, self.seq, tokens, body))

    async def linked(self, store: SealedStore) -> None:
        one = self.chance.choice(PEOPLE)
        async with store.unit() as unit:
            tokens = tuple(self.chance.sample(TOKENS, self.chance.randrange(3)))
            await unit.write([patient(one, expected=self.versions[one], network_tokens=tokens)])
        self.versions[one] += 1

    async def anew(self, store: SealedStore) -> None:
        await store.replicas.forget(FEED)
        self.seq = 1


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_kept_is_what_the_database_says(world: World, seed: int) -> None:
    await begun(world)
    changes = Changes(world, seed)
    before: dict[str, Sequence[Copy]] = {}
    kept = 0
    for _ in range(STEPS):
        await changes.one()
        for one in PEOPLE:
            place = changes.chance.choice((("Patient", one), ("Observation", f"x-{one}")))
            copies = await held(world.store, *place)
            assert copies == await in_database(world.store, one)
            kept += copies is before.get(one)
            before[one] = copies
    assert kept > STEPS / 2  # or else nothing is kept, and nothing was shown
    await changes.stores[1].databases.dispose()


async def test_a_page_of_an_older_program_is_noticed(world: World) -> None:
    """While two programs run side by side, the older one knows of no mark."""
    await begun(world)
    await put(world.store, 1, Entry("Consent/a", 1, TOKENS[:1], b"yes"))
    assert [one.body for one in await held(world.store, "Patient", "p1")] == [b"yes"]
    mark = (await world.rows("SELECT mark FROM replica_cursor"))[0]["mark"]
    await put(world.store, 2, Entry("Consent/a", 2, TOKENS[:1], b"no"))
    await world.rows(f"UPDATE replica_cursor SET mark = {mark}")
    assert [one.body for one in await held(world.store, "Patient", "p1")] == [b"no"]


async def test_a_person_is_opened_once_for_all_that_is_read_of_them(world: World) -> None:
    """Decisions are kept for the very same copies: also for a resource that was never read before."""
    await begun(world)
    await put(world.store, 1, Entry("Consent/a", 1, TOKENS[:1], b"yes"))
    first = await held(world.store, "Patient", "p1")
    assert await held(world.store, "Observation", "x-p1") is first


async def test_what_is_about_nobody_asks_for_no_copies(world: World) -> None:
    await begun(world)
    await put(world.store, 1, Entry("Consent/a", 1, TOKENS[:1], b"yes"))
    async with world.store.unit() as unit:
        await unit.write([new("Organization", "o1")])
    for _ in range(3):
        async with world.store.unit() as unit:
            assert await unit.head("Organization", "o1", FEED) == await unit.head(
                "Organization", "o1"
            )
            assert await unit.copies(FEED, "") == []
    assert world.store._remembered.expected(FEED, "Organization", "o1") is not None


async def test_a_page_in_the_middle_of_a_read_changes_the_next_one(world: World) -> None:
    await begun(world)
    await put(world.store, 1, Entry("Consent/a", 1, TOKENS[:1], b"yes"))
    first = await held(world.store, "Patient", "p1")
    async with world.store.unit() as unit:
        await unit.head("Patient", "p1", FEED)
        await put(world.store, 2, Entry("Consent/a", 2, TOKENS[:1], b"no"))
        # As of the same moment as the row.
        assert await unit.copies(FEED, "p1") is first
    assert [one.body for one in await held(world.store, "Patient", "p1")] == [b"no"]


async def test_what_nobody_asked_for_gives_way_to_a_newer_row(world: World) -> None:
    """A transaction of several reads about one person: the last sees what the one before did not."""
    await begun(world)
    await put(world.store, 1, Entry("Consent/a", 1, TOKENS[:1], b"yes"))
    await held(world.store, "Patient", "p1")
    await held(world.store, "Observation", "x-p1")
    async with world.store.unit() as unit:
        await unit.head("Patient", "p1", FEED)
        await put(world.store, 2, Entry("Consent/a", 2, TOKENS[:1], b"no"))
        await unit.head("Observation", "x-p1", FEED)
        assert [one.body for one in await unit.copies(FEED, "p1")] == [b"no"]


async def test_a_version_that_never_came_to_be_leaves_nothing(world: World) -> None:
    await begun(world)
    await put(world.store, 1, Entry("Consent/a", 1, TOKENS[:1], b"yes"))
    with contextlib.suppress(ZeroDivisionError):
        async with world.store.unit() as unit:
            await unit.write([patient("p1", expected=1, network_tokens=TOKENS[2:])])
            await unit.head("Observation", "x-p1", FEED)
            assert await unit.copies(FEED, "p1") == []
            raise ZeroDivisionError
    async with world.store.unit() as unit:
        await unit.write([patient("p1", expected=1, network_tokens=TOKENS[:1])])
    assert [one.body for one in await held(world.store, "Observation", "x-p1")] == [b"yes"]


async def test_what_is_very_large_is_not_kept(world: World) -> None:
    await begun(world)
    await put(world.store, 1, Entry("Consent/a", 1, TOKENS[:1], b"x" * (LARGEST + 1)))
    first = await held(world.store, "Patient", "p1")
    assert await held(world.store, "Patient", "p1") == first
    assert await held(world.store, "Patient", "p1") is not first


async def test_a_copy_without_a_mark_is_not_kept(world: World) -> None:
    await begun(world)
    assert await held(world.store, "Patient", "p1") == []
    await put(world.store, 1, Entry("Consent/a", 1, TOKENS[:1], b"yes"))
    await world.rows("UPDATE replica_cursor SET mark = NULL")
    first = await held(world.store, "Patient", "p1")
    assert [one.body for one in first] == [b"yes"]
    assert await held(world.store, "Patient", "p1") is not first
