"""What the desk may show of whom, worked out again: docs/adr/0008, docs/adr/0012, docs/api/shelter.

Shares nothing with the product; what Consents say is read by the plain model beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.access.saying import LADDER, Thing, in_force, said_of, secrecy, thinkable

if TYPE_CHECKING:
    from tests.access.records import Person, Row
    from tests.access.saying import Asker

CLASSES = {
    "AllergyIntolerance": "allergies",
    "MedicationStatement": "medicines",
    "Condition": "conditions",
    "Patient": "contacts",
}
MAY_KILL = ("AllergyIntolerance", "MedicationStatement")
EVERY = ("allergies", "conditions", "contacts", "medicines")
STAFF = ("nurse", "clinician")


@dataclass(frozen=True)
class Declared:
    """What is declared.

    Attributes:
        open: Whether it has begun and is neither over nor closed.
        here: Whether it is of the desk's place.
    """

    open: bool = True
    here: bool = True
    drill: bool = False
    roles: tuple[str, ...] = STAFF
    classes: tuple[str, ...] = EVERY


def may_ask(asker: Asker, scope: str) -> bool:
    """Tell whether the desk serves this caller at all."""
    one = asker.caller
    return one.role in STAFF and one.purpose == "DISASTER" and scope in one.scope.split(" ")


def opens(asker: Asker, person: Person, declared: Declared) -> bool:
    """Tell whether there is a profile, if only to say what it does not show."""
    return any(
        fate(asker, person, declared, thing) != "withheld"
        for type_ in CLASSES
        for thing in thinkable(type_)
    )


def shows(asker: Asker, person: Person, declared: Declared, row: Row) -> bool:
    """Tell whether a profile shows a resource; who it is about stands in every one."""
    if row.type == "Patient":
        return opens(asker, person, declared)
    return _is_told(row) and fate(asker, person, declared, _as_is(row)) == "shown"


def tells_of(asker: Asker, person: Person, declared: Declared, type_: str) -> bool:
    """Tell whether it is said that something restricted of a type is there."""
    return any(
        _is_told(row) and fate(asker, person, declared, _as_is(row)) == "masked"
        for row in person.of(type_)
    )


def _as_is(row: Row) -> Thing:
    return Thing(row.type, row.last)


def _is_told(row: Row) -> bool:
    """The person stands beside the desk, so what they were not told is not shown there."""
    return not (row.last.untold or row.last.untold_as_label)


def fate(asker: Asker, person: Person, declared: Declared, thing: Thing) -> str:
    """Return whether such a resource is shown, masked or withheld."""
    if not (may_ask(asker, "tasuki/profile") and _is_declared_for(asker, person, declared)):
        return "withheld"
    if any(not wish.readable for wish in person.state.wishes):
        return "withheld"
    said = {
        said_of(asker, wish, thing, permits=permits)
        for wish, permits in in_force(person.state.wishes)
    }
    # The region permits the emergency profile in a disaster; a Consent widens it to no one.
    if "no" in said or CLASSES[thing.type] not in declared.classes:
        return "withheld"
    level, kinds = secrecy(thing.label)
    if not kinds and LADDER.index(level) <= LADDER.index("N"):
        return "shown"
    return "masked" if thing.type in MAY_KILL else "withheld"


def _is_declared_for(asker: Asker, person: Person, declared: Declared) -> bool:
    meant = declared.drill == person.drill and asker.caller.role in declared.roles
    return declared.open and declared.here and meant and bool(declared.classes)
