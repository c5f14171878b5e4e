"""The desk shows of nobody more than the declaration and the person allow: promises P2, P8 and P9.

Search, candidates, profile, print and the FHIR operations, by everybody who may sign in, for
everything people have said and every label, under each kind of declaration.
docs/adr/0008, docs/adr/0012, docs/api/shelter
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from tests.access.desk_doors import DESK_DOORS, DeskVisit
from tests.access.desk_reference import EVERY, Declared
from tests.access.desk_world import AT_THE_DESK, desk_on
from tests.access.wishes import DENY, NO, STATES, YES, Says, State, Wish, generated

from tasuki.consent.keeping import KeptSnapshot
from tasuki.shelter import desk as pages
from tasuki.shelter import fhir, profiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from tests.access.desk_world import DeskWorld
    from tests.access.judging import Finding
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

SEED = 20261125
DISASTER = ("DISASTER",)
SAID: Mapping[str, State] = {
    **STATES,
    "permit shelters": State((Wish(Says("permit", purposes=DISASTER)),)),
    "deny shelters": State((Wish(Says("deny", purposes=DISASTER)),)),
    "deny public health": State((Wish(Says("deny", purposes=("PUBHLTH",))),)),
    "deny all but to shelters": State((Wish(NO, (Says("permit", purposes=DISASTER),)),)),
    "hide medicines": State((Wish(YES, (Says("deny", types=("MedicationStatement",)),)),)),
    "hide contacts": State((Wish(YES, (Says("deny", types=("Patient",)),)),)),
    "shelters see up to R": State((Wish(Says("permit", purposes=DISASTER, labels=("R",))),)),
    "two of a mind": State((DENY, Wish(YES, policy="urn:example:policy:emergency"))),
}
SITUATIONS: Mapping[str, tuple[Declared, ...]] = {
    "a disaster": (Declared(),),
    "nothing": (),
    "elsewhere": (Declared(here=False),),
    "over": (Declared(open=False),),
    "a drill": (Declared(drill=True),),
    "a disaster and a drill": (Declared(), Declared(drill=True, classes=("allergies",))),
    "for clinicians": (Declared(roles=("clinician",)),),
    "allergies alone": (Declared(classes=("allergies",)),),
    "no contacts": (Declared(classes=EVERY[:2]),),
}


@pytest.fixture(scope="module")
async def desk(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeskWorld]:
    """Everybody at one desk."""
    dice = random.Random(SEED)  # noqa: S311 - a repeatable choice
    dreamt = {f"generated {number}": generated(dice, "DISASTER") for number in range(10)}
    async with desk_on(server, tmp_path_factory.mktemp("desk"), {**SAID, **dreamt}) as world:
        yield world


async def sent(
    world: DeskWorld, seed: int, each: int, under: Sequence[str] = tuple(SITUATIONS)
) -> list[DeskVisit]:
    """Send everybody to every door under these declarations, for `each` people; return the visits."""
    dice = random.Random(seed)  # noqa: S311 - a repeatable choice
    visits = []
    for name in under:
        declared = SITUATIONS[name]
        world.declare(*declared)
        for caller in AT_THE_DESK:
            staff = caller.purpose == "DISASTER"
            for place, door in DESK_DOORS.items():
                some = each if staff and declared and place != "search" else 1
                for person in dice.sample(world.people, min(some, len(world.people))):
                    visit = DeskVisit(world, place, world.asker(caller), person)
                    await door(visit)
                    visits.append(visit)
    return visits


def told_of(visits: Sequence[DeskVisit]) -> str:
    """Return in a line what was covered."""
    cells = {cell for visit in visits for cell in visit.cells}
    cases = sum(visit.cells.total() for visit in visits)
    findings = sum(len(visit.findings) for visit in visits)
    requests = sum(visit.requests for visit in visits)
    return (
        f"desk: {cases:,} cases in {requests:,} requests; {len(DESK_DOORS)} doors,"
        f" {len(AT_THE_DESK)} callers, {len({cell[2] for cell in cells})} states,"
        f" {len(SITUATIONS)} declarations, {len(cells):,} cells, {findings} findings"
    )


async def test_what_the_desk_shows(desk: DeskWorld, told: list[str]) -> None:
    visits = await sent(desk, SEED, 3)
    told.append(told_of(visits))
    assert [one for visit in visits for one in visit.findings][:5] == []
    assert {visit.person.number for visit in visits} == {one.number for one in desk.people}


async def _nothing_said(*_: object) -> tuple[()]:
    return ()


async def _anybody(*_: object) -> None:
    return None


def consents_that_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(KeptSnapshot, "consents", _nothing_said)


def a_desk_that_serves_anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pages, "require_staff", _anybody)
    patch.setattr(fhir, "require_staff", _anybody)


def masks_that_are_told_to_all(patch: pytest.MonkeyPatch) -> None:
    both = {"AllergyIntolerance": 1, "MedicationStatement": 1}
    patch.setattr(profiles, "restricted", lambda *_: both)


SPOILT: Mapping[Callable[[pytest.MonkeyPatch], None], set[str]] = {
    consents_that_are_not_asked: {"$emergency-profile", "profile"},
    a_desk_that_serves_anybody: {"search", "$emergency-profile"},
    masks_that_are_told_to_all: {"$emergency-profile", "profile"},
}


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
async def test_a_spoilt_desk_is_found_out(
    desk: DeskWorld,
    spoil: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil(monkeypatch)
    visits = await sent(desk, SEED, 12, ["a disaster"])
    found = [one for visit in visits for one in visit.findings]
    assert {one.cell[0].removeprefix("desk: ") for one in found if is_leak(one)} >= SPOILT[spoil]


def is_leak(one: Finding) -> bool:
    """Tell whether more was told, or answered, than may be."""
    return one.kind == "leak" or one.detail.rpartition(": 200, not (403")[1] != ""


@pytest.mark.slow
async def test_what_the_desk_shows_of_everybody(desk: DeskWorld, told: list[str]) -> None:
    visits = await sent(desk, SEED, 999)
    told.append(told_of(visits))
    assert [one for visit in visits for one in visit.findings][:5] == []
