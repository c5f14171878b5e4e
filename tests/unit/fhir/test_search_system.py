"""https://hl7.org/fhir/R4/http.html#search : one search over several types."""

from __future__ import annotations

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search import Query, parse_system_query
from tasuki.shared.fhir.types import SERVED_TYPES

BASE = "https://ehr.example/fhir"
CLINICAL = ("Condition", "Observation", "MedicationRequest")


def _queries(types: tuple[str, ...], *pairs: tuple[str, str]) -> tuple[Query, ...]:
    return parse_system_query(types, pairs, strict=True, base=BASE)


def test_every_type_gets_the_query() -> None:
    queries = _queries(
        CLINICAL,
        ("patient", "p1"),
        ("code", "a"),
        ("_count", "5"),
        ("_sort", "-_lastUpdated"),
        ("_summary", "true"),
    )
    assert [query.resource_type for query in queries] == [*CLINICAL]
    for query in queries:
        assert [term.parameter.code for term in query.terms] == ["patient", "code"]
        assert query.subject_ids() == frozenset({"p1"})
        assert query.count == 5
        assert query.results.summary == "true"
        assert query.ignored == ()
    assert len({query.canonical() for query in queries}) == 1
    coded = {"resourceType": "Condition", "code": {"coding": [{"code": "a"}]}}
    about = {**coded, "subject": {"reference": "Patient/p1"}}
    assert [query.matches(about) for query in queries] == [True, False, False]


def test_chains_go_to_every_type() -> None:
    for query in _queries(("Condition", "Encounter"), ("patient.name", "能登")):
        (chain,) = query.chains
        assert [inner.resource_type for inner in chain.queries] == ["Patient"]


@pytest.mark.parametrize(
    ("types", "pairs", "category", "words"),
    [
        ((), [], Category.INVALID, "name them"),
        (("Patient", "Patient"), [], Category.INVALID, "twice"),
        (("Patient", "AuditEvent"), [], Category.NOT_SUPPORTED, "not served"),
        (CLINICAL, [("value-quantity", "5")], Category.INVALID, "all of them know: _id"),
        (CLINICAL, [("shoe", "5")], Category.INVALID, "unknown search parameter shoe"),
        (("Condition", "Patient"), [("patient", "p1")], Category.INVALID, "all of them know"),
        (("Condition", "Patient"), [("_has:Encounter:subject:_id", "e")], Category.INVALID, "_has"),
        (("Location", "Condition"), [("_sort", "name")], Category.INVALID, "_sort"),
        (("Condition", "Patient"), [("encounter.status", "a")], Category.INVALID, "all of them"),
        (CLINICAL, [("_elements", "dosageInstruction")], Category.INVALID, "_elements"),
    ],
)
def test_what_is_refused(
    types: tuple[str, ...], pairs: list[tuple[str, str]], category: Category, words: str
) -> None:
    with pytest.raises(Fault) as caught:
        _queries(types, *pairs)
    assert caught.value.category is category
    assert words in caught.value.message


def test_many_values_for_many_types_are_refused() -> None:
    ids = ",".join(["a"] * 1000)
    assert len(_queries(CLINICAL, ("_id", ids))) == 3
    with pytest.raises(Fault) as caught:
        _queries(tuple(sorted(SERVED_TYPES)), *[("_id", ids)] * 4)
    assert caught.value.category is Category.TOO_COSTLY


def test_an_include_needs_one_of_the_types() -> None:
    for query in _queries(("Patient", "Encounter"), ("_include", "Encounter:location")):
        assert [include.parameter.code for include in query.includes] == ["location"]
    with pytest.raises(Fault, match="does not touch"):
        _queries(("Patient", "Condition"), ("_include", "Encounter:location"))


def test_a_parameter_must_be_of_one_kind() -> None:
    # `location` is a reference of Encounter and a URI of DocumentReference.
    with pytest.raises(Fault, match="all of them know") as caught:
        _queries(("Encounter", "DocumentReference"), ("location", "http://h.example/Location/1"))
    known = caught.value.message.partition("know: ")[2].split(", ")
    assert "location" not in known
    assert "patient" in known


def test_a_lenient_search_ignores_what_no_type_knows() -> None:
    queries = parse_system_query(CLINICAL, [("shoe", "1")], strict=False, base=BASE)
    assert [query.ignored for query in queries] == [("shoe",)] * 3
    with pytest.raises(Fault, match="all of them know"):
        parse_system_query(CLINICAL, [("value-string", "1")], strict=False, base=BASE)
