"""How HL7's definitions are trimmed to `definitions.json`."""

from __future__ import annotations

from tasuki.shared.fhir.search.build_definitions import definitions
from tasuki.shared.fhir.types import SERVED_TYPES


def test_only_the_part_that_starts_at_the_type_is_kept() -> None:
    code = {
        "code": "code",
        "type": "token",
        "url": "http://hl7.org/fhir/SearchParameter/clinical-code",
        "base": ["Condition", "DeviceRequest", "MedicationRequest"],
        "expression": "Condition.code | (DeviceRequest.code as CodeableConcept) | "
        "(MedicationRequest.medication as CodeableConcept)",
        "description": "left out",
    }
    subject = {
        "code": "subject",
        "type": "reference",
        "url": "http://hl7.org/fhir/SearchParameter/Condition-subject",
        "base": ["Condition"],
        "expression": "Condition.subject",
        "target": ["Patient", "Group"],
    }
    pair = {**code, "type": "composite", "base": ["Condition"]}
    built = definitions(
        {"entry": [{"resource": each} for each in (code, subject, pair)]},
        {
            "resource": [
                {"code": "Condition", "param": ["patient"]},
                {"code": "Group", "param": ["a"]},
            ]
        },
    )
    kept = {"code": "code", "type": "token", "url": code["url"]}
    assert {name: found for name, found in built["parameters"].items() if found} == {
        "Condition": [
            {**kept, "expression": "Condition.code"},
            {
                "code": "subject",
                "type": "reference",
                "url": subject["url"],
                "expression": "Condition.subject",
                "target": ["Patient"],
            },
        ],
        "MedicationRequest": [
            {**kept, "expression": "(MedicationRequest.medication as CodeableConcept)"}
        ],
    }
    assert set(built["parameters"]) == SERVED_TYPES | {"Resource"}
    assert built["compartment"] == {"Condition": ["patient"]}
