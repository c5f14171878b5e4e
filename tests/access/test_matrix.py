"""Nothing leaves that this caller may not see, and what they may see comes out: promise P2.

Every door, by every caller, for everything people have said and every label, judged by a model that
shares nothing with the product. docs/architecture.md#promises, docs/adr/0007 and 0008, docs/api/fhir.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.access.callers import BY_NAME, CALLERS, HEARD, NOT_HEARD
from tests.access.conftest import FEW
from tests.access.coverage import (
    DOOR_AND_CALLER,
    not_visited,
    parts_visited,
    promised_of_people,
    promised_parts,
    promised_whole,
    summary,
)
from tests.access.doors import DOORS
from tests.access.matrix import Plan, visited
from tests.access.situations import declaration
from tests.access.wishes import generated
from tests.access.world import world_on

if TYPE_CHECKING:
    from pathlib import Path

    from tests.access.judging import Judge
    from tests.access.world import World
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

SEED = 20261123
# In the quick run every two of door, caller, state and label meet, and at the doors that tell of
# everybody all four, but for callers whom no Consent concerns: they meet those doors among few people.
# In the thorough one all four meet everywhere.
QUICK = Plan(SEED, people=2, rows=1, holders=1)
THOROUGH = Plan(SEED, people=99, rows=2, holders=3)
ONCE = Plan(SEED, people=1, rows=1, holders=1)
SOME_DOORS = (
    "read",
    "search by identifier",
    "search of one type",
    "compartment",
    "_revinclude",
    "$everything",
    "$lastn",
    "search of everybody",
    "history of everything",
)


def require_nothing_found(judge: Judge) -> None:
    """Fail with the first findings."""
    assert judge.findings[:5] == []


async def test_who_sees_what_at_every_door(world: World, few: World, told: list[str]) -> None:
    wide = [name for name, door in DOORS.items() if door.about == "all"]
    judge = await visited(world, QUICK, [name for name in DOORS if name not in wide])
    judge.take_over(await visited(world, QUICK, wide, HEARD))
    judge.take_over(await visited(few, QUICK, wide, NOT_HEARD))
    judge.take_over(await visited(world, QUICK, ["number of everybody"], NOT_HEARD))
    told.append(summary(judge))
    require_nothing_found(judge)
    assert judge.cases >= 5_000
    promised = promised_whole(HEARD) | promised_whole(NOT_HEARD, FEW)
    assert not_visited(promised, judge)[:5] == []
    assert sorted(promised_parts(2) - parts_visited(judge, 2))[:5] == []


@pytest.mark.slow
async def test_who_sees_what_at_every_door_of_everybody(world: World, told: list[str]) -> None:
    judge = await visited(world, THOROUGH)
    told.append(summary(judge))
    require_nothing_found(judge)
    assert judge.cases >= 50_000
    assert not_visited(promised_whole() | promised_of_people(), judge)[:5] == []
    assert sorted(promised_parts(3, of=DOOR_AND_CALLER) - parts_visited(judge, 3))[:5] == []


async def _of_generated(server: Server, folder: Path, seed: int, people: int) -> Judge:
    dice = random.Random(seed)  # noqa: S311 - a repeatable choice
    states = {f"generated {number}": generated(dice) for number in range(people)}
    clinicians = [one for one in CALLERS if one.purpose in ("TREAT", "ETREAT")]
    async with world_on(server, folder, states=states) as world:
        return await visited(world, Plan(seed, 3, 2, 2), SOME_DOORS, clinicians)


async def test_whatever_people_have_said(server: Server, tmp_path: Path, told: list[str]) -> None:
    judge = await _of_generated(server, tmp_path, SEED, 8)
    told.append(summary(judge))
    require_nothing_found(judge)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
async def test_whatever_many_people_have_said(server: Server, tmp_path: Path, seed: int) -> None:
    require_nothing_found(await _of_generated(server, tmp_path, seed, 40))


async def test_consents_heard_of_too_long_ago_open_nothing(small: World) -> None:
    """Hospitals and residents have no need of them; clinicians are refused everywhere."""
    small.let_it_grow_stale()
    judge = await visited(
        small, ONCE, (*SOME_DOORS, "$export of people", "batch of reads and searches")
    )
    require_nothing_found(judge)
    asker = small.asker(BY_NAME["clinician"], small.holders["noto"])
    rows = small.holders["noto"].people[1].rows
    assert {judge.verdict(asker, row).value for row in rows} == {"closed"}
    await small.hear()
    require_nothing_found(await visited(small, ONCE, SOME_DOORS))


async def test_a_declaration_opens_the_desk_and_no_record_service(small: World) -> None:
    """A record service knows no place, so that nobody sees more there in a disaster."""
    now = small.clock.now()
    emergency = [one for one in CALLERS if one.purpose in ("DISASTER", "BTG", "ETREAT")]
    for kind, doors in (("open", ()), ("closed", SOME_DOORS), ("drill", SOME_DOORS)):
        declared = declaration(kind, now - timedelta(hours=1), now + timedelta(days=1))
        for holder in small.holders.values():
            # Which declarations count is tested elsewhere: here they do.
            holder.snapshot._declarations = (declared,)
        judge = await visited(small, ONCE, doors, emergency)
        require_nothing_found(judge)
        assert judge.cases >= 500
