"""https://hl7.org/fhir/R4/search.html#summary and #elements"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource, render
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.outlines import outline
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.fhir.search.results import Results
from tasuki.shared.fhir.search.subsets import SUBSETTED, subset
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://ehr.example/fhir"
# What a part of a resource need not keep: org-1, ppc-1, dom-3.
NEEDS = (
    "must have at least one of: name, identifier",
    "must have at least one of: policy, policyRule",
    "must be referred to, or refer to what contains it",
)


def _asked(resource: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    type_ = resource["resourceType"]
    query = parse_query(type_, [(name, value)], strict=True, base=BASE)
    return subset(resource, query.results)


def _cases(resource_type: str) -> list[Results]:
    every = [Results(elements=(name,)) for name in sorted(outline(resource_type).elements)]
    return [*(Results(summary=kind) for kind in ("true", "text", "data")), *every]


def test_a_subset_of_an_example_is_valid_and_says_that_it_is_one(example: Path) -> None:
    body = example.read_bytes()
    resource = parse_resource(body)
    if resource["resourceType"] not in SERVED_TYPES:
        return
    for results in _cases(resource["resourceType"]):
        made = subset(resource, results)
        assert [fault for fault in validate(made) if not fault.message.endswith(NEEDS)] == []
        assert made["meta"]["tag"][-1] == SUBSETTED
        for key in made.keys() - {"meta", "contained"}:
            whole = results.summary != "true"
            assert not whole or made[key] is resource[key]
        assert set(made) <= set(resource) | {"meta"}
    assert render(resource) == render(parse_resource(body))


DRUG: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "meta": {"versionId": "3", "tag": [{"system": "http://t", "code": "LTS"}, dict(SUBSETTED)]},
    "text": {"status": "generated", "div": "<div/>"},
    "contained": [
        {"resourceType": "Medication", "id": "drug", "manufacturer": {"reference": "#maker"}},
        {"resourceType": "Organization", "id": "maker", "name": "製薬"},
        {"resourceType": "Practitioner", "id": "nurse"},
    ],
    "modifierExtension": [{"url": "http://m", "valueBoolean": True}],
    "status": "completed",
    "intent": "order",
    "doNotPerform": True,
    "medicationReference": {"reference": "#drug"},
    "subject": {"reference": "Patient/p1"},
    "recorder": {"reference": "#nurse"},
    "authoredOn": "2026-01-05",
    "_authoredOn": {"extension": [{"url": "http://x", "valueCode": "a"}]},
    "note": [{"text": "a"}],
}
_FIXED = {
    "resourceType",
    "id",
    "meta",
    "modifierExtension",
    "status",
    "intent",
    "doNotPerform",
    "medicationReference",
    "subject",
    "contained",
}


@pytest.mark.parametrize(
    ("name", "value", "more"),
    [
        ("_elements", "id", set()),
        ("_elements", "note", {"note"}),
        ("_elements", "note,id,text", {"note", "text"}),
        ("_elements", "authoredOn", {"authoredOn", "_authoredOn"}),
        ("_elements", "medication", set()),
        ("_summary", "text", {"text"}),
        ("_summary", "true", {"authoredOn", "_authoredOn"}),
        ("_summary", "data", {"authoredOn", "_authoredOn", "note", "recorder"}),
    ],
)
def test_what_stays(name: str, value: str, more: set[str]) -> None:
    before = copy.deepcopy(DRUG)
    made = _asked(DRUG, name, value)
    assert set(made) == _FIXED | more
    assert made["meta"] == {
        "versionId": "3",
        "tag": [{"system": "http://t", "code": "LTS"}, SUBSETTED],
    }
    held = [inner["id"] for inner in made["contained"]]
    assert held == (["drug", "maker", "nurse"] if value == "data" else ["drug", "maker"])
    assert before == DRUG


@pytest.mark.parametrize("results", [Results(), Results(summary="false"), Results(summary="count")])
def test_the_whole_is_itself(results: Results) -> None:
    assert subset(DRUG, results) is DRUG


def test_a_summary_is_cut_inside_the_parts_of_a_type_too() -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "血圧"},
        "component": [
            {
                "code": {"text": "上"},
                "valueQuantity": {"value": 120, "unit": "mmHg"},
                "interpretation": [{"text": "正常"}],
                "modifierExtension": [{"url": "http://m", "valueBoolean": True}],
            }
        ],
        "interpretation": [{"text": "正常"}],
    }
    made = _asked(observation, "_summary", "true")
    assert "interpretation" not in made
    (component,) = made["component"]
    assert set(component) == {"code", "valueQuantity", "modifierExtension"}
    assert _asked(observation, "_elements", "component")["component"] is observation["component"]


def test_a_choice_is_asked_for_by_its_name() -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "a"},
        "valueQuantity": {"value": 5},
        "effectiveDateTime": "2026",
    }
    made = _asked(observation, "_elements", "value")
    assert set(made) == {"resourceType", "meta", "status", "code", "valueQuantity"}


@pytest.mark.parametrize(
    ("resource_type", "modifiers"),
    [
        ("Patient", {"active", "deceasedBoolean", "deceasedDateTime", "link"}),
        ("Condition", {"clinicalStatus", "verificationStatus"}),
        ("ServiceRequest", {"status", "intent", "doNotPerform"}),
        ("List", {"status", "mode"}),
        ("Practitioner", set()),
    ],
)
def test_modifier_elements(resource_type: str, modifiers: set[str]) -> None:
    held = {key for key in outline(resource_type).modifiers if not key.startswith("_")}
    assert held == modifiers | {"implicitRules", "modifierExtension"} & set(
        outline(resource_type).elements
    )


@pytest.mark.parametrize(
    "pairs",
    [
        [("_elements", "nombre")],
        [("_elements", "valueQuantity")],
        [("_elements", "name.family")],
        [("_elements", "id,")],
        [("_elements", "")],
        [("_elements", "id"), ("_summary", "true")],
        [("_summary", "count"), ("_elements", "id")],
    ],
)
def test_what_no_subset_is(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Fault) as caught:
        parse_query("Patient", pairs, strict=False, base=BASE)
    assert caught.value.category is Category.INVALID
    assert "nombre" not in caught.value.message
