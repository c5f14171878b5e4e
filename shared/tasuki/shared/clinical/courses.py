"""Which medicines a person takes today, computed from dates.

JP-CLINS fixes `MedicationRequest.status` to `completed`, so a status never ends a course; dates do.
Days supplied (times repeats) come first, else the days ordered, else a stated end. With none of
them the end is unknown and the medicine stays on the list. Weekday, alternate-day and other
interval usages are supplied in days of intake, not calendar days, so only a stated end ends them.
https://hl7.org/fhir/R4/medicationrequest.html, https://jpfhir.jp/fhir/clins/
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from tasuki.shared.clinical.course_dates import Basis, Period, period_of
from tasuki.shared.clinical.drugs import Drug, drug_of, drug_of_medication
from tasuki.shared.clinical.fhirjson import EMPTY, Node, child, children, string
from tasuki.shared.clinical.usage import is_as_needed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_Outcome = Literal["never", "stopped", "open"]


class Standing(Enum):
    """Where a course stands today."""

    CURRENT = "current"
    AS_NEEDED = "as-needed"  # kept for use when needed; left-over stock outlives the days supplied
    END_UNKNOWN = "end-unknown"  # no end recorded: shown, never taken for ended
    NOT_STARTED = "not-started"
    ENDED = "ended"
    STOPPED = "stopped"  # stopped or on hold by decision


@dataclass(frozen=True, slots=True)
class Course:
    """One medicine over one stretch of time.

    Attributes:
        drug: The medicine.
        start: First day, or None if not recorded.
        last_day: Last day covered, inclusive, or None if unknown.
        standing: Where it stands today.
        days_left: Days after today still covered while running; 0 on the last day.
        ended_days_ago: Days since the last day, once it is past.
        basis: What the last day rests on.
        as_needed: True if every dosage is as needed.
        dosages: The dosages as recorded.
        resource: The FHIR resource it was read from.
    """

    drug: Drug
    start: date | None
    last_day: date | None
    standing: Standing
    days_left: int | None
    ended_days_ago: int | None
    basis: Basis
    as_needed: bool
    dosages: tuple[Mapping[str, object], ...]
    resource: Mapping[str, object]


_NEVER: Final = frozenset(
    {"entered-in-error", "cancelled", "draft", "not-taken", "declined", "preparation"}
)
_STOPPED: Final = frozenset({"stopped", "on-hold"})
_NOT_AN_ORDER: Final = frozenset({"proposal", "plan", "option"})
_DOSAGES: Final = {
    "MedicationRequest": "dosageInstruction",
    "MedicationDispense": "dosageInstruction",
    "MedicationStatement": "dosage",
}


def course_of(
    resource: Mapping[str, object],
    today: date,
    medications: Mapping[str, Mapping[str, object]] | None = None,
) -> Course | None:
    """Return the course a resource describes, or None if it is no medicine the person takes.

    Args:
        resource: MedicationRequest, MedicationStatement or MedicationDispense.
        today: The calendar day in Japan.
        medications: Medication resources by the reference that names them.
    """
    kind = string(resource, "resourceType") or ""
    outcome = _outcome(resource)
    if kind not in _DOSAGES or outcome == "never":
        return None
    dosages = children(resource, _DOSAGES[kind])
    as_needed = bool(dosages) and all(is_as_needed(dosage) for dosage in dosages)
    period = period_of(resource, dosages)
    standing = Standing.STOPPED if outcome == "stopped" else _standing(period, today, resource)
    if as_needed and standing in {Standing.CURRENT, Standing.ENDED, Standing.END_UNKNOWN}:
        standing = Standing.AS_NEEDED
    left = None if period.last_day is None else (period.last_day - today).days
    running = standing in {Standing.CURRENT, Standing.AS_NEEDED}
    return Course(
        drug=drug_in(resource, medications or {}),
        start=period.start,
        last_day=period.last_day,
        standing=standing,
        days_left=left if left is not None and left >= 0 and running else None,
        ended_days_ago=-left if left is not None and left < 0 else None,
        basis=period.basis,
        as_needed=as_needed,
        dosages=dosages,
        resource=resource,
    )


def drug_in(
    resource: Mapping[str, object], medications: Mapping[str, Mapping[str, object]]
) -> Drug:
    """Return the medicine of a resource: coded in place, contained, or referred to."""
    concept = child(resource, "medicationCodeableConcept")
    reference = child(resource, "medicationReference")
    target = string(reference, "reference") or ""
    if not concept and target:
        medication = medications.get(target, EMPTY)
        if target.startswith("#"):
            medication = _contained(resource, target[1:])
        if medication:
            return drug_of_medication(medication)
        return drug_of({"text": string(reference, "display")})
    return drug_of(concept)


def _contained(resource: Mapping[str, object], name: str) -> Node:
    return next((item for item in children(resource, "contained") if item.get("id") == name), EMPTY)


def _outcome(resource: Mapping[str, object]) -> _Outcome:
    status = string(resource, "status")
    if status in _NEVER or resource.get("doNotPerform") is True:
        return "never"
    if string(resource, "intent") in _NOT_AN_ORDER:
        return "never"
    return "stopped" if status in _STOPPED else "open"


def _standing(period: Period, today: date, resource: Mapping[str, object]) -> Standing:
    if period.start is not None and period.start > today:
        return Standing.NOT_STARTED
    if period.last_day is not None:
        return Standing.CURRENT if today <= period.last_day else Standing.ENDED
    covered = period.covered_to is not None and today <= period.covered_to
    taken = resource.get("resourceType") == "MedicationStatement" and _is_taken(resource)
    return Standing.CURRENT if covered or taken else Standing.END_UNKNOWN


def _is_taken(statement: Mapping[str, object]) -> bool:
    """A statement of use without an end says the medicine is being taken."""
    return string(statement, "status") == "active"
