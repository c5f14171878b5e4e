"""https://hl7.org/fhir/R4/search.html#errors ; what a query refuses, ignores and restricts."""

from __future__ import annotations

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search import Query, parse_query

BASE = "https://ehr.example/fhir"


def _query(resource_type: str, *pairs: tuple[str, str]) -> Query:
    return parse_query(resource_type, pairs, strict=True, base=BASE)


@pytest.mark.parametrize(
    ("resource_type", "name", "value", "category"),
    [
        ("Patient", "nombre", "a", Category.INVALID),
        ("Patient", "name", "", Category.INVALID),
        ("Patient", "name", "a,,b", Category.INVALID),
        ("Patient", "name:below", "a", Category.NOT_SUPPORTED),
        ("Patient", "gender:in", "a", Category.NOT_SUPPORTED),
        ("Patient", "birthdate:exact", "1938", Category.NOT_SUPPORTED),
        ("Patient", "name:", "a", Category.NOT_SUPPORTED),
        ("Patient", "gender:missing", "maybe", Category.INVALID),
        ("Observation", "value-quantity", "a", Category.INVALID),
        ("Observation", "value-quantity", "5|mg", Category.INVALID),
        ("Observation", "subject:Practitioner", "a", Category.NOT_SUPPORTED),
        ("Patient", "_id", ",".join(["a"] * 1001), Category.TOO_COSTLY),
        ("Patient", "_format", "xml", Category.NOT_ACCEPTABLE),
        ("Patient", "_format", "application/fhir+xml", Category.NOT_ACCEPTABLE),
        ("Patient", "_count", "-1", Category.INVALID),
        ("Patient", "_count", "٣", Category.INVALID),
        ("Patient", "_count", "9" * 5000, Category.INVALID),
        ("Patient", "_total", "some", Category.INVALID),
        ("Patient", "_summary", "yes", Category.INVALID),
        ("Patient", "_elements", "a b", Category.INVALID),
        ("Patient", "_sort", "shoe", Category.INVALID),
        ("Patient", "_sort", "", Category.INVALID),
        ("Observation", "_include", "Observation:nobody", Category.INVALID),
        ("Observation", "_include", "Observation:code", Category.INVALID),
        ("Observation", "_include", "Patient:organization", Category.INVALID),
        ("Observation", "_include", "Observation", Category.INVALID),
        ("Observation", "_include", "Observation:subject:Nobody", Category.INVALID),
        ("Observation", "_include", "*", Category.NOT_SUPPORTED),
        ("Observation", "_include:recurse", "Observation:subject", Category.NOT_SUPPORTED),
        ("Observation", "_include:exact", "Observation:subject", Category.NOT_SUPPORTED),
        ("Observation", "_include", "Observation:patient:Organization", Category.INVALID),
        ("Patient", "_revinclude", "Organization:partof", Category.INVALID),
        ("Patient", "_count:exact", "1", Category.NOT_SUPPORTED),
        ("Patient", "_sort:missing", "name", Category.NOT_SUPPORTED),
        ("AuditEvent", "_id", "a", Category.NOT_SUPPORTED),
    ],
)
def test_what_is_refused(resource_type: str, name: str, value: str, category: Category) -> None:
    for strict in (True, False):
        if (name, strict) == ("nombre", False):
            continue
        with pytest.raises(Fault) as caught:
            parse_query(resource_type, [(name, value)], strict=strict, base=BASE)
        assert caught.value.category is category


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(Fault) as caught:
        _query("Patient", *[("given", "a")] * 101)
    assert caught.value.category is Category.TOO_COSTLY


def test_a_strict_refusal_names_what_is_known() -> None:
    with pytest.raises(Fault) as caught:
        _query("Patient", ("nombre", "能登"))
    assert caught.value.at == ("nombre",)
    assert "unknown search parameter nombre; known: _id" in caught.value.message
    assert "birthdate" in caught.value.message
    assert "能登" not in caught.value.message


def test_a_strange_parameter_name_is_not_repeated() -> None:
    with pytest.raises(Fault) as caught:
        _query("Patient", ("能登 花子", "1"))
    assert "能登" not in caught.value.message
    assert caught.value.at == ()


def test_a_lenient_query_lists_what_it_ignored() -> None:
    query = parse_query("Patient", [("nombre", "a"), ("given", "福")], strict=False, base=BASE)
    assert query.ignored == ("nombre",)
    assert query.canonical() == "given=%E7%A6%8F"
    assert query.matches({"resourceType": "Patient", "name": [{"given": ["福子"]}]})


@pytest.mark.parametrize(
    ("resource_type", "pairs", "expected"),
    [
        ("MedicationRequest", [("patient", "p1")], {"p1"}),
        ("MedicationRequest", [("patient", "Patient/p1,p2")], {"p1", "p2"}),
        ("MedicationRequest", [("subject", "p1")], {"p1"}),
        ("MedicationRequest", [("subject", f"{BASE}/Patient/p1")], {"p1"}),
        ("MedicationRequest", [("subject", "Group/g")], None),
        ("MedicationRequest", [("subject", "Group/g,Patient/p1")], None),
        ("MedicationRequest", [("subject", "https://other.example/fhir/Patient/p1")], None),
        ("MedicationRequest", [("patient", "p1,p2"), ("subject", "p2,p3")], {"p2"}),
        ("MedicationRequest", [("patient", "p1"), ("patient", "p2")], set()),
        ("MedicationRequest", [("patient:missing", "false")], None),
        ("MedicationRequest", [("patient:identifier", "a|b")], None),
        ("MedicationRequest", [("status", "completed")], None),
        ("Coverage", [("beneficiary", "p1")], {"p1"}),
        ("Coverage", [("subscriber", "p1")], None),
        ("Patient", [("_id", "p1,p2")], {"p1", "p2"}),
        ("Patient", [("_id:not", "p1")], None),
        ("Patient", [("name", "a")], None),
        ("Provenance", [("patient", "p1")], {"p1"}),
    ],
)
def test_whom_a_query_can_be_about(
    resource_type: str, pairs: list[tuple[str, str]], expected: set[str] | None
) -> None:
    wanted = None if expected is None else frozenset(expected)
    assert _query(resource_type, *pairs).subject_ids() == wanted


def test_ids_and_identifiers_for_the_index() -> None:
    query = _query("Patient", ("_id", "a,b"), ("_id", "b,c"))
    assert query.ids() == frozenset({"b"})
    assert query.identifier_tokens() == []
    assert _query("Patient").ids() is None
    oid = "urn:oid:1.2.392.100495.20.3.61"
    url = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber"
    query = _query("Patient", ("identifier", "bare"), ("identifier", f"{oid}|1,http://h|2"))
    assert query.identifier_tokens() == [(url, "1"), ("http://h", "2")]
    assert _query("Patient", ("identifier", f"{oid}|1,2")).identifier_tokens() == []
    assert _query("Patient", ("identifier:not", f"{oid}|1")).identifier_tokens() == []
