"""What the matrix promises to have visited, and what of it was not."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from tests.access.callers import CALLERS
from tests.access.doors import DOORS
from tests.access.labels import LIVES
from tests.access.wishes import STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.access.callers import Caller
    from tests.access.judging import Cell, Judge

Part = tuple[tuple[int, str], ...]
"""Some of a cell's four places, each with what stands there."""

DOOR_AND_CALLER = frozenset({0, 1})

# Doors about one kind of row or one person only, by what they are.
NARROW = frozenset(
    {
        "what is about nobody",
        "$disclosures",
        "$network-tokens",
        "may it be created",
        "a Group by its id",
        "Groups found",
        "Groups beside people",
        "$export of a Group",
        "batch of reads and searches",  # reads some of the person's rows
    }
)


def promised_whole(
    callers: Sequence[Caller] = CALLERS, states: Iterable[str] = STATES
) -> set[Cell]:
    """Return every door, caller, state and label of the doors that tell of everybody at once."""
    return {
        (door.name, caller.name, said, label)
        for door in DOORS.values()
        if door.about == "all" and door.name not in NARROW
        for caller in callers
        if door.callers(caller)
        for said in tuple(states)
        for label in LIVES
    }


def promised_of_people() -> set[Cell]:
    """Return every door, caller, state and label of the doors that are asked for one person."""
    return {
        (door.name, caller.name, said, label)
        for door in DOORS.values()
        if door.about == "person" and door.name not in NARROW
        for caller in CALLERS
        if door.callers(caller)
        for said in STATES
        for label in LIVES
    }


def promised_parts(size: int, of: frozenset[int] = frozenset()) -> set[Part]:
    """Return every combination of `size` of door, caller, state and label there can be.

    Args:
        size: How many of the four.
        of: Places that must be among them.
    """
    return {
        part
        for door in DOORS.values()
        if door.name not in NARROW
        for caller in CALLERS
        if door.callers(caller)
        for said in STATES
        for label in LIVES
        for part in _parts((door.name, caller.name, said, label), size)
        if of <= {place for place, _ in part}
    }


def parts_visited(judge: Judge, size: int) -> set[Part]:
    """Return the combinations that were judged."""
    return {part for cell in judge.cells for part in _parts(cell, size)}


def not_visited(promised: Iterable[Cell], judge: Judge) -> list[Cell]:
    """Return the promised cells that nobody visited."""
    return sorted(set(promised) - judge.cells.keys())


def summary(judge: Judge) -> str:
    """Return in a line what was covered."""
    places = [{cell[place] for cell in judge.cells} for place in range(4)]
    doors, callers, said, labels = (len(place) for place in places)
    return (
        f"leak matrix: {judge.cases:,} cases in {judge.requests:,} requests; {doors} doors,"
        f" {callers} callers, {said} states, {labels} labels, {len(judge.cells):,} cells,"
        f" {len(judge.findings)} findings"
    )


def _parts(cell: Cell, size: int) -> Iterator[Part]:
    return combinations(tuple(enumerate(cell)), size)
