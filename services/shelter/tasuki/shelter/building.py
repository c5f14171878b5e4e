"""From what the holders said about one person to the record the desk reads; pure.

Restricted records (a confidentiality above normal, or a sensitivity label) never enter: no
declaration opens them. Of allergies and medicines it is kept that there are some, because one that
nobody hears of may kill.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tasuki.consent.decision import Fate, facts_of
from tasuki.consent.decision.residual import MASKED_CLASSES, Reach
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, Level
from tasuki.shared.access.derived import person_keys
from tasuki.shared.clinical.disclosure import is_for_the_person
from tasuki.shared.clinical.profile import build_profile
from tasuki.shared.text import resolve_municipality
from tasuki.shelter.entries import CLINICAL
from tasuki.shelter.person_record import PersonRecord
from tasuki.shelter.tokens import local_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from tasuki.consent.decision.facts import ResourceFacts
    from tasuki.shared.clinical.profile_lines import Person
    from tasuki.shelter.entries import SourceEntry
    from tasuki.shelter.settings import Holder

# A drill resident is marked as test data: https://terminology.hl7.org/CodeSystem-v3-ActReason.html
DRILL = ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST")
OPENED = Reach(EMERGENCY_CLASSES, Level.N, masked=MASKED_CLASSES)
"""The most that a disaster declaration can open."""

_IDENTITY = ("resourceType", "id", "name", "birthDate", "gender")
_PLACE = ("state", "city")


def build_record(
    entries: Sequence[SourceEntry],
    holders: Mapping[str, Holder],
    *,
    today: date,
    built_at: datetime,
    refused: bool,
) -> PersonRecord:
    """Return the record of the one person all these entries are about.

    Args:
        entries: At least one.
        holders: By name, in the order to be shown.
        today: Calendar day in Japan.
        built_at: Now.
        refused: The resident lets no shelter see anything: only a stub is kept.
    """
    order = list(holders)
    known = sorted(
        (entry for entry in entries if entry.holder in holders),
        key=lambda entry: (order.index(entry.holder), entry.owner),
    )
    patients = [patient for entry in known for patient in entry.patients()]
    whole = build_profile(
        [entry.records(holders[entry.holder]) for entry in opened(known)],
        today=today,
        built_at=built_at,
    )
    place = municipality_code(whole.person)
    profile = whole
    if refused:
        stubs = [_stub(entry) for entry in known]
        profile = build_profile(
            [entry.records(holders[entry.holder]) for entry in stubs],
            today=today,
            built_at=built_at,
        )
    keys = dict.fromkeys(key for patient in patients for key in person_keys(patient))
    return PersonRecord(
        profile=profile,
        stub=refused,
        keys=tuple(keys),
        tokens=tuple(sorted({token for entry in known for token in entry.tokens})),
        municipality=place,
        drill=bool(patients) and all(map(is_drill, patients)),
        linked=any(local_token(entry.holder, entry.owner) not in entry.tokens for entry in known),
        restricted={} if refused else restricted(known, OPENED.fate),
    )


def opened(entries: Sequence[SourceEntry]) -> list[SourceEntry]:
    """Return the entries without restricted records."""
    return kept_if(entries, lambda resource: OPENED.fate(facts_of(resource)) is Fate.RELEASE)


def kept_if(
    entries: Sequence[SourceEntry], keeps: Callable[[Mapping[str, Any]], bool]
) -> list[SourceEntry]:
    """Return the entries with those clinical resources that `keeps` keeps, and all others."""
    return [
        replace(
            entry,
            resources=tuple(
                each
                for each in entry.resources
                if each.get("resourceType") not in CLINICAL or keeps(entry.judged(each))
            ),
        )
        for entry in entries
    ]


def restricted(
    entries: Sequence[SourceEntry], fate: Callable[[ResourceFacts], Fate]
) -> dict[str, int]:
    """Return of how many restricted allergies and medicines it is said that they are there, by type."""
    counted = Counter(
        str(each["resourceType"])
        for entry in entries
        for each in entry.resources
        if each.get("resourceType") in CLINICAL
        and is_for_the_person(each)
        and fate(facts_of(entry.judged(each))) is Fate.MASK
    )
    return dict(sorted(counted.items()))


def is_drill(patient: Mapping[str, Any]) -> bool:
    """Return whether a Patient is marked as existing for exercises only."""
    meta = patient.get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    return any(
        isinstance(label, dict) and (label.get("system"), label.get("code")) == DRILL
        for label in labels or ()
    )


def municipality_code(person: Person) -> str:
    """Return the 6-digit code of where a person lives; empty where that is not certain."""
    for written in (person.address, person.municipality):
        place = resolve_municipality(written) if written else None
        if place is not None:
            return place.code
    return ""


def _stub(entry: SourceEntry) -> SourceEntry:
    patients = tuple(
        {
            **{name: patient[name] for name in _IDENTITY if name in patient},
            "address": [
                {name: address[name] for name in _PLACE if name in address}
                for address in patient.get("address") or ()
            ],
        }
        for patient in entry.patients()
    )
    return replace(entry, resources=patients, unreadable=0)
