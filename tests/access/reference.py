"""Who may see what, worked out again: a plain and slow model that shares nothing with the product.

It reads the values in `wishes`, `labels`, `callers` and `records` as the decision records have it:
docs/adr/0007 (what a Consent means), docs/adr/0008 (where nobody spoke), docs/api/fhir/read.md.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from tests.access.callers import BY_CATEGORY, BY_LABEL
from tests.access.overrides import id_of
from tests.access.saying import (
    LADDER,
    Asker,
    Thing,
    in_force,
    permits_something,
    said_of,
    secrecy,
    thinkable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.access.overrides import Glass
    from tests.access.records import Person, Row

RECORD_SERVICES = ("noto", "kaga")
EMERGENCY_SUMMARY = (
    *("AllergyIntolerance", "Condition", "Patient", "RelatedPerson"),
    *("MedicationStatement", "MedicationRequest"),
)
MAY_KILL = ("AllergyIntolerance", "MedicationStatement", "MedicationRequest")
# What a region answers where nobody spoke, for callers of its own and of other regions.
WHERE_NOBODY_SPOKE = {"noto": (True, False), "kaga": (True, True), "phr": (False, False)}


class Verdict(Enum):
    """What becomes of one resource for one caller."""

    SEEN = "seen"
    CLOSED = "closed"  # refused, and said to be: nothing of this kind is open to this caller
    HIDDEN = "hidden"  # reads as if it had never been


def scope_allows(asker: Asker, type_: str, letter: str) -> bool:
    """Tell whether the token carries a scope for this."""
    return bool(_queries(asker, type_, letter))


def scope_is_whole(asker: Asker, type_: str, letter: str = "r") -> bool:
    """Tell whether the token carries a scope for all of a type."""
    return "" in _queries(asker, type_, letter)


def scope_reaches(asker: Asker, row: Row, version: int, letter: str) -> bool:
    """Tell whether the token carries a scope for what a version says."""
    asked = {
        "": True,
        BY_CATEGORY[1:]: row.type == "Observation" and row.category(version) == "laboratory",
        BY_LABEL[1:]: "R" in row.life.versions[version - 1].levels,
    }
    return any(asked[query] for query in _queries(asker, row.type, letter))


def _queries(asker: Asker, type_: str, letter: str) -> list[str]:
    found = []
    for scope in asker.caller.scope.split(" "):
        whole, _, query = scope.partition("?")
        what, _, letters = whole.partition("/")[2].partition(".")
        if what in ("*", type_) and letter in letters:
            found.append(query)
    return found


def verdict(asker: Asker, row: Row, letter: str = "r") -> Verdict:
    """Return what becomes of what a resource says last."""
    return verdict_of(asker, row, [len(row.life.versions)], letter)


def verdict_of(asker: Asker, row: Row, versions: list[int], letter: str = "r") -> Verdict:
    """Return what becomes of a resource, told from these versions of it."""
    if not scope_allows(asker, row.type, letter):
        return Verdict.CLOSED
    if row.person is None:
        reached = scope_reaches(asker, row, 1, letter)
        open_ = reached and reads_common(asker) and _sees_members(asker, row)
        return Verdict.SEEN if open_ else Verdict.HIDDEN
    general = standing(asker, row.person, row.type)
    if general is not Verdict.SEEN:
        return general
    as_secret = not _sees_all(asker) or "?" in asker.caller.scope
    if as_secret and any(verdict(asker, target) is not Verdict.SEEN for target in row.about):
        return Verdict.HIDDEN
    if all(_passes_as(asker, row, version, letter) for version in versions):
        return Verdict.SEEN
    return Verdict.HIDDEN


def _sees_members(asker: Asker, row: Row) -> bool:
    """A Group is about all its members at once."""
    return all(
        passes(asker, member, Thing(row.type, label))
        for member in row.members
        for label in row.life.versions
    )


def _passes_as(asker: Asker, row: Row, version: int, letter: str) -> bool:
    assert row.person is not None
    thing = Thing(row.type, row.life.versions[version - 1])
    return scope_reaches(asker, row, version, letter) and passes(asker, row.person, thing)


def version_verdict(asker: Asker, row: Row, number: int) -> Verdict:
    """Return what becomes of one version: no version tells of what is not to be known."""
    return verdict_of(asker, row, [number, len(row.life.versions)])


def history_verdict(asker: Asker, row: Row) -> Verdict:
    """Return what becomes of a history: a gap would tell, so one version hides all."""
    return verdict_of(asker, row, list(range(1, len(row.life.versions) + 1)))


def reads_common(asker: Asker) -> bool:
    """Tell whether the caller sees what is about nobody (Organization, Medication …)."""
    if asker.caller.role in ("hospital", "service"):
        return _sees_all(asker)
    return asker.caller.role in ("clinician", "resident", "proxy")


def withheld_of(asker: Asker, person: Person, types: Iterable[str]) -> set[str]:
    """Return of which of these types it is said that something of this person is withheld.

    Of what may not be seen at all, whether there is any or not; and of medicines and allergies that
    are restricted, where nobody spoke of them: one that nobody hears of may kill.
    """
    if asker.caller.role not in ("clinician", "proxy"):
        return set()
    return {
        type_
        for type_ in types
        if standing(asker, person, type_) is not Verdict.SEEN
        or any(masked(asker, row) for row in person.of(type_))
    }


def masked(asker: Asker, row: Row) -> bool:
    """Tell whether it is said that a resource is there which is not shown."""
    if asker.caller.role == "proxy":  # that there is something already says it
        return False
    if row.person is None or row.type not in MAY_KILL or verdict(asker, row) is Verdict.SEEN:
        return False
    if asker.purpose == "BTG":
        return _masked_under_override(asker, row.person, Thing(row.type, row.last))
    return not asker.stale and _masked_everyday(asker, row.person, Thing(row.type, row.last))


def _masked_everyday(asker: Asker, person: Person, thing: Thing) -> bool:
    if any(not wish.readable for wish in person.state.wishes):
        return False
    within, across = WHERE_NOBODY_SPOKE[asker.holder]
    open_ = within if asker.region == asker.holder else across
    return open_ and not _all_said(asker, person, thing)


def _masked_under_override(asker: Asker, person: Person, thing: Thing) -> bool:
    glass = _glass(asker, person)
    if glass is None:
        return False
    everyday = replace(asker, caller=replace(asker.caller, purpose="TREAT"), override=None)
    if not asker.stale and _masked_everyday(everyday, person, thing):
        return True
    under = replace(asker, caller=replace(asker.caller, purpose="BTG"))
    if asker.holder not in RECORD_SERVICES:
        return False
    readable = all(wish.readable for wish in person.state.wishes)
    if glass.reason == "life":
        return "yes" not in _all_said(under, person, thing)
    return readable and not _all_said(under, person, thing)


def _all_said(asker: Asker, person: Person, thing: Thing) -> set[str]:
    wishes = tuple(wish for wish in person.state.wishes if wish.readable)
    said = {said_of(asker, wish, thing, permits=permits) for wish, permits in in_force(wishes)}
    return said - {""}


def standing(asker: Asker, person: Person, *types: str) -> Verdict:
    """Return how a caller stands to a person: SEEN where some resource of these types may be."""
    role = asker.caller.role
    if role == "resident":
        return Verdict.SEEN if asker.patient == person.id else Verdict.HIDDEN
    if role == "proxy" and asker.patient != person.id:
        return Verdict.HIDDEN
    if role in ("hospital", "service"):
        return Verdict.SEEN if _sees_all(asker) else Verdict.HIDDEN
    may = _may_be_open if role == "proxy" else passes
    open_ = any(may(asker, person, thing) for type_ in types for thing in thinkable(type_))
    return Verdict.SEEN if open_ else Verdict.CLOSED


def passes(asker: Asker, person: Person, thing: Thing) -> bool:
    """Tell whether this caller may see such a resource of this person."""
    role, purpose = asker.caller.role, asker.purpose
    if role == "resident":
        return asker.patient == person.id and not (
            thing.label.untold or thing.label.untold_as_label
        )
    if role in ("hospital", "service"):
        return _sees_all(asker)
    if role == "proxy":
        return asker.patient == person.id and _as_proxy(asker, person, thing)
    # Nurses and emergency purposes have the desk, which knows places; a record service knows none,
    # so that no declaration is for it. Officers see nobody's data.
    if role == "clinician" and purpose == "BTG":
        return _under_override(asker, person, thing)
    if role != "clinician" or purpose not in ("TREAT", "ETREAT"):
        return False
    return not asker.stale and _everyday(asker, person, thing)


def _under_override(asker: Asker, person: Person, thing: Thing) -> bool:
    """An override that holds shows what it opens, and never less than everyday care."""
    glass = _glass(asker, person)
    if glass is None:
        return False
    everyday = replace(asker, caller=replace(asker.caller, purpose="TREAT"), override=None)
    if not asker.stale and _everyday(everyday, person, thing):
        return True
    under = replace(asker, caller=replace(asker.caller, purpose="BTG"))
    to_life, implicit = glass.reason == "life", asker.holder in RECORD_SERVICES
    if not to_life and any(not wish.readable for wish in person.state.wishes):
        return False
    said = set()
    for wish, permits in in_force(tuple(one for one in person.state.wishes if one.readable)):
        answer = said_of(under, wish, thing, permits=permits)
        if to_life and (implicit or not permits_something(under, wish, permits=permits)):
            answer = "yes" if answer == "yes" else ""
        said.add(answer)
    if said & {"yes", "no"}:
        return "no" not in said
    level, kinds = secrecy(thing.label)
    restricted = bool(kinds) or LADDER.index(level) > LADDER.index("N")
    agreed = glass.second not in ("", asker.caller.subject)
    return implicit and thing.type in EMERGENCY_SUMMARY and (agreed or not restricted)


def _glass(asker: Asker, person: Person) -> Glass | None:
    """Return the override that counts, if it holds: the one named, else the newest."""
    of = enumerate(person.state.overrides)
    own = [
        one
        for place, one in of
        if one.by == asker.caller.subject
        and not one.stopped
        and asker.override in (None, id_of(person.number, place))
    ]
    newest = max(own, key=lambda one: one.opened + one.minutes, default=None)
    if newest is None or not newest.text.strip() or newest.minutes > 60:
        return None
    lasts = newest.opened <= asker.minute < newest.opened + newest.minutes
    return newest if lasts else None


def _sees_all(asker: Asker) -> bool:
    """A hospital feeds its own region and reads it back; the exchange's services copy."""
    if asker.caller.role == "hospital":
        return asker.holder in RECORD_SERVICES and asker.region == asker.holder
    return asker.caller.role == "service" and asker.caller.purpose == "HOPERAT"


def _everyday(asker: Asker, person: Person, thing: Thing) -> bool:
    if any(not wish.readable for wish in person.state.wishes):
        return False
    said = {
        said_of(asker, wish, thing, permits=permits)
        for wish, permits in in_force(person.state.wishes)
    }
    if "no" in said:
        return False
    if "yes" in said:
        return True
    within, across = WHERE_NOBODY_SPOKE[asker.holder]
    answer = within if asker.region == asker.holder else across
    level, kinds = secrecy(thing.label)
    return answer and not kinds and LADDER.index(level) <= LADDER.index("N")


def _as_proxy(asker: Asker, person: Person, thing: Thing) -> bool:
    """What is normal and no secret of the person's, unless they said no; no Consent opens more."""
    label = thing.label
    level, kinds = secrecy(label)
    told = not (label.untold or label.untold_as_label)
    normal = not kinds and LADDER.index(level) <= LADDER.index("N")
    return told and normal and _may_be_open(asker, person, thing)


def _may_be_open(asker: Asker, person: Person, thing: Thing) -> bool:
    """A proxy is told "you may not" where the person's own word closes all, whatever its label."""
    wishes = person.state.wishes
    if asker.stale or any(not wish.readable for wish in wishes):
        return False
    return "no" not in _all_said(asker, person, thing)
