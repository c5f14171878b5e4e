"""https://hl7.org/fhir/R4/search.html#combining : two conditions on the same place."""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search import Query, parse_query, search_parameters
from tasuki.shared.fhir.types import SERVED_TYPES

BASE = "https://ehr.example/fhir"
UCUM = "http://unitsofmeasure.org"


def _query(resource_type: str, *pairs: tuple[str, str]) -> Query:
    return parse_query(resource_type, pairs, strict=True, base=BASE)


def _coded(code: str, system: str = "http://loinc.org") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _millimetres(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}


PRESSURE: dict[str, Any] = {
    "resourceType": "Observation",
    "code": _coded("85354-9"),
    "component": [
        {"code": _coded("8480-6"), "valueQuantity": _millimetres(150)},
        {"code": _coded("8462-4"), "valueQuantity": _millimetres(80.5)},
    ],
}
POTASSIUM: dict[str, Any] = {
    "resourceType": "Observation",
    "code": _coded("2823-3"),
    "valueQuantity": {"value": 6.1, "system": UCUM, "code": "mmol/L"},
}
STRAIN: dict[str, Any] = {
    "resourceType": "Observation",
    "code": _coded("a|b$c,d", "http://x"),
    "valueCodeableConcept": _coded("pos", "http://y"),
    "component": [{"code": _coded("k"), "valueCodeableConcept": _coded("neg", "http://y")}],
}
WORDS: dict[str, Any] = {
    "resourceType": "Observation",
    "code": _coded("w"),
    "valueString": "ﾗｼﾞｵ体操",
}
TIME: dict[str, Any] = {
    "resourceType": "Observation",
    "code": _coded("t"),
    "valueDateTime": "2024-01-01T16:10:00+09:00",
}
STRETCH: dict[str, Any] = {
    "resourceType": "Observation",
    "code": _coded("t"),
    "valuePeriod": {"start": "2024-01-01", "end": "2024-01-03"},
}
DOCUMENT: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "relatesTo": [
        {"code": "replaces", "target": {"reference": "DocumentReference/old"}},
        {"code": "appends", "target": {"reference": "DocumentReference/other"}},
    ],
}


@pytest.mark.parametrize(
    ("resource", "name", "value", "expected"),
    [
        (PRESSURE, "component-code-value-quantity", "8480-6$gt140", True),
        (PRESSURE, "component-code-value-quantity", "8462-4$gt140", False),
        (PRESSURE, "component-code-value-quantity", "8462-4$80.5||mmHg", True),
        (PRESSURE, "component-code-value-quantity", f"8480-6$ge150|{UCUM}|mm[Hg]", True),
        (PRESSURE, "component-code-value-quantity", f"8480-6$ge150|{UCUM}|kPa", False),
        (PRESSURE, "component-code-value-quantity", "8462-4$gt140,8480-6$ap160", True),
        (PRESSURE, "code-value-quantity", "8480-6$gt140", False),
        (PRESSURE, "combo-code-value-quantity", "http://loinc.org|8480-6$sa140", True),
        (PRESSURE, "combo-code-value-quantity", "85354-9$gt140", False),
        (POTASSIUM, "combo-code-value-quantity", "2823-3$gt6", True),
        (POTASSIUM, "code-value-quantity", "2823-3$gt6", True),
        (POTASSIUM, "code-value-quantity", "2823-3$lt6", False),
        (POTASSIUM, "code-value-quantity", "2951-2$gt6", False),
        (STRAIN, "code-value-concept", r"http://x|a\|b\$c\,d$http://y|pos", True),
        (STRAIN, "code-value-concept", r"http://x|a\|b\$c\,d$neg", False),
        (STRAIN, "component-code-value-concept", "k$neg", True),
        (STRAIN, "component-code-value-concept", "k$pos", False),
        (STRAIN, "combo-code-value-concept", "k$neg", True),
        (STRAIN, "combo-code-value-concept", "k$pos", False),
        (WORDS, "code-value-string", "w$らじお", True),
        (WORDS, "code-value-string", "w$体操", False),
        (TIME, "code-value-date", "t$2024-01-01", True),
        (TIME, "code-value-date", "t$lt2024-01-01", False),
        (STRETCH, "code-value-date", "t$sa2023", True),
        (STRETCH, "code-value-date", "t$2024-01-01", False),
        (DOCUMENT, "relationship", "replaces$DocumentReference/old", True),
        (DOCUMENT, "relationship", "replaces$old", True),
        (DOCUMENT, "relationship", "appends$old", False),
    ],
)
def test_both_parts_match_in_the_same_place(
    resource: dict[str, Any], name: str, value: str, *, expected: bool
) -> None:
    assert _query(resource["resourceType"], (name, value)).matches(resource) is expected


def test_every_composite_of_hl7_is_there_and_its_parts_look_at_something() -> None:
    found = {
        (type_, code): [(part.code, part.type, part.expression) for part in parameter.components]
        for type_ in SERVED_TYPES
        for code, parameter in search_parameters(type_).items()
        if parameter.type == "composite"
    }
    assert sorted(code for type_, code in found if type_ == "Observation") == [
        "code-value-concept",
        "code-value-date",
        "code-value-quantity",
        "code-value-string",
        "combo-code-value-concept",
        "combo-code-value-quantity",
        "component-code-value-concept",
        "component-code-value-quantity",
    ]
    # HL7 gives these two definitions in the order of the other's expression.
    assert found[("DocumentReference", "relationship")] == [
        ("relation", "token", "code"),
        ("relatesto", "reference", "target"),
    ]
    assert len(found) == 10


@pytest.mark.parametrize(
    ("name", "value", "category"),
    [
        ("code-value-quantity", "a", Category.INVALID),
        ("code-value-quantity", "a$5$6", Category.INVALID),
        ("code-value-quantity", "a$", Category.INVALID),
        ("code-value-quantity", "$5", Category.INVALID),
        ("code-value-quantity", "a$five", Category.INVALID),
        ("code-value-quantity", "|$5", Category.INVALID),
        ("code-value-date", "a$gestern", Category.INVALID),
        ("code-value-quantity:not", "a$5", Category.NOT_SUPPORTED),
        ("code-value-quantity:missing", "true", Category.NOT_SUPPORTED),
        ("_sort", "code-value-quantity", Category.INVALID),
    ],
)
def test_what_no_composite_is(name: str, value: str, category: Category) -> None:
    with pytest.raises(Fault) as caught:
        _query("Observation", (name, value))
    assert caught.value.category is category
    assert "gestern" not in caught.value.message
