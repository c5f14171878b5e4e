"""First and last day of a medicine, from the many places FHIR and JP Core record them.

https://jpfhir.jp/fhir/core/ extensions JP_MedicationDosage_PeriodOfUse and UsageDuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from tasuki.shared.clinical.dates import day_of, latest_day_of
from tasuki.shared.clinical.fhirjson import Node, child, extensions, number
from tasuki.shared.clinical.supply import Span, span_of
from tasuki.shared.clinical.usage import supplements_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

Basis = Literal["supply", "bounds", "period", "statement", "none"]

# The published names of one extension over the years.
_PERIOD_OF_USE: Final = tuple(
    f"http://jpfhir.jp/fhir/{path}"
    for path in (
        "core/Extension/StructureDefinition/JP_MedicationDosage_PeriodOfUse",
        "core/Extension/StructureDefinition/JP_MedicationRequest_DosageInstruction_PeriodOfUse",
        "core/StructureDefinition/JP_MedicationRequest_DosageInstruction_PeriodOfUse",
        "ePrescription/StructureDefinition/PeriodOfUse",
    )
)
_MOST_REPEATS: Final = 99


@dataclass(frozen=True, slots=True)
class Period:
    """When a medicine is taken.

    Attributes:
        start: First day, or None.
        last_day: Last day, inclusive, or None if unknown.
        basis: What the last day rests on; "statement" when a statement of use names no end.
        covered_to: A day up to which it surely runs though its last day is unknown.
    """

    start: date | None
    last_day: date | None
    basis: Basis
    covered_to: date | None = None


def period_of(resource: Mapping[str, object], dosages: tuple[Node, ...]) -> Period:
    """Return when the medicine of a request, dispense or statement is taken."""
    start = _start(resource, dosages)
    supplied = _supplied(resource)
    supply_end = supplied.last_day(start) if supplied and start else None
    stated_end, basis = _stated_end(resource, dosages, start)
    if supply_end is None:
        return Period(start, stated_end, basis)
    if not any(supplements_of(dosage).has_days_off for dosage in dosages):
        return Period(start, supply_end, "supply")
    if stated_end is None:
        return Period(start, None, "none", covered_to=supply_end)
    if stated_end >= supply_end:
        return Period(start, stated_end, basis)
    return Period(start, supply_end, "supply")


def _start(resource: Mapping[str, object], dosages: tuple[Node, ...]) -> date | None:
    """Return the first day of use, else of the statement, else the day it was ordered or handed over."""
    stated = [day_of(period.get("start")) for period in _periods(dosages)]
    bounds = [day_of(_bounds(dosage).get("start")) for dosage in dosages]
    effective = child(resource, "effectivePeriod")
    ordered = [
        day_of(resource.get("authoredOn")),
        day_of(child(child(resource, "dispenseRequest"), "validityPeriod").get("start")),
    ]
    return (
        _earliest(stated)
        or _earliest(bounds)
        or day_of(effective.get("start"))
        or day_of(resource.get("effectiveDateTime"))
        or _latest(ordered)
        or day_of(resource.get("whenHandedOver"))
        or day_of(resource.get("whenPrepared"))
    )


def _supplied(resource: Mapping[str, object]) -> Span | None:
    """Return the days supplied, repeats included."""
    request = child(resource, "dispenseRequest")
    span = span_of(child(request, "expectedSupplyDuration"))
    if span is not None:
        repeats = number(request.get("numberOfRepeatsAllowed")) or 0
        return span.times(1 + min(max(int(repeats), 0), _MOST_REPEATS))
    return span_of(child(resource, "daysSupply"))


def _stated_end(
    resource: Mapping[str, object], dosages: tuple[Node, ...], start: date | None
) -> tuple[date | None, Basis]:
    """Return the last day by days ordered, else by a stated end, and which of them it was."""
    by_days = _latest(_ordered_end(dosage, start) for dosage in dosages)
    if by_days is not None:
        return by_days, "bounds"
    ends = [latest_day_of(period.get("end")) for period in _periods(dosages)]
    ends += [latest_day_of(_bounds(dosage).get("end")) for dosage in dosages]
    ends.append(latest_day_of(child(resource, "effectivePeriod").get("end")))
    by_period = _latest(ends)
    if by_period is not None:
        return by_period, "period"
    return None, "statement" if resource.get("resourceType") == "MedicationStatement" else "none"


def _ordered_end(dosage: Node, start: date | None) -> date | None:
    """Return the last day by `boundsDuration`, counted from this dosage's own start."""
    span = span_of(child(child(child(dosage, "timing"), "repeat"), "boundsDuration"))
    own = _earliest(day_of(period.get("start")) for period in _periods((dosage,))) or start
    return span.last_day(own) if span and own else None


def _periods(dosages: tuple[Node, ...]) -> list[Node]:
    found = (extensions(dosage, url) for dosage in dosages for url in _PERIOD_OF_USE)
    return [child(extension, "valuePeriod") for group in found for extension in group]


def _bounds(dosage: Node) -> Node:
    return child(child(child(dosage, "timing"), "repeat"), "boundsPeriod")


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)


def _latest(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day is not None), default=None)
