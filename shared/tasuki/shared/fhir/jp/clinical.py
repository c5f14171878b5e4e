"""What JP-CLINS says of allergies, conditions and prescriptions beyond R4.

https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.jp.people import INSTITUTION_NUMBER
from tasuki.shared.fhir.jp.rule import Rule
from tasuki.shared.fhir.jp.systems import (
    DEPARTMENT,
    INSTITUTION,
    UNCODED_DRUG,
    UNCODED_LAB,
    UNCODED_USAGE,
    USAGE,
)
from tasuki.shared.fhir.jp.walking import codings, each, extensions

if TYPE_CHECKING:
    from collections.abc import Iterator

DUMMY_USAGE = "0X0XXXXXXXXX0000"
_DUMMY_ALLERGENS = frozenset({"D9F000000000", "D9M000000000", "D9N000000000"})
_DUMMY_SYSTEMS = frozenset({UNCODED_DRUG, UNCODED_LAB})
_CONCEPTS = ("code", "medicationCodeableConcept", "dosageInstruction.timing.code")
_SENT = frozenset({"Condition", "Observation"})


def _is_dummy(system: str, code: str) -> bool:
    usage = system == UNCODED_USAGE and code == DUMMY_USAGE
    return usage or system in _DUMMY_SYSTEMS or code in _DUMMY_ALLERGENS


def _dummy_without_text(resource: dict[str, Any]) -> Iterator[str]:
    for path in _CONCEPTS:
        for place, concept in each(resource, path):
            if not isinstance(concept, dict) or str(concept.get("text", "")).strip():
                continue
            if any(_is_dummy(system, code) for _, system, code in codings(concept, "coding")):
                yield f"{place}.text"


def _usage(resource: dict[str, Any]) -> Iterator[str]:
    for place, dosage in each(resource, "dosageInstruction"):
        if not isinstance(dosage, dict):
            continue
        found = list(codings(dosage, "timing.code.coding"))
        standard = any(system == USAGE for _, system, _ in found)
        dummy = any(system == UNCODED_USAGE and code == DUMMY_USAGE for _, system, code in found)
        if standard == dummy:
            yield f"{place}.timing.code.coding"


def _biologic(resource: dict[str, Any]) -> Iterator[str]:
    return (place for place, value in each(resource, "category") if value == "biologic")


def _institution_form(resource: dict[str, Any]) -> Iterator[str]:
    for place, held in extensions(resource, INSTITUTION):
        identifier = held.get("valueIdentifier")
        value = identifier.get("value") if isinstance(identifier, dict) else None
        if not isinstance(value, str) or not INSTITUTION_NUMBER.fullmatch(value):
            yield f"{place}.valueIdentifier.value"


def _no_institution(resource: dict[str, Any]) -> Iterator[str]:
    if resource.get("resourceType") != "Patient" and not any(extensions(resource, INSTITUTION)):
        yield "extension"


def _no_department(resource: dict[str, Any]) -> Iterator[str]:
    if not any(extensions(resource, DEPARTMENT)):
        yield "extension"


def _no_visit(resource: dict[str, Any]) -> Iterator[str]:
    held = (one for _, one in each(resource, "contained") if isinstance(one, dict))
    if not any(one.get("resourceType") == "Encounter" for one in held):
        yield "contained"


def _no_onset(resource: dict[str, Any]) -> Iterator[str]:
    if "onsetDateTime" not in resource:
        yield "onsetDateTime"


CLINICAL_RULES = (
    Rule(
        "T-dummy-text",
        "code.text",
        "a dummy code needs the text it stands for",
        _dummy_without_text,
    ),
    Rule(
        "R5020",
        "MedicationRequest.dosageInstruction.timing.code.coding",
        "needs either a usage code of the ministry or the dummy usage code, and not both",
        _usage,
        types=frozenset({"MedicationRequest"}),
    ),
    Rule(
        "T-biologic",
        "AllergyIntolerance.category",
        "biologic is not used",
        _biologic,
        types=frozenset({"AllergyIntolerance"}),
    ),
    Rule(
        "R1021",
        "extension",
        "an institution number has ten digits: prefecture, table 1 to 3, and seven more",
        _institution_form,
    ),
    Rule(
        "R9011",
        "extension",
        "needs the number of the institution it comes from (JP_eCS_InstitutionNumber)",
        _no_institution,
        sent_only=True,
    ),
    Rule(
        "R9013",
        "contained",
        "needs the visit as a contained Encounter",
        _no_visit,
        types=_SENT,
        sent_only=True,
    ),
    Rule(
        "R9014",
        "extension",
        "needs the department (JP_eCS_Department)",
        _no_department,
        types=_SENT,
        sent_only=True,
    ),
    Rule(
        "R9015",
        "Condition.onsetDateTime",
        "is required in what is sent",
        _no_onset,
        types=frozenset({"Condition"}),
        sent_only=True,
    ),
)
