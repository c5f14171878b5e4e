"""https://hl7.org/fhir/R4/search.html#return ; DOMAIN A2: gojuon order."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from tasuki.shared.fhir.search import Query, parse_query

BASE = "https://ehr.example/fhir"
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


def _query(resource_type: str, *pairs: tuple[str, str]) -> Query:
    return parse_query(resource_type, pairs, strict=True, base=BASE)


def _name(code: str, text: str, use: str = "usual") -> dict[str, Any]:
    return {
        "use": use,
        "text": text,
        "extension": [{"url": REPRESENTATION, "valueCode": code}],
    }


def test_result_parameters() -> None:
    query = _query(
        "Observation",
        ("_count", "10"),
        ("_sort", "-date,status"),
        ("_include", "Observation:subject:Patient"),
        ("_include:iterate", "Patient:organization"),
        ("_revinclude", "Provenance:target"),
        ("_total", "accurate"),
        ("_summary", "false"),
        ("_elements", "id,code"),
        ("_format", "application/fhir json"),
        ("_pretty", "true"),
        ("_contained", "false"),
    )
    assert query.count == 10
    assert [(sort.parameter.code, sort.descending) for sort in query.results.sort] == [
        ("date", True),
        ("status", False),
    ]
    assert [
        (i.source, i.parameter.code, i.target, i.reverse, i.iterate) for i in query.includes
    ] == [
        ("Observation", "subject", "Patient", False, False),
        ("Patient", "organization", None, False, True),
        ("Provenance", "target", None, True, False),
    ]
    assert (query.results.total, query.results.summary) == ("accurate", "false")
    assert query.results.elements == ("id", "code")
    assert query.ignored == ()
    assert dict(parse_qsl(query.canonical()))["_sort"] == "-date,status"


def _sorted(resource_type: str, sort: str, resources: list[dict[str, Any]]) -> list[str]:
    return [made["id"] for made in _query(resource_type, ("_sort", sort)).sorted(resources)]


def test_kana_sort_is_gojuon_by_the_usual_reading() -> None:
    readings = {
        "kato": "カトウ",
        "kado": "カドウ",
        "kaji": "ｶｼﾞ",
        "gamo": "ガモウ",
        "ato": "アトウ",
        "sato": "さとう",
        "kiya": "キャ",
    }
    patients: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": id_, "name": [_name("IDE", "亜"), _name("SYL", reading)]}
        for id_, reading in readings.items()
    ]
    patients.append({"resourceType": "Patient", "id": "old", "name": [_name("SYL", "ア", "old")]})
    expected = ["ato", "kaji", "kato", "kado", "gamo", "kiya", "sato"]
    assert _sorted("Patient", "jp-kana-sort", patients) == [*expected, "old"]
    assert _sorted("Patient", "-jp-kana-sort", patients) == [*expected[::-1], "old"]


def test_sorting_by_several_keys_keeps_the_order_of_equals() -> None:
    resources = [
        {"resourceType": "Observation", "id": "a", "status": "final", "effectiveDateTime": "2026"},
        {"resourceType": "Observation", "id": "b", "status": "final", "effectiveDateTime": "2025"},
        {"resourceType": "Observation", "id": "c", "status": "amended"},
        {"resourceType": "Observation", "id": "d", "status": "final", "effectiveDateTime": "2026"},
    ]
    assert _sorted("Observation", "status,-date", resources) == ["c", "a", "d", "b"]
    assert _sorted("Observation", "-date", resources) == ["a", "d", "b", "c"]
    assert _sorted("Observation", "_id", resources) == ["a", "b", "c", "d"]
    assert _sorted("Observation", "patient,value-quantity", resources) == ["a", "b", "c", "d"]
