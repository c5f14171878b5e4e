"""The store's statements for histories. https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.store.world import AT, new, patient

from tasuki.shared.access.records import NOBODY, Selection
from tasuki.shared.store import histories

if TYPE_CHECKING:
    from datetime import datetime

    from tests.store.world import World

    from tasuki.shared.access.records import Stored

pytestmark = pytest.mark.anyio

TYPES = ("Patient", "Flag", "Organization")


def _at(minute: int) -> datetime:
    return AT + timedelta(minutes=minute)


async def _written(world: World) -> list[Stored]:
    """Write some resources of two people and of nobody; return all versions, newest first."""
    chance = random.Random(7)  # noqa: S311 - to be repeated, not to be secret
    places = [("Patient", "p1", "p1"), ("Patient", "p2", "p2"), ("Organization", "o1", NOBODY)]
    places += [("Flag", f"f{number}", f"p{number % 2 + 1}") for number in range(4)]
    versions: dict[tuple[str, str], int] = {}
    async with world.store.unit() as unit:
        for minute in range(40):
            type_, id_, owner = places[minute] if minute < len(places) else chance.choice(places)
            expected = versions.get((type_, id_), 0)
            more = {"body": None} if minute > 30 and type_ == "Flag" else {}
            # Now and then two at the same moment.
            at = _at(minute - minute % 3)
            await unit.write([new(type_, id_, owner, expected=expected, at=at, **more)])
            versions[type_, id_] = expected + 1
        found = [one for key in versions for one in await unit.all_versions(key[0], [key[1]]) or ()]
    assert len(found) == 40
    return sorted(found, key=lambda one: (one.at, one.type, one.id, one.version), reverse=True)


async def _walked(world: World, asked: Selection, page: int) -> list[Stored]:
    shown: list[Stored] = []
    async with world.store.unit() as unit:
        more = True
        while more:
            rows, more = await unit.history(asked, page)
            assert len(rows) == page if more else len(rows) <= page
            shown += rows
            if not rows:
                break
            last = rows[-1]
            after = (last.at, last.type, last.id, last.version)
            asked = Selection(asked.types, asked.id, asked.owner, asked.since, asked.current, after)
    return shown


def _is_current(one: Stored, every: list[Stored], start: datetime, end: datetime) -> bool:
    later = [
        other
        for other in every
        if (other.type, other.id, other.version) == (one.type, one.id, one.version + 1)
    ]
    return one.at < end and not (later and later[0].at <= start)


async def test_pages_hold_what_a_plain_list_would(world: World) -> None:
    """Every selection, walked in pages of every size, against a filter in plain Python."""
    every = await _written(world)

    chance = random.Random(11)  # noqa: S311 - to be repeated, not to be secret
    for _ in range(120):
        types = tuple(sorted(chance.sample(TYPES, chance.randint(1, 3))))
        id_ = chance.choice(["p1", "f1", None, None]) if len(types) == 1 else None
        owner = chance.choice(["p1", "p2", "nobody-here", None, None])
        since = _at(chance.randint(0, 40)) if chance.random() < 0.4 else None
        start = chance.randint(0, 40)
        current = (_at(start), _at(start + chance.randint(1, 9)))
        asked = Selection(types, id_, owner, since, current if chance.random() < 0.4 else None)
        wanted = [
            one
            for one in every
            if one.type in types
            and (id_ is None or one.id == id_)
            and (owner is None or one.owner == owner)
            and (since is None or one.at >= since)
            and (asked.current is None or _is_current(one, every, *asked.current))
        ]
        assert await _walked(world, asked, chance.randint(1, 7)) == wanted, asked


async def test_what_is_written_meanwhile_neither_shifts_nor_doubles(world: World) -> None:
    every = await _written(world)
    asked = Selection(TYPES)
    async with world.store.unit() as unit:
        first, _ = await unit.history(asked, 10)
    async with world.store.unit() as unit:
        await unit.write([patient("p3", at=_at(100)), patient("p4", at=_at(0))])
        last = first[-1]
        after = (last.at, last.type, last.id, last.version)
        rest, _ = await unit.history(Selection(TYPES, after=after), 100)
    assert [one for one in first + rest if one.id != "p4"] == every


async def _plan(world: World, asked: Selection) -> str:
    statement = histories.statement("noto", asked, 10)
    dialect = world.store.engine.dialect
    text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return "\n".join(row[0] for row in await world.rows(f"EXPLAIN {text}"))


async def test_histories_go_by_an_index(world: World) -> None:
    """Of many rows, a page opens a few: by time, by type and time, by person."""
    await world.rows(
        "INSERT INTO resource_version (tenant, type, id, version, owner, method, at)"
        " SELECT 'noto', CASE WHEN n % 1000 = 0 THEN 'Flag' ELSE 'Observation' END, 'r' || n, 1,"
        " 'p' || n % 500, 'POST', now() - n * interval '1 minute' FROM generate_series(1, 50000) n"
    )
    await world.rows(
        "INSERT INTO resource_head SELECT tenant, type, id, owner, version, false"
        " FROM resource_version"
    )

    await world.rows("ANALYZE")
    for asked in (
        Selection(("Flag",)),
        Selection(("Flag", "Observation")),
        Selection(("Observation",), owner="p7"),
        Selection(("Observation",), id="r7"),
    ):
        plan = await _plan(world, asked)
        assert "Seq Scan" not in plan, plan


async def test_a_version_is_looked_up_by_its_key_without_statistics(world: World) -> None:
    """After a load nothing has been analyzed yet; another index must not look as good."""
    await world.rows("ALTER TABLE resource_version SET (autovacuum_enabled = off)")
    await world.rows(
        "INSERT INTO resource_version (tenant, type, id, version, owner, method, at)"
        " SELECT 'noto', 'Observation', 'r' || n, 1, 'p1', 'POST', now()"
        " FROM generate_series(1, 5000) n"
    )
    plan = await world.rows(
        "EXPLAIN SELECT sealed FROM resource_version"
        " WHERE tenant = 'noto' AND type = 'Observation' AND id = 'r7' AND version = 1"
    )
    assert "resource_version_pkey" in "\n".join(row[0] for row in plan)
