"""Under an emergency override: what it opens of whom, and for whom it opens nothing: promise P8.

Every override there may be, met by what people have said, at every door of the record services.
docs/adr/0018-an-override-is-an-object.md
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.access.callers import BY_NAME, UNDER_OVERRIDES
from tests.access.coverage import summary
from tests.access.doors import DOORS
from tests.access.judging import Judge, Visit
from tests.access.matrix import Plan, visited
from tests.access.overrides import DOCTOR, LIFE, OVERRIDES, Glass, grant_of, id_of
from tests.access.reference import Verdict
from tests.access.test_pages import browser_of
from tests.access.wishes import DENY, NO, PERMIT, YES, Says, State, Wish, generated
from tests.access.world import world_on

from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.overrides.grant import Grant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.access.records import Person, Row
    from tests.access.world import World
    from tests.store.world import Server

    from tasuki.consent.decision.request import BreakGlass
    from tasuki.consent.enforcing import _Question
    from tasuki.shared.access.records import Unit

pytestmark = pytest.mark.anyio

SEED = 20261124
PLAN = Plan(SEED, people=2, rows=1, holders=1)
EACH = Plan(SEED, people=99, rows=1, holders=1)
SEEN, HOUR = Verdict.SEEN, timedelta(minutes=59)
SOME_DOORS = ("read", "search of one type", "compartment", "$everything", "history of one")
BTG = ("BTG",)
STOPPED = Glass("life", stopped=True)
SAID = {
    "none": (),
    "permit all": (PERMIT,),
    "deny all": (DENY,),
    "unreadable": (Wish(YES, readable=False),),
    "permit up to R": (Wish(Says("permit", labels=("R",))),),
    "deny a wider purpose": (Wish(Says("deny", purposes=("TREAT",))),),
    "permit overrides": (Wish(Says("permit", purposes=BTG)),),
    "deny overrides": (Wish(Says("deny", purposes=BTG)),),
    "deny but to overrides": (Wish(NO, (Says("permit", purposes=BTG),)),),
    "overrides of one class": (Wish(Says("permit", purposes=BTG, types=("Condition",))),),
    "all but overrides": (Wish(YES, (Says("deny", purposes=BTG),)),),
}


def met(dice: random.Random, each: int) -> dict[str, State]:
    """Return people: every override with some of what may be said, all of which is said by some."""
    said = list(SAID)
    dealt: list[str] = []
    found = {}
    for name, overrides in OVERRIDES.items():
        for _ in range(each):
            dealt = dealt or dice.sample(said, len(said))
            words = dealt.pop()
            found[f"{words} / {name}"] = State(SAID[words], overrides)
    return found


def dreamt_up(dice: random.Random, people: int) -> dict[str, State]:
    """Return people with overrides who have said what nobody thought of."""
    each = [dice.choice(list(OVERRIDES)) for _ in range(people)]
    return {
        f"generated {number} / {name}": replace(generated(dice, "BTG"), overrides=OVERRIDES[name])
        for number, name in enumerate(each)
    }


@pytest.fixture(scope="module")
async def opened(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """People with overrides; what happens to their world happens in order."""
    dice = random.Random(SEED)  # noqa: S311 - a repeatable choice
    states = met(dice, 1) | dreamt_up(dice, 6)
    folder = tmp_path_factory.mktemp("opened")
    async with world_on(server, folder, states=states, at=("noto", "phr")) as world:
        yield world


def require_nothing_found(judge: Judge) -> None:
    """Fail with the first findings."""
    assert judge.findings[:5] == []


async def test_what_is_seen_under_an_override(opened: World, told: list[str]) -> None:
    judge = await visited(opened, PLAN, callers=UNDER_OVERRIDES)
    told.append(f"overrides: {summary(judge)}")
    require_nothing_found(judge)
    assert {cell[0] for cell in judge.cells} == DOORS.keys() - no_one_s_doors()
    assert {cell[1] for cell in judge.cells} == {caller.name for caller in UNDER_OVERRIDES}


def opening(world: World) -> set[str]:
    """Return the overrides of which some show something, as the model has it."""
    judge = Judge(world)
    return {
        person.said.rpartition(" / ")[2]
        for holder in world.holders.values()
        for person in holder.people
        for row in person.rows
        if judge.verdict(world.asker(UNDER_OVERRIDES[0], holder, None, person), row) is SEEN
    }


def no_one_s_doors() -> set[str]:
    """Return the doors where none of these callers is sent."""
    return {
        name
        for name, door in DOORS.items()
        if not any(door.callers(caller) for caller in UNDER_OVERRIDES)
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_what_is_seen_under_any_override(
    server: Server, tmp_path: Path, told: list[str], seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a repeatable choice
    states = met(dice, 1) | dreamt_up(dice, 20)
    async with world_on(server, tmp_path, states=states, at=("noto", "phr")) as world:
        judge = await visited(world, Plan(seed, 20, 1, 2), callers=UNDER_OVERRIDES)
        told.append(f"overrides: {summary(judge)}")
        require_nothing_found(judge)


async def test_an_override_that_opens_anybody_is_found_out(
    opened: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: whose override it is, and of whom, is not looked at."""

    async def any_override(_: ConsentDecider, unit: Unit, question: _Question) -> BreakGlass:
        del unit
        now = question.at
        lasts = Grant("spoilt", "x", BreakGlassReason.LIFE, "x", now, now + HOUR, "y")
        return lasts.of_person(question.ask.owner)

    monkeypatch.setattr(ConsentDecider, "_override", any_override)
    judge = await visited(opened, PLAN, SOME_DOORS, UNDER_OVERRIDES)
    assert {one.cell[0] for one in judge.leaks()} == set(SOME_DOORS)
    assert "clinician, override nobody knows" in {one.cell[1] for one in judge.leaks()}


async def test_an_override_that_was_ended_opens_nothing_any_more(opened: World) -> None:
    """Nor when it is said again afterwards, as is done where the person objects, or it is reviewed."""
    at = opened.holders["noto"]
    people = [one for one in at.people if one.state.overrides[:1] == (LIFE,)]
    asker = UNDER_OVERRIDES[0]
    seen = [row for one in people for row in _seen(opened, one)]
    assert seen
    for _ in ("ended", "disputed"):
        closed = [
            (
                await opened.tokens_of(one),
                grant_of(STOPPED, id_of(one.number, 0), opened.clock.now()),
            )
            for one in people
        ]
        await opened.hear(*closed)
        for one in people:
            one.state = replace(one.state, overrides=(STOPPED, *one.state.overrides[1:]))
            assert not _seen(opened, one)
        for row in seen:
            visit = Visit(Judge(opened), DOORS["read"], opened.asker(asker, at, None, row.person))
            assert (await visit.ask("GET", row.path)).status_code in (403, 404)
            assert visit.judge.findings == []
    require_nothing_found(await visited(opened, EACH, ["read", "compartment"], [asker]))


def _seen(world: World, person: Person) -> list[Row]:
    """Return what an override alone opens of a person, as the model has it."""
    judge, holder = Judge(world), world.holders["noto"]
    under = world.asker(UNDER_OVERRIDES[0], holder, None, person)
    everyday = world.asker(BY_NAME["clinician"], holder)
    return [
        row
        for row in person.rows
        if judge.verdict(under, row) is SEEN and judge.verdict(everyday, row) is not SEEN
    ]


async def test_pages_under_an_override_show_what_it_opens(opened: World) -> None:
    """They read under it by themselves, while one of the clinician's own is open for the person."""
    at, judge, shown = opened.holders["noto"], Judge(opened), 0
    usual = replace(BY_NAME["clinician"], subject=DOCTOR)
    for person in at.people:
        named = _open_own(opened, person)
        everyday = opened.asker(usual, at, None, person)
        under = replace(everyday, caller=UNDER_OVERRIDES[0] if named else usual, override=named)
        for path, asker in (("/patients/{}", under), ("/patients/{}/override", everyday)):
            visit = Visit(judge, DOORS["read"], asker, person)
            answer = await (await browser_of(visit)).ask("GET", path.format(person.id))
            words = [row.word(len(row.life.versions)) for row in _seen(opened, person)]
            shown += any(word in answer.text for word in words)
    assert judge.leaks()[:5] == []
    assert shown


def _open_own(world: World, person: Person) -> str | None:
    """Return the override that pages take: of the clinician's own that are open the one that ends last."""
    own = [
        (glass.opened + glass.minutes, id_of(person.number, place))
        for place, glass in enumerate(person.state.overrides)
        if glass.by == DOCTOR and not glass.stopped and glass.opened + glass.minutes > world.minute
    ]
    return max(own, default=(0, None))[1]


async def test_an_override_opens_for_its_time(opened: World) -> None:
    """What had not begun opens, what was about to end is over; and after an hour all are."""
    assert "about to end" in opening(opened)
    assert "not begun" not in opening(opened)
    await opened.wait(15)
    require_nothing_found(await visited(opened, EACH, SOME_DOORS, UNDER_OVERRIDES[:1]))
    assert "not begun" in opening(opened)
    assert "about to end" not in opening(opened)
    opened.let_it_grow_stale()  # which shuts everyday care, and no override
    require_nothing_found(await visited(opened, EACH, SOME_DOORS, UNDER_OVERRIDES[:1]))
    assert "life" in opening(opened)
    await opened.wait(60)
    require_nothing_found(await visited(opened, EACH, SOME_DOORS, UNDER_OVERRIDES[:1]))
    assert opening(opened) == set()
