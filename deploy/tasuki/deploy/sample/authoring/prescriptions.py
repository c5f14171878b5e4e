"""One written prescription line: a MedicationRequest in the way JP-CLINS sends it.

https://jpfhir.jp/fhir/clins/igv1/StructureDefinition-jp-medicationrequest-ecs.html

Status is always `completed`; when a course ends is said by `expectedSupplyDuration` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring.products import product, times_per_day, usage
from tasuki.deploy.sample.authoring.vocabulary import (
    HL7,
    PERIOD_OF_USE,
    ROUTE,
    RP_GROUP,
    RP_ORDER,
    USAGE_SUPPLEMENT,
    coding,
    concept,
    days,
    profile,
)

if TYPE_CHECKING:
    from datetime import date

Json = dict[str, Any]

_ORAL = concept("経口", coding(ROUTE, "PO", "口"))
_ROUTES = {
    "inject-bedtime": concept("皮下注", coding(ROUTE, "SC")),
    "inhale-once": concept("吸入", coding(ROUTE, "IH")),
}


@dataclass(frozen=True, slots=True)
class Course:
    """A course of one drug.

    Args:
        drug: Key of the formulary.
        usage: Key of the formulary's usages.
        start: First day.
        supplied: Days dispensed each time; None when the prescription does not say.
        units: Tablets (or other units) at a time; None when it differs or is not said.
        repeats: How often the prescription may be dispensed again.
        supplements: JAMI supplement codes with their words.
        remark: Words added to the usage.
        order: Place of the line in its prescription, from 1.
    """

    drug: str
    usage: str
    start: date
    supplied: int | None = 28
    units: float | None = 1
    repeats: int = 0
    supplements: tuple[tuple[str, str], ...] = ()
    remark: str = ""
    order: int = 1


def prescribed(course: Course, patient: Json, doctor: Json) -> Json:
    """Return the MedicationRequest of a course, without id."""
    drug = product(course.drug)
    moment = f"{course.start.isoformat()}T10:30:00+09:00"
    return {
        "resourceType": "MedicationRequest",
        "meta": {"lastUpdated": moment, "profile": [profile("JP_MedicationRequest_eCS")]},
        "identifier": [
            {"system": RP_GROUP, "value": "1"},
            {"system": RP_ORDER, "value": str(course.order)},
        ],
        "status": "completed",
        "intent": "order",
        "category": [concept(None, coding(f"{HL7}/medicationrequest-category", "outpatient"))],
        "medicationCodeableConcept": drug.concept(),
        "subject": patient,
        "authoredOn": moment,
        "requester": doctor,
        "dosageInstruction": [_dosage(course)],
        "dispenseRequest": _dispense(course),
    }


def _dosage(course: Course) -> Json:
    drug = product(course.drug)
    timing: Json = {"code": usage(course.usage)}
    times = times_per_day(course.usage)
    if times is not None:
        timing["repeat"] = {"frequency": times, "period": 1, "periodUnit": "d"}
        if course.supplied is not None:
            timing["repeat"]["boundsDuration"] = days(course.supplied)
    words = [timing["code"]["text"]]
    if course.units is not None:
        words.append(f"１回 {course.units:g}{drug.unit_text}")
    words.extend(filter(None, [course.remark]))
    made: Json = {
        "extension": [{"url": PERIOD_OF_USE, "valuePeriod": {"start": course.start.isoformat()}}],
        "text": "　".join(words),
        "timing": timing,
        "route": _ROUTES.get(course.usage, _ORAL),
    }
    if course.supplements:
        made["additionalInstruction"] = [
            concept(text, coding(USAGE_SUPPLEMENT, code, text)) for code, text in course.supplements
        ]
    if times is None:
        made["asNeededBoolean"] = True
    if course.units is not None:
        made["doseAndRate"] = [drug.dose(course.units)]
    return made


def _dispense(course: Course) -> Json:
    made: Json = {"validityPeriod": {"start": f"{course.start.isoformat()}T10:30:00+09:00"}}
    if course.repeats:
        made["numberOfRepeatsAllowed"] = course.repeats
    if course.supplied is not None:
        made["expectedSupplyDuration"] = days(course.supplied)
    return made
