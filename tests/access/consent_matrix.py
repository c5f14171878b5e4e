"""Sends callers to the doors of the consent service."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.access import consent_doors, consent_override_doors
from tests.access.consent_callers import AT_THE_CONSENT_SERVICE, SOME
from tests.access.consent_judging import ConsentJudge, ConsentVisit
from tests.access.matrix import Deck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.access.callers import Caller
    from tests.access.consent_people import Someone
    from tests.access.consent_world import ConsentWorld

SEED = 20261126
LISTS = (consent_doors, consent_override_doors)  # they fill DOORS
DOORS = consent_doors.DOORS


async def visited(
    world: ConsentWorld,
    each: int,
    names: Sequence[str] = (),
    *,
    thorough: bool = False,
    callers: Sequence[Caller] = (),
) -> ConsentJudge:
    """Send everybody to these doors, or all, for `each` people; everybody's turn comes.

    Args:
        thorough: Whether every question is asked, and not a few of those that are alike.
    """
    dice = random.Random(SEED)  # noqa: S311 - a repeatable choice
    judge = ConsentJudge(world, dice=None if thorough else dice)
    for name in names or DOORS:
        people = [one for one in world.people if one.overrides or not DOORS[name].each]
        deck = Deck(len(people), dice)
        for caller in callers or (AT_THE_CONSENT_SERVICE if thorough else SOME):
            for _ in range(min(each, len(people))):
                await _visited(judge, name, caller, people[deck.deal()])
    return judge


async def _visited(judge: ConsentJudge, name: str, caller: Caller, person: Someone) -> None:
    door = DOORS[name]
    if door.kind != "staff":  # or else who opened it would stand in logs for having come here
        caller = replace(caller, override="")
    judge.visits.add((name, caller.name, person.state))
    for opened in person.overrides if door.each else [None]:
        asker = judge.world.asker(caller, person, opened)
        await door.visit(ConsentVisit(judge, name, door.kind, asker, person, opened))
