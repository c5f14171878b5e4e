"""https://hl7.org/fhir/R4/search.html ; DOMAIN A2 (JP Core search), F1, F4."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import Number
from tasuki.shared.fhir.search import (
    Chain,
    Include,
    Query,
    Reverse,
    parse_query,
    parse_system_query,
    search_parameters,
    subset,
)
from tasuki.shared.fhir.types import SERVED_TYPES

BASE = "https://ehr.example/fhir"
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
PERIOD = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_MedicationDosage_PeriodOfUse"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
YJ_OID = "urn:oid:1.2.392.100495.20.2.73"


def _query(resource_type: str, *pairs: tuple[str, str]) -> Query:
    return parse_query(resource_type, pairs, strict=True, base=BASE)


def _name(code: str, text: str, use: str = "usual") -> dict[str, Any]:
    return {
        "use": use,
        "text": text,
        "extension": [{"url": REPRESENTATION, "valueCode": code}],
    }


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {
        "lastUpdated": "2026-01-05T09:00:00+09:00",
        "profile": ["http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient|1.1.2"],
        "tag": [{"system": "http://t", "code": "a"}],
        "security": [{"system": "http://s", "code": "R"}],
        "source": "http://hospital#1",
    },
    "active": True,
    "identifier": [{"system": "http://h/id", "value": "12|3"}, {"value": "bare"}],
    "name": [
        {
            "use": "usual",
            "family": "渡邊",
            "given": ["\ufa1b子"],
            "extension": [{"url": REPRESENTATION, "valueCode": "IDE"}],
        },
        _name("SYL", "ワタナベ フクコ"),
    ],
    "gender": "female",
    "birthDate": "1938-04-05",
    "telecom": [{"system": "phone", "value": "090-1234-5678"}, {"system": "email", "value": "a@b"}],
    "address": [
        {"postalCode": "927-0602", "state": "石川県", "city": "輪島市", "line": ["門前町１－２"]}
    ],
    "managingOrganization": {"reference": "Organization/o1"},
    "generalPractitioner": [{"reference": f"{BASE}/Practitioner/d1"}],
}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("_id", "p1", True),
        ("_id", "p1,p2", True),
        ("_id", "P1", False),
        ("_lastUpdated", "ge2026-01-05", True),
        ("_lastUpdated", "lt2026-01-05", False),
        ("_profile", "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient", True),
        ("_profile", "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Pat", False),
        ("_tag", "http://t|a", True),
        ("_tag", "http://u|a", False),
        ("_security", "R", True),
        ("_source", "http://hospital#1", True),
        ("active", "true", True),
        ("active", "false", False),
        ("identifier", r"http://h/id|12\|3", True),
        ("identifier", "http://h/id|12|3", None),
        ("identifier", r"12\|3", True),
        ("identifier", "http://h/id|", True),
        ("identifier", "|bare", True),
        ("identifier", r"|12\|3", False),
        ("identifier", "|", None),
        ("name", "渡邊", True),
        ("name", "渡辺", True),
        ("name", "渡", True),
        ("name", "邊", False),
        ("name:contains", "邊", True),
        ("name", "渡辺福子", True),
        ("name", "渡辺　福子", True),
        ("name", "ﾜﾀﾅﾍﾞ", True),
        ("name", "わたなべふくこ", True),
        ("name", "山田,わたなべ", True),
        ("name", "-", False),
        ("name:exact", "渡邊", True),
        ("name:exact", "渡辺", False),
        ("name:exact", "\u798f子", False),
        ("name:exact", "\ufa1b子", True),
        ("given", "福子", True),
        ("family", "わたなべ", False),
        ("gender", "female", True),
        ("gender", "http://hl7.org/fhir/administrative-gender|female", True),
        ("gender:not", "female", False),
        ("gender:not", "male,other", True),
        ("gender:missing", "false", True),
        ("gender:missing", "true", False),
        ("death-date:missing", "true", True),
        ("birthdate", "1938-04-05", True),
        ("birthdate", "1938", True),
        ("birthdate", "eq1938-04", True),
        ("birthdate", "ne1938", False),
        ("birthdate", "gt1938-04-05", False),
        ("birthdate", "le1938-04-05", True),
        ("birthdate", "sa1938-04-04", True),
        ("birthdate", "昨日", None),
        ("birthdate", "xx1938", None),
        ("phone", "09012345678", True),
        ("phone", "０９０－１２３４－５６７８", True),  # noqa: RUF001 - full-width, as people write
        ("phone", "a@b", False),
        ("telecom", "email|a@b", True),
        ("telecom", "phone|a@b", False),
        ("address", "石川県輪島市", True),
        ("address-postalcode", "9270602", True),
        ("address-postalcode", "927", True),
        ("address-city", "輪島", True),
        ("organization", "Organization/o1", True),
        ("organization", "o1", True),
        ("organization", f"{BASE}/Organization/o1", True),
        ("organization", "https://other.example/fhir/Organization/o1", False),
        ("organization:Organization", "o1", True),
        ("general-practitioner", "Practitioner/d1", True),
        ("general-practitioner", "d1", None),
        ("general-practitioner:Practitioner", "d1", True),
        ("general-practitioner:Practitioner", "Organization/d1", None),
        ("general-practitioner", "not a reference", None),
        ("deceased", "false", True),
    ],
)
def test_patient_search(name: str, value: str, *, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(Fault) as caught:
            _query("Patient", (name, value))
        assert caught.value.category is Category.INVALID
    else:
        assert _query("Patient", (name, value)).matches(PATIENT) is expected


MEDICATION: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "completed",
    "subject": {"reference": "Patient/p1", "identifier": {"system": "http://ins", "value": "1:2"}},
    "medicationCodeableConcept": {
        "text": "アムロジピン錠",
        "coding": [{"system": YJ, "code": "2171022F1010", "display": "ノルバスク"}],
    },
    "authoredOn": "2026-01-05",
    "dosageInstruction": [
        {
            "extension": [{"url": PERIOD, "valuePeriod": {"start": "2026-01-06"}}],
            "timing": {"event": ["2026-02-01"]},
        }
    ],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "subject": {"reference": f"{BASE}/Patient/p1/_history/2"},
    "code": {"coding": [{"system": "urn:oid:1.2.392.200119.4.504", "code": "3D010"}]},
    "valueQuantity": {
        "value": Number("5.40"),
        "system": "http://unitsofmeasure.org",
        "code": "mg/dL",
        "unit": "mg",
    },
    "effectivePeriod": {"start": "2026-01-01", "end": "2026-01-31"},
    "component": [{"code": {"text": "a"}, "valueQuantity": {"value": 7}}],
}
ANSWERS: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse",
    "questionnaire": "http://q.example/Questionnaire/a|2",
}
ENCOUNTER: dict[str, Any] = {"resourceType": "Encounter", "length": {"value": 3, "unit": "日"}}


@pytest.mark.parametrize(
    ("resource", "name", "value", "expected"),
    [
        (MEDICATION, "patient", "p1", True),
        (MEDICATION, "patient", "Patient/p1", True),
        (MEDICATION, "patient", "Patient/p2,Patient/p1", True),
        (MEDICATION, "patient", f"{BASE}/Patient/p1", True),
        (MEDICATION, "patient", "Group/p1", False),
        (MEDICATION, "subject", "Patient/p1", True),
        (MEDICATION, "subject", "p1", True),
        (MEDICATION, "subject:Patient", "p1", True),
        (MEDICATION, "subject:identifier", "http://ins|1:2", True),
        (MEDICATION, "patient:identifier", "http://ins|9", False),
        (MEDICATION, "code", f"{YJ}|2171022F1010", True),
        (MEDICATION, "code", f"{YJ_OID}|2171022F1010", True),
        (MEDICATION, "code", f"{YJ_OID}|", True),
        (MEDICATION, "code", "|2171022F1010", False),
        (MEDICATION, "code:text", "ｱﾑﾛｼﾞﾋﾟﾝ", True),
        (MEDICATION, "code:text", "のるばすく", True),
        (MEDICATION, "code:text", "ロキソニン", False),
        (MEDICATION, "status", "completed", True),
        (MEDICATION, "authoredon", "2026-01", True),
        (MEDICATION, "jp-medication-start", "ge2026-01-06", True),
        (MEDICATION, "jp-medication-start", "lt2026-01-06", False),
        (MEDICATION, "date", "2026-02", True),
        (OBSERVATION, "patient", "p1", True),
        (OBSERVATION, "code", "http://medis.or.jp/CodeSystem/master-JLAC10-17digits|3D010", True),
        (OBSERVATION, "date", "2026-01", True),
        (OBSERVATION, "date", "2026-01-15", False),
        (OBSERVATION, "date", "ap2026-01-15", True),
        (OBSERVATION, "value-quantity", "5.4", True),
        (OBSERVATION, "value-quantity", "5.40", True),
        (OBSERVATION, "value-quantity", "5", True),
        (OBSERVATION, "value-quantity", "5.5", False),
        (OBSERVATION, "value-quantity", "gt5.4", False),
        (OBSERVATION, "value-quantity", "ge5.4", True),
        (OBSERVATION, "value-quantity", "ap5", True),
        (OBSERVATION, "value-quantity", "5.4|http://unitsofmeasure.org|mg/dL", True),
        (OBSERVATION, "value-quantity", "5.4||mg", True),
        (OBSERVATION, "value-quantity", "5.4||g", False),
        (OBSERVATION, "combo-value-quantity", "7", True),
        (ANSWERS, "questionnaire", "http://q.example/Questionnaire/a", True),
        (ANSWERS, "questionnaire", "http://q.example/Questionnaire/b", False),
        (ENCOUNTER, "length", "lt4||日", True),
    ],
)
def test_clinical_search(
    resource: dict[str, Any], name: str, value: str, *, expected: bool
) -> None:
    assert _query(resource["resourceType"], (name, value)).matches(resource) is expected


def test_repeated_parameters_are_anded() -> None:
    assert _query("Patient", ("given", "福"), ("birthdate", "1938")).matches(PATIENT)
    assert not _query("Patient", ("given", "福"), ("given", "花")).matches(PATIENT)


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("Müller", "muller"),
        ("Mu\u0308ller", "MÜL"),
        ("Muller", "Müller"),
        ("Σίσυφος", "σισυφοσ"),
        ("か\u3099く", "ガ"),
    ],
)
def test_case_and_accents_do_not_count(held: str, asked: str) -> None:
    person = {"resourceType": "Patient", "id": "p1", "name": [{"family": held}]}
    assert _query("Patient", ("family", asked)).matches(person)


def test_the_mark_that_voices_a_kana_is_no_accent() -> None:
    person = {"resourceType": "Patient", "id": "p1", "name": [{"family": "ガク"}]}
    assert not _query("Patient", ("family", "カク")).matches(person)


def test_another_type_never_matches() -> None:
    assert not _query("Patient").matches(MEDICATION)


_NAMES = sorted({code for name in SERVED_TYPES for code in search_parameters(name)})
_LINKS = ["subject", "patient", "target", "entry", "subject:Patient", "_has:Observation:patient"]
_LINKS += ["_has:Encounter:subject", "general-practitioner", "encounter", "_has", "_has:Patient"]
_RESULTS = [
    "_count",
    "_elements",
    "_filter",
    "_format",
    "_include",
    "_include:iterate",
    "_list",
    "_pretty",
    "_revinclude",
    "_sort",
    "_summary",
    "_text",
    "_total",
    "_type",
    "near",
]
_MODIFIERS = [
    "missing",
    "not",
    "text",
    "exact",
    "contains",
    "identifier",
    "of-type",
    "above",
    "below",
    "in",
    "not-in",
    "Patient",
    "iterate",
    "recurse",
]
_SECRET = "ｻﾄｳ9x7q"  # what no fault may say
_ALPHABET = st.sampled_from(list("a1|,\\$:/.-eqgt%T\u3000能ﾉ\x00")) | st.characters()
_CRITERIA = st.sampled_from(_NAMES + _RESULTS) | st.text(_ALPHABET, max_size=8)


@st.composite
def _names(draw: st.DrawFn) -> str:
    """Return the name of a criterion, perhaps chained, perhaps with a modifier."""
    links = draw(st.lists(st.sampled_from(_LINKS), max_size=5))
    joined = "".join(f"{link}{':' if link.startswith('_has') else '.'}" for link in links)
    modifier = draw(st.sampled_from(["", "", ":", *(f":{one}" for one in _MODIFIERS)]))
    return f"{joined}{draw(_CRITERIA)}{modifier}"


_VALUES = (
    st.text(_ALPHABET, max_size=20)
    | st.dates().map(str)
    | st.floats().map(str)
    | st.sampled_from(["Observation:subject", "Patient/a", "a$5", "a$2026", "http://x|a|b", "*"])
    | st.sampled_from(["true", "false", "text", "json", "id,code", "-date", "Provenance:target"])
)


@given(
    st.lists(st.sampled_from(sorted(SERVED_TYPES)), min_size=1, max_size=2),
    st.lists(st.tuples(_names(), _VALUES), max_size=3),
    st.booleans(),
)
def test_arbitrary_queries_give_a_query_or_a_fault(
    types: list[str], pairs: list[tuple[str, str]], strict: bool
) -> None:
    try:
        query = parse_query(types[0], pairs, strict=strict, base=BASE)
    except Fault:
        return
    finally:
        with suppress(Fault):
            parse_system_query(types, pairs, strict=strict, base=BASE)
    for resource in (PATIENT, MEDICATION, OBSERVATION, {"resourceType": types[0]}):
        assert query.matches(resource) in {True, False}
        links: list[Chain | Reverse | Include] = [*query.chains, *query.reverses, *query.includes]
        assert all(isinstance(link.targets_of(resource), set) for link in links)
        if resource["resourceType"] == types[0]:
            assert subset(resource, query.results)["resourceType"] == types[0]
    assert len(query.sorted([PATIENT, OBSERVATION])) == 2
    assert isinstance(query.canonical(), str)


@given(
    st.sampled_from(sorted(SERVED_TYPES)),
    _names(),
    _VALUES.map(lambda value: f"{value}{_SECRET}") | _VALUES.map(lambda value: f"{_SECRET}{value}"),
)
def test_a_fault_never_repeats_what_was_asked_for(type_: str, name: str, value: str) -> None:
    for types in ([type_], [type_, "Provenance"]):
        fault = _fault_of(types, name, value)
        assert _SECRET not in f"{fault} {fault.at if fault else ''}"


def _fault_of(types: list[str], name: str, value: str) -> Fault | None:
    try:
        parse_system_query(types, [(name, value)], strict=True, base=BASE)
    except Fault as fault:
        return fault
    return None
