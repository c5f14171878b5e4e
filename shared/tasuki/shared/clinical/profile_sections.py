"""From every source's records to the three sections, each in one of five states.

Promise P6: recorded, none known, not asked, withheld and unreachable are never confused, and a section
that lacks a source says so beside whatever it has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasuki.shared.clinical import fragments
from tasuki.shared.clinical.absent import Absence
from tasuki.shared.clinical.dates import day_of
from tasuki.shared.clinical.fhirjson import child
from tasuki.shared.clinical.profile_keys import keyed_allergy, keyed_condition, keyed_medicine
from tasuki.shared.clinical.profile_lines import Fact, Missing, Origin, Section, SectionState
from tasuki.shared.clinical.reconcile import Keyed, lines_of
from tasuki.shared.clinical.sources import SourceState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from tasuki.shared.clinical.sources import Resource, SourceRecords

    Keying = Callable[[Fact, date], Keyed | Absence | None]

_RECORDED_ON = ("recordedDate", "authoredOn", "whenHandedOver", "dateAsserted", "effectiveDateTime")


@dataclass
class _Gathered:
    """What one section has found so far."""

    facts: list[Keyed] = field(default_factory=list)
    none_known: list[Origin] = field(default_factory=list)
    none_in_part: list[Fact] = field(default_factory=list)


def allergies_of(sources: Sequence[SourceRecords], today: date) -> Section:
    """Return the allergies of all sources, reconciled."""
    return _section(sources, fragments.ALLERGY, keyed_allergy, today)


def medicines_of(sources: Sequence[SourceRecords], today: date) -> Section:
    """Return the medicines of all sources, ended ones too, reconciled by drug."""
    return _section(sources, fragments.MEDICINE, keyed_medicine, today)


def conditions_of(sources: Sequence[SourceRecords], today: date) -> Section:
    """Return the conditions of all sources, resolved ones too, reconciled by name."""
    return _section(sources, fragments.CONDITION, keyed_condition, today)


def _section(
    sources: Sequence[SourceRecords], kinds: tuple[str, ...], keying: Keying, today: date
) -> Section:
    gathered = _Gathered()
    for source in sources:
        medications = _medications(source)
        for resource in source.of_type(*kinds):
            _gather(gathered, source, fragments.fragment_of(resource, medications), keying, today)
    lines, missing = lines_of(gathered.facts), _missing(sources, kinds)
    return Section(
        state=_state(lines, gathered.none_known, missing),
        lines=lines,
        none_known=tuple(gathered.none_known),
        none_in_part=tuple(gathered.none_in_part),
        missing=missing,
    )


def _gather(
    gathered: _Gathered, source: SourceRecords, fragment: Resource, keying: Keying, today: date
) -> None:
    origin = Origin(source.source, source.kind == "resident", _recorded(fragment))
    fact = Fact(origin, fragment)
    found = keying(fact, today)
    if isinstance(found, Keyed):
        gathered.facts.append(found)
    elif found is Absence.NONE_KNOWN:
        gathered.none_known.append(origin)
    elif found is Absence.NONE_OF_A_KIND:
        gathered.none_in_part.append(fact)


def _medications(source: SourceRecords) -> Mapping[str, Resource]:
    return {f"Medication/{each.get('id')}": each for each in source.of_type("Medication")}


def _recorded(fragment: Resource) -> date | None:
    """Return the day a record was made, or the day it is about where only that is known."""
    days = (day_of(fragment.get(name)) for name in _RECORDED_ON)
    return next(
        (day for day in days if day), day_of(child(fragment, "effectivePeriod").get("start"))
    )


def _missing(sources: Sequence[SourceRecords], kinds: tuple[str, ...]) -> tuple[Missing, ...]:
    lost = (SourceState.WITHHELD, SourceState.UNREACHABLE)
    return tuple(
        Missing(source.source, source.state if source.state in lost else SourceState.WITHHELD)
        for source in sources
        if source.state in lost or source.withheld_types.intersection(kinds)
    )


def _state(
    lines: Sequence[object], none_known: Sequence[object], missing: Sequence[Missing]
) -> SectionState:
    """Return the one state; what is missing is told apart from it, and never outweighs a record.

    With nothing recorded, an unreachable source comes before a withholding one, because asking again
    can change it.
    """
    states = {each.state for each in missing}
    if lines:
        return SectionState.RECORDED
    if none_known:
        return SectionState.NONE_KNOWN
    if SourceState.UNREACHABLE in states:
        return SectionState.UNREACHABLE
    return SectionState.WITHHELD if SourceState.WITHHELD in states else SectionState.NOT_ASKED
