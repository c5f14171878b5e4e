"""Immunizations, procedures and laboratory results: taken over as recorded, each once.

https://hl7.org/fhir/uv/ips/ (Immunization, Procedure, Observation results laboratory-pathology)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.clinical.dates import day_of
from tasuki.shared.clinical.fhirjson import (
    Node,
    child,
    children,
    codings,
    first_code,
    lexeme,
    string,
)
from tasuki.shared.clinical.ips.extensions import unknown
from tasuki.shared.clinical.names import folded
from tasuki.shared.clinical.person import concept_words
from tasuki.shared.clinical.profile_lines import Fact, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.shared.clinical.sources import Resource, SourceRecords

_KEPT = {
    "Immunization": (
        *("status", "vaccineCode", "occurrenceDateTime", "occurrenceString", "recorded", "site"),
        *("primarySource", "lotNumber", "route", "doseQuantity", "performer", "note"),
        "protocolApplied",
    ),
    "Procedure": (
        *("status", "category", "code", "performedDateTime", "performedPeriod", "performedString"),
        *("performer", "bodySite", "outcome", "reasonCode", "note"),
    ),
    "Observation": (
        *("status", "category", "code", "effectiveDateTime", "effectivePeriod", "issued"),
        *("performer", "valueQuantity", "valueCodeableConcept", "valueString", "interpretation"),
        *("referenceRange", "component", "dataAbsentReason", "note", "valueInteger"),
        *("valueBoolean", "valueRange", "valueRatio", "bodySite", "method"),
    ),
}
_NOT_DONE = frozenset({"entered-in-error", "not-done", "cancelled", "registered"})
_WHEN = ("occurrenceDateTime", "performedDateTime", "effectiveDateTime", "occurrenceString")
_PERIODS = ("performedPeriod", "effectivePeriod")
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_LABORATORY = frozenset({"laboratory", "LAB"})


@dataclass(frozen=True)
class Record:
    """One immunization, procedure or result and everybody who recorded it.

    Attributes:
        name: In words, as recorded.
        value: A result in words; empty for the others.
        when: FHIR date or dateTime as recorded, or empty.
        facts: At least one.
    """

    name: str
    value: str
    when: str
    facts: tuple[Fact, ...]


def immunizations(sources: Sequence[SourceRecords]) -> tuple[Record, ...]:
    """Return immunizations that were given, newest first."""
    return _records(sources, "Immunization", "vaccineCode")


def procedures(sources: Sequence[SourceRecords]) -> tuple[Record, ...]:
    """Return procedures that were done or are under way, newest first."""
    return _records(sources, "Procedure", "code")


def results(sources: Sequence[SourceRecords]) -> tuple[Record, ...]:
    """Return the newest laboratory result of each test, newest first."""
    newest: dict[str, Record] = {}
    for record in _records(sources, "Observation", "code"):
        newest.setdefault(folded(record.name), record)
    return tuple(newest.values())


def _records(sources: Sequence[SourceRecords], kind: str, named_by: str) -> tuple[Record, ...]:
    found: dict[tuple[str, str, str], Record] = {}
    for source in sources:
        for resource in source.of_type(kind):
            record = _record(source, resource, named_by)
            if record is None:
                continue
            key = (folded(record.name), record.when, record.value)
            held = found.get(key)
            facts = (*held.facts, *record.facts) if held else record.facts
            found[key] = Record(record.name, record.value, record.when, facts)
    return tuple(sorted(found.values(), key=lambda record: record.when, reverse=True))


def _record(source: SourceRecords, resource: Resource, named_by: str) -> Record | None:
    kind = str(resource["resourceType"])
    if resource.get("status") in _NOT_DONE or not _belongs(resource):
        return None
    kept = {name: value for name, value in resource.items() if name in _KEPT[kind]}
    if kind == "Observation":
        kept = _as_laboratory(kept, source)
    elif kind == "Procedure" and not _when(kept):
        kept["performedPeriod"] = unknown()
    kept.setdefault(named_by, unknown())
    when = _when(kept)
    origin = Origin(source.source, source.kind == "resident", day_of(when))
    name = concept_words(child(kept, named_by))
    return Record(name, _value(kept), when, (Fact(origin, {"resourceType": kind, **kept}),))


def _belongs(resource: Resource) -> bool:
    """Tell whether a resource has the content its section is for."""
    if resource["resourceType"] != "Observation":
        return True
    found = {c.code for category in children(resource, "category") for c in codings(category)}
    return bool(found & _LABORATORY)


def _as_laboratory(kept: dict[str, Any], source: SourceRecords) -> dict[str, Any]:
    """Return an observation with what the IPS profile requires; what nobody knows says so."""
    if not any(
        coding.system == _CATEGORY and coding.code == "laboratory"
        for category in children(kept, "category")
        for coding in codings(category)
    ):
        category = {"coding": [{"system": _CATEGORY, "code": "laboratory"}]}
        kept["category"] = [category, *kept.get("category", ())]
    if not kept.get("performer"):
        kept["performer"] = [{"display": source.title_ja}]
    if not _when(kept):
        kept["effectivePeriod"] = unknown()
    if not any(name.startswith(("value", "component", "dataAbsentReason")) for name in kept):
        system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        kept["dataAbsentReason"] = {"coding": [{"system": system, "code": "unknown"}]}
    return kept


def _when(resource: Node) -> str:
    """Return the date a record is about, as written."""
    days: Iterable[str | None] = (
        *(string(resource, name) for name in _WHEN),
        *(string(child(resource, name), "start") for name in _PERIODS),
    )
    return next((day for day in days if day), "")


def _value(resource: Node) -> str:
    """Return a result in words: number with its digits and unit, coded answer, or text."""
    quantity = child(resource, "valueQuantity")
    if quantity:
        comparator, unit = string(quantity, "comparator") or "", string(quantity, "unit") or ""
        return f"{comparator}{lexeme(quantity.get('value')) or ''} {unit}".strip()
    concept = child(resource, "valueCodeableConcept")
    if concept:
        return concept_words(concept) or first_code(concept) or ""
    return string(resource, "valueString") or lexeme(resource.get("valueInteger")) or ""
