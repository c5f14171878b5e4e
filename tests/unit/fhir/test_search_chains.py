"""https://hl7.org/fhir/R4/search.html#chaining and #has : how chains are read."""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search import Chain, Query, Reverse, parse_query

BASE = "https://ehr.example/fhir"


def _query(resource_type: str, *pairs: tuple[str, str]) -> Query:
    return parse_query(resource_type, pairs, strict=True, base=BASE)


def _shape(query: Query) -> Any:
    """Return what a query asks, as nested tuples."""
    return (
        query.resource_type,
        *(f"{term.parameter.code}:{term.modifier}" for term in query.terms),
        *(
            (chain.parameter.code, *(_shape(inner) for inner in chain.queries))
            for chain in query.chains
        ),
        *(
            (f"has {reverse.source}:{reverse.parameter.code}", _shape(reverse.query))
            for reverse in query.reverses
        ),
    )


@pytest.mark.parametrize(
    ("resource_type", "name", "value", "shape"),
    [
        ("Observation", "patient.name", "a", ("patient", ("Patient", "name:None"))),
        ("Observation", "patient.name:exact", "a", ("patient", ("Patient", "name:exact"))),
        (
            "Observation",
            "subject:Patient.birthdate",
            "2000",
            ("subject", ("Patient", "birthdate:None")),
        ),
        ("Observation", "subject.birthdate", "2000", ("subject", ("Patient", "birthdate:None"))),
        (
            "Observation",
            "subject.identifier",
            "a",
            (
                "subject",
                ("Device", "identifier:None"),
                ("Location", "identifier:None"),
                ("Patient", "identifier:None"),
            ),
        ),
        (
            "MedicationRequest",
            "encounter.service-provider:Organization.name",
            "a",
            ("encounter", ("Encounter", ("service-provider", ("Organization", "name:None")))),
        ),
        (
            "Patient",
            "_has:Observation:patient:code",
            "a",
            ("has Observation:patient", ("Observation", "code:None")),
        ),
        (
            "Practitioner",
            "_has:Encounter:practitioner:_has:Observation:encounter:code",
            "a",
            (
                "has Encounter:practitioner",
                ("Encounter", ("has Observation:encounter", ("Observation", "code:None"))),
            ),
        ),
        (
            "Encounter",
            "patient._has:Condition:patient:code:not",
            "a",
            ("patient", ("Patient", ("has Condition:patient", ("Condition", "code:not")))),
        ),
        (
            "Patient",
            "_has:Encounter:patient:service-provider.name",
            "a",
            (
                "has Encounter:patient",
                ("Encounter", ("service-provider", ("Organization", "name:None"))),
            ),
        ),
    ],
)
def test_how_a_chain_is_read(resource_type: str, name: str, value: str, shape: Any) -> None:
    query = _query(resource_type, (name, value))
    assert _shape(query) == (resource_type, shape)
    assert query.used == ((name, value),)
    assert query.terms == ()


def test_the_rest_of_a_chain_is_a_query_that_matches() -> None:
    query = _query("Observation", ("patient.family", "能登,輪島"), ("status", "final"))
    (chain,) = query.chains
    (inner,) = chain.queries
    for family, expected in (("能登", True), ("輪島", True), ("珠洲", False)):
        assert inner.matches({"resourceType": "Patient", "name": [{"family": family}]}) is expected
    assert query.matches({"resourceType": "Observation", "status": "final"})
    assert not query.matches({"resourceType": "Observation", "status": "amended"})


def _observation(*references: Any, element: str = "performer") -> dict[str, Any]:
    return {"resourceType": "Observation", element: [*references]}


_LITERALS: list[tuple[Any, tuple[str, str] | None]] = [
    ({"reference": "Practitioner/d1"}, ("Practitioner", "d1")),
    ({"reference": "Practitioner/d1/_history/3"}, ("Practitioner", "d1")),
    ({"reference": f"{BASE}/Practitioner/d1"}, ("Practitioner", "d1")),
    ({"reference": "https://other.example/fhir/Practitioner/d1"}, None),
    ({"reference": "urn:uuid:7f2c2ae3-0001-4a0e-8000-000000000001"}, None),
    ({"reference": "#d1"}, None),
    ({"identifier": {"value": "d1"}}, None),
    ({"reference": 3}, None),
    ("Practitioner d1", None),
]


@pytest.mark.parametrize(("held", "target"), _LITERALS)
def test_only_references_to_this_server_lead_on(held: Any, target: tuple[str, str] | None) -> None:
    expected = set() if target is None else {target}
    observation = _observation(held)
    (chain,) = _query("Observation", ("performer:Practitioner.name", "a")).chains
    assert isinstance(chain, Chain)
    assert chain.targets_of(observation) == expected
    (reverse,) = _query("Practitioner", ("_has:Observation:performer:code", "a")).reverses
    assert isinstance(reverse, Reverse)
    assert reverse.targets_of(observation) == expected
    (include,) = _query("Observation", ("_include", "Observation:performer")).includes
    assert include.targets_of(observation) == expected


def test_targets_are_of_the_types_asked() -> None:
    observation = _observation({"reference": "Practitioner/d"}, {"reference": "Organization/o"})
    (chain,) = _query("Observation", ("performer:Organization.name", "a")).chains
    assert chain.targets_of(observation) == {("Organization", "o")}
    (reverse,) = _query("Practitioner", ("_has:Observation:performer:code", "a")).reverses
    assert reverse.targets_of(observation) == {("Practitioner", "d")}
    (every,) = _query("Observation", ("_include", "Observation:performer")).includes
    assert every.targets_of(observation) == {("Practitioner", "d"), ("Organization", "o")}
    (one,) = _query("Observation", ("_include", "Observation:performer:Organization")).includes
    assert one.targets_of(observation) == {("Organization", "o")}
    (back,) = _query("Organization", ("_revinclude", "Observation:performer")).includes
    assert ("Organization", "o") in back.targets_of(observation)
    assert back.targets_of({**observation, "resourceType": "Procedure"}) == set()


@pytest.mark.parametrize(
    ("resource_type", "name", "category", "words"),
    [
        ("Observation", "patient.shoe", Category.INVALID, "knows the rest"),
        ("Observation", "patient.", Category.INVALID, "knows the rest"),
        ("Observation", "patient._count", Category.INVALID, "knows the rest"),
        ("Observation", "subject:Device.birthdate", Category.INVALID, "knows the rest"),
        ("Observation", "code.name", Category.INVALID, "no reference"),
        ("Observation", "subject:Practitioner.name", Category.INVALID, "can point here to"),
        ("Observation", "subject:missing.name", Category.INVALID, "can point here to"),
        ("Encounter", "account.name", Category.INVALID, "not served"),
        ("Observation", "patient.birthdate:missing", Category.NOT_SUPPORTED, ":missing"),
        ("Observation", "patient.name:below", Category.NOT_SUPPORTED, "modifier"),
        ("Patient", "_has", Category.INVALID, "_has must look like"),
        ("Patient", "_has:Observation", Category.INVALID, "_has must look like"),
        ("Patient", "_has:Observation:patient", Category.INVALID, "_has must look like"),
        ("Patient", "_has:Account:subject:code", Category.INVALID, "a type served here"),
        ("Patient", "_has:Observation:code:code", Category.INVALID, "a reference of Observation"),
        ("Patient", "_has:Observation:encounter:code", Category.INVALID, "a reference of"),
        ("Patient", "_has:Observation:shoe:code", Category.INVALID, "a reference of Observation"),
        ("Patient", "_has:Observation:patient:shoe", Category.INVALID, "does not know the rest"),
        ("Patient", "_has:Observation:patient:code:missing", Category.NOT_SUPPORTED, ":missing"),
        ("Patient", f"{'link:Patient.' * 5}name", Category.TOO_COSTLY, "4 links"),
        ("Patient", f"{'_has:Patient:link:' * 5}name", Category.TOO_COSTLY, "4 links"),
        ("Provenance", "target.subject.identifier", Category.TOO_COSTLY, "too many types"),
    ],
)
def test_what_no_chain_can_ask(
    resource_type: str, name: str, category: Category, words: str
) -> None:
    for strict in (True, False):
        with pytest.raises(Fault) as caught:
            parse_query(resource_type, [(name, "true")], strict=strict, base=BASE)
        assert caught.value.category is category
        assert words in caught.value.message


def test_an_unknown_first_part_is_an_unknown_parameter() -> None:
    query = parse_query("Observation", [("shoe.name", "a")], strict=False, base=BASE)
    assert query.ignored == ("shoe.name",)
    with pytest.raises(Fault, match="unknown search parameter"):
        _query("Observation", ("shoe.name", "a"))


def test_chains_are_counted() -> None:
    ten = [("patient.name", "a")] * 10
    assert len(_query("Observation", *ten).chains) == 10
    with pytest.raises(Fault) as caught:
        _query("Observation", *ten, ("patient.name", "a"))
    assert caught.value.category is Category.TOO_COSTLY
    four = _query("Patient", (f"{'link:Patient.' * 4}name", "a"))
    assert len(four.chains) == 1
