"""HL7's rules over several elements; the key of each is in the docstring of its test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tasuki.shared.fhir.models import validate

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
COMPOSITION = "Bundle.entry[0].resource must be the Composition of the document"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def _places(resource: Resource) -> list[str]:
    return [place for fault in validate(resource) for place in fault.at]


@pytest.mark.parametrize(
    ("elements", "sound"),
    [
        ({"clinicalStatus": {"coding": [{"system": CLINICAL, "code": "resolved"}]}}, True),
        (
            {
                "clinicalStatus": {
                    "coding": [{"code": "x"}, {"system": CLINICAL, "code": "inactive"}]
                }
            },
            True,
        ),
        ({"clinicalStatus": {"coding": [{"system": CLINICAL, "code": "recurrence"}]}}, False),
        ({"clinicalStatus": {"coding": [{"system": "urn:x", "code": "resolved"}]}}, False),
        ({"clinicalStatus": {"text": "resolved"}}, False),
        ({}, False),
        (
            {"verificationStatus": {"coding": [{"system": VERIFICATION, "code": "refuted"}]}},
            False,
        ),
        (
            {
                "verificationStatus": {
                    "coding": [{"system": VERIFICATION, "code": "entered-in-error"}]
                }
            },
            True,
        ),
    ],
)
def test_what_goes_on_has_no_end(elements: dict[str, Any], *, sound: bool) -> None:
    """con-4 of https://hl7.org/fhir/R4/condition.html."""
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, **elements}
    assert _places(condition) == []
    for abatement in ({"abatementString": "治癒"}, {"_abatementDateTime": {"id": "a"}}):
        places = _places({**condition, **abatement})
        assert places == ([] if sound else ["Condition.abatement[x]"])


@pytest.mark.parametrize("value", [5, [], ["a"], {"coding": 5}, {"coding": [5, {"code": []}]}])
def test_a_status_of_a_wrong_shape_is_a_fault_and_no_defect(value: Any) -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}}
    places = _places({**condition, "clinicalStatus": value, "abatementString": "a"})
    assert "Condition.abatement[x]" in places


@pytest.mark.parametrize(
    ("entry", "sound"),
    [
        (
            [
                {"resource": {"resourceType": "Composition"}},
                {"resource": {"resourceType": "Patient"}},
            ],
            True,
        ),
        (
            [
                {"resource": {"resourceType": "Patient"}},
                {"resource": {"resourceType": "Composition"}},
            ],
            False,
        ),
        ([{"fullUrl": "urn:x"}], False),
        ([{"resource": 5}], False),
        ([5], False),
        ([], False),
        (5, False),
        (None, False),
    ],
)
def test_a_document_begins_with_its_composition(entry: Any, *, sound: bool) -> None:
    """bdl-11 of https://hl7.org/fhir/R4/bundle.html."""
    bundle = {"resourceType": "Bundle", "entry": entry}
    rules = [fault.message for fault in validate({**bundle, "type": "document"})]
    assert (COMPOSITION in rules) is not sound
    assert COMPOSITION not in [fault.message for fault in validate({**bundle, "type": "message"})]


WEIGHT = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
OTHER = {"coding": [{"system": "urn:x", "code": "29463-7"}, {"code": []}], "text": "体重"}


@pytest.mark.parametrize(
    ("elements", "places"),
    [
        ({"valueString": "x"}, []),
        ({"dataAbsentReason": {"text": "unknown"}}, []),
        (
            {"valueString": "x", "dataAbsentReason": {"text": "unknown"}},
            ["Observation.dataAbsentReason"],
        ),
        (
            {"_valueString": {"id": "v"}, "dataAbsentReason": {"text": "unknown"}},
            ["Observation.dataAbsentReason"],
        ),
        ({"component": [{"code": WEIGHT, "valueString": "x"}]}, []),
        (
            {
                "valueString": "x",
                "component": [{"code": {"text": "y"}}, {"code": WEIGHT, "valueString": "x"}],
            },
            ["Observation.component[1]"],
        ),
    ],
)
def test_an_observation_has_one_answer(elements: dict[str, Any], places: list[str]) -> None:
    """obs-6 and obs-7 of https://hl7.org/fhir/R4/observation.html."""
    observation = {"resourceType": "Observation", "status": "final", "code": WEIGHT, **elements}
    assert _places(observation) == places


def test_a_component_of_another_system_or_a_wrong_shape_is_another_thing() -> None:
    given = {"code": OTHER, "valueString": "x"}
    observation = {"resourceType": "Observation", "status": "final", "code": WEIGHT}
    places = _places({**observation, "valueString": "x", "component": [given]})
    assert "Observation.component[0]" not in places
    assert places  # the code that is a list
