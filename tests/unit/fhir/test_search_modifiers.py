"""https://hl7.org/fhir/R4/search.html#modifiers : what each does, and what is refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search import Query, parse_query, search_parameters
from tasuki.shared.fhir.types import SERVED_TYPES

BASE = "https://ehr.example/fhir"
KINDS = "http://terminology.hl7.org/CodeSystem/v2-0203"
JP_CORE = "http://jpfhir.jp/fhir/core/StructureDefinition"


def _query(resource_type: str, *pairs: tuple[str, str]) -> Query:
    return parse_query(resource_type, pairs, strict=True, base=BASE)


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "meta": {"source": "http://h.example/a/b", "profile": [f"{JP_CORE}/JP_Patient|1.1.2"]},
    "identifier": [
        {
            "type": {"coding": [{"system": KINDS, "code": "MR"}], "text": "診察券番号"},
            "system": "http://h/id",
            "value": "1|2",
        },
        {"system": "http://other", "value": "77"},
    ],
    "gender": "female",
    "managingOrganization": {"reference": "Organization/o", "display": "能登病院"},
}
UNKNOWN: dict[str, Any] = {"resourceType": "Patient"}
DEVICE: dict[str, Any] = {"resourceType": "Device", "url": "urn:oid:1.2.3"}


@pytest.mark.parametrize(
    ("resource", "name", "value", "expected"),
    [
        (PATIENT, "identifier:of-type", rf"{KINDS}|MR|1\|2", True),
        (PATIENT, "identifier:of-type", rf"{KINDS}|MR|77,{KINDS}|MR|1\|2", True),
        (PATIENT, "identifier:of-type", f"{KINDS}|MR|77", False),
        (PATIENT, "identifier:of-type", rf"{KINDS}|SS|1\|2", False),
        (PATIENT, "identifier:of-type", r"http://x|MR|1\|2", False),
        (PATIENT, "identifier:text", "診察券", True),
        (PATIENT, "identifier:text", "番号", False),
        (PATIENT, "identifier:missing", "false", True),
        (UNKNOWN, "identifier:missing", "true", True),
        (PATIENT, "gender:not", "female", False),
        (PATIENT, "gender:not", "male", True),
        (PATIENT, "gender:not", "male,female", False),
        (UNKNOWN, "gender:not", "female", True),  # R4: an absent element is not female either
        (PATIENT, "identifier:not", "77", False),
        (PATIENT, "_source", "http://h.example/a/b", True),
        (PATIENT, "_source", "http://h.example/a", False),
        (PATIENT, "_source:below", "http://h.example/a", True),
        (PATIENT, "_source:below", "http://h.example/a/", True),
        (PATIENT, "_source:below", "http://h.example/a/b", True),
        (PATIENT, "_source:below", "http://h.example/a/b/c", False),
        (PATIENT, "_source:below", "http://h.ex", False),
        (PATIENT, "_source:above", "http://h.example/a/b/c", True),
        (PATIENT, "_source:above", "http://h.example/a/b", True),
        (PATIENT, "_source:above", "http://h.example/a/bc", False),
        (PATIENT, "_source:above", "http://h.example/a", False),
        (UNKNOWN, "_source:above", "http://h.example/a", False),
        (UNKNOWN, "_source:missing", "true", True),
        (DEVICE, "url:below", "http://h.example", False),
        (DEVICE, "url", "urn:oid:1.2.3", True),
        (PATIENT, "_profile", f"{JP_CORE}/JP_Patient", True),
        (PATIENT, "_profile", f"{JP_CORE}/JP_Patient|1.1.2", True),
        (PATIENT, "_profile", f"{JP_CORE}/JP_Patient|1.2.0", False),
        (PATIENT, "_profile:below", JP_CORE, True),
        (PATIENT, "organization:Organization", "o", True),
        (PATIENT, "organization:missing", "true", False),
    ],
)
def test_modifiers(resource: dict[str, Any], name: str, value: str, *, expected: bool) -> None:
    assert _query(resource["resourceType"], (name, value)).matches(resource) is expected


@pytest.mark.parametrize(
    ("resource_type", "name", "value", "category", "words"),
    [
        ("Condition", "code:in", "http://v", Category.NOT_SUPPORTED, "terminology server"),
        ("Condition", "code:not-in", "http://v", Category.NOT_SUPPORTED, "terminology server"),
        ("Condition", "code:above", "a", Category.NOT_SUPPORTED, "terminology server"),
        ("Condition", "code:below", "a", Category.NOT_SUPPORTED, "terminology server"),
        ("Condition", "code:of-type", "a|b|c", Category.NOT_SUPPORTED, ":not and :text"),
        ("Condition", "code:exact", "a", Category.NOT_SUPPORTED, "token; supported"),
        ("Location", "partof:below", "l", Category.NOT_SUPPORTED, "hierarchies"),
        ("Encounter", "location:above", "l", Category.NOT_SUPPORTED, "hierarchies"),
        ("Patient", "family:text", "a", Category.NOT_SUPPORTED, ":exact and :contains"),
        ("Patient", "birthdate:not", "2000", Category.NOT_SUPPORTED, "date; supported: :missing"),
        ("Observation", "value-quantity:above", "5", Category.NOT_SUPPORTED, ":missing"),
        ("Patient", "_source:contains", "a", Category.NOT_SUPPORTED, ":above and :below"),
        ("Patient", "_source:below", "urn:oid:1.2.3", Category.INVALID, "a URL with a path"),
        ("Patient", "identifier:of-type", "a|b", Category.INVALID, "system|code|value"),
        ("Patient", "identifier:of-type", "a||c", Category.INVALID, "system|code|value"),
        ("Patient", "identifier:of-type", "a|b|c|d", Category.INVALID, "system|code|value"),
        ("Location", "near", "37.3|136.9|10|km", Category.NOT_SUPPORTED, "distances"),
        ("Patient", "_text", "a", Category.NOT_SUPPORTED, "no index"),
        ("Patient", "_content", "a", Category.NOT_SUPPORTED, "no index"),
        ("Patient", "_list", "a", Category.NOT_SUPPORTED, "search the List"),
        ("Patient", "_query", "a", Category.NOT_SUPPORTED, "named queries"),
        ("Patient", "_filter", "a", Category.NOT_SUPPORTED, "filter expressions"),
        ("Patient", "_type", "Patient", Category.NOT_SUPPORTED, "in the path"),
        ("Patient", "_contained", "true", Category.NOT_SUPPORTED, "contains"),
        ("Patient", "_contained", "both", Category.NOT_SUPPORTED, "contains"),
        ("Patient", "_containedType", "x", Category.NOT_SUPPORTED, "contains"),
        ("Observation", "patient._text", "a", Category.NOT_SUPPORTED, "no index"),
    ],
)
def test_refusals_say_why(
    resource_type: str, name: str, value: str, category: Category, words: str
) -> None:
    for strict in (True, False):
        with pytest.raises(Fault) as caught:
            parse_query(resource_type, [(name, value)], strict=strict, base=BASE)
        assert caught.value.category is category
        assert words in caught.value.message


def test_near_is_known_of_places_only() -> None:
    with pytest.raises(Fault, match="unknown search parameter near"):
        _query("Patient", ("near", "a"))


@pytest.mark.parametrize("resource_type", sorted(SERVED_TYPES))
def test_every_kind_of_parameter_refuses_a_strange_modifier(resource_type: str) -> None:
    for code in search_parameters(resource_type):
        with pytest.raises(Fault) as caught:
            _query(resource_type, (f"{code}:shoe", "1"))
        assert caught.value.category is Category.NOT_SUPPORTED
