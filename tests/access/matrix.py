"""Sends callers to doors: how many of all visits there could be, and which, is the plan."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.access import group_doors, person_doors, row_doors, wide_doors
from tests.access.callers import CALLERS
from tests.access.doors import DOORS
from tests.access.judging import Judge, Visit
from tests.access.labels import LIVES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.access.callers import Caller
    from tests.access.doors import Door
    from tests.access.records import Person, Row
    from tests.access.world import Holder, World

# What is asked of one resource or person without naming the person.
NAME_NOBODY = frozenset(
    {
        *("chain from the person", "search by identifier", "search by tag", "search by id"),
        *("number found", "chain through it", "_has", "_include:iterate"),
        *("Groups found", "Groups beside people", "$export of a Group"),
    }
)
LISTS = (row_doors, person_doors, group_doors, wide_doors)  # they fill DOORS


@dataclass(frozen=True)
class Plan:
    """How much of the matrix is visited.

    Attributes:
        people: How many people each caller asks for at each door about a person or a row.
        rows: How many rows of each of them.
        holders: At how many services each caller asks for everything.
    """

    seed: int
    people: int
    rows: int
    holders: int


class Deck:
    """Deals numbers in a random order, each as often as the others."""

    def __init__(self, size: int, dice: random.Random) -> None:
        self._size = size
        self._dice = dice
        self._left: list[int] = []

    def deal(self) -> int:
        """Return the next number."""
        if not self._left:
            self._left = self._dice.sample(range(self._size), self._size)
        return self._left.pop()


async def visited(
    world: World,
    plan: Plan,
    doors: Sequence[str] = (),
    callers: Sequence[Caller] = CALLERS,
) -> Judge:
    """Send the callers to the doors and return what was judged."""
    judge = Judge(world)
    dice = random.Random(plan.seed)  # noqa: S311 - a repeatable choice
    for name in doors or tuple(DOORS):
        sent = [caller for caller in callers if DOORS[name].callers(caller)]
        for visit in _visits(judge, DOORS[name], sent, plan, dice):
            before = len(judge.findings)
            await visit.door.visit(visit)
            if _is_for_one_person(visit):
                # Refused whole, as tests/integration/rest/test_overrides.py has it; a leak stays one.
                judge.findings[before:] = [
                    one for one in judge.findings[before:] if one.kind in ("leak", "differs")
                ]
    return judge


def _is_for_one_person(visit: Visit) -> bool:
    """Tell whether an emergency override is asked of a door that is about many."""
    many = visit.door.about == "all" or visit.door.name in NAME_NOBODY
    return many and visit.asker.purpose == "BTG"


def _visits(
    judge: Judge, door: Door, callers: Sequence[Caller], plan: Plan, dice: random.Random
) -> Iterator[Visit]:
    """Yield who goes to a door and for whom: everybody's turn comes, whichever caller asks."""
    world = judge.world
    holders = [world.holders[name] for name in door.holders if name in world.holders]
    everybody = len(holders[0].people)
    people, labels = Deck(everybody, dice), Deck(len(LIVES), dice)
    for caller in callers:
        if door.about == "all":
            for holder in dice.sample(holders, min(plan.holders, len(holders))):
                some = dice.choice(holder.people)
                own = some.id if caller.own is not None else None
                yield Visit(judge, door, world.asker(caller, holder, own, some))
            continue
        for _ in range(min(max(plan.people, -(-everybody // len(callers))), everybody)):
            holder = dice.choice(holders)
            person = holder.people[people.deal()]
            asker = world.asker(caller, holder, _bound_to(caller, holder, person), person)
            if door.about == "person":
                yield Visit(judge, door, asker, person)
                continue
            for _ in range(plan.rows):
                yield Visit(judge, door, asker, person, _some(person, door, labels.deal(), dice))


def _bound_to(caller: Caller, holder: Holder, person: Person) -> str | None:
    """Return whose the token is: a resident's own, or somebody else's."""
    if caller.own is None:
        return None
    if caller.own:
        return person.id
    return holder.people[(holder.people.index(person) + 1) % len(holder.people)].id


def _some(person: Person, door: Door, number: int, dice: random.Random) -> Row:
    """Return a row that bears this label."""
    label = tuple(LIVES)[number]
    return dice.choice([row for row in person.all_of(*door.types) if row.label == label])
