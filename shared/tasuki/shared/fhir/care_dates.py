"""When the care took place that a resource tells of, for `$everything` between two dates.

https://hl7.org/fhir/R4/patient-operation-everything.html: care dates, not the dates of the record.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.dates import LATEST, Interval, interval_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# The first of these elements that there is; of types that are not here no care has a date.
ELEMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "CarePlan": ("period",),
        "CareTeam": ("period",),
        "Composition": ("date",),
        "Condition": ("onsetDateTime", "onsetPeriod"),
        "DeviceUseStatement": ("timingDateTime", "timingPeriod", "timingTiming"),
        "DiagnosticReport": ("effectiveDateTime", "effectivePeriod"),
        "DocumentReference": ("context.period",),
        "Encounter": ("period",),
        "EpisodeOfCare": ("period",),
        "Flag": ("period",),
        "Immunization": ("occurrenceDateTime",),
        "MedicationAdministration": ("effectiveDateTime", "effectivePeriod"),
        "MedicationDispense": ("whenHandedOver", "whenPrepared"),
        "MedicationRequest": ("authoredOn",),
        "MedicationStatement": ("effectiveDateTime", "effectivePeriod"),
        "Observation": (
            "effectiveDateTime",
            "effectivePeriod",
            "effectiveInstant",
            "effectiveTiming",
        ),
        "Procedure": ("performedDateTime", "performedPeriod"),
        "QuestionnaireResponse": ("authored",),
        "ServiceRequest": (
            "occurrenceDateTime",
            "occurrencePeriod",
            "occurrenceTiming",
            "authoredOn",
        ),
        "Specimen": ("collection.collectedDateTime", "collection.collectedPeriod"),
    }
)


def care_dates(resource: Mapping[str, Any]) -> Interval | None:
    """Return when the care took place; None where the resource does not say."""
    type_ = str(resource.get("resourceType"))
    for path in ELEMENTS.get(type_, ()):
        found = interval_of(_at(resource, path))
        if found is not None:
            return _until_it_ended(resource, found) if type_ == "Condition" else found
    return None


def within(resource: Mapping[str, Any], asked: Interval) -> bool:
    """Return whether the care overlaps with what is asked for; what has no date is never left out."""
    held = care_dates(resource)
    return held is None or (held.start < asked.end and asked.start < held.end)


def _until_it_ended(resource: Mapping[str, Any], onset: Interval) -> Interval:
    """A condition lasts until it is said to have ended, not for the day it began."""
    for element in ("abatementDateTime", "abatementPeriod"):
        ended = interval_of(resource.get(element))
        if ended is not None:
            return Interval(onset.start, max(onset.end, ended.end))
    return Interval(onset.start, LATEST)


def _at(resource: Mapping[str, Any], path: str) -> Any:
    value: Any = resource
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
