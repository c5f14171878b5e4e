"""How HL7's definitions are trimmed to `definitions.json`."""

from __future__ import annotations

from typing import Any

from tasuki.shared.fhir.search.build_definitions import definitions
from tasuki.shared.fhir.types import SERVED_TYPES


def test_only_the_part_that_starts_at_the_type_is_kept() -> None:
    code: dict[str, Any] = {
        "code": "code",
        "type": "token",
        "url": "http://hl7.org/fhir/SearchParameter/clinical-code",
        "base": ["Condition", "DeviceRequest", "MedicationRequest"],
        "expression": "Condition.code | (DeviceRequest.code as CodeableConcept) | "
        "(MedicationRequest.medication as CodeableConcept)",
        "description": "left out",
    }
    subject: dict[str, Any] = {
        "code": "subject",
        "type": "reference",
        "url": "http://hl7.org/fhir/SearchParameter/Condition-subject",
        "base": ["Condition"],
        "expression": "Condition.subject",
        "target": ["Patient", "Group"],
    }
    pair: dict[str, Any] = {
        "code": "code-subject",
        "type": "composite",
        "url": "http://hl7.org/fhir/SearchParameter/Condition-code-subject",
        "base": ["Condition"],
        "expression": "Condition",
        "component": [
            {"definition": code["url"], "expression": "code"},
            {"definition": subject["url"], "expression": "subject"},
        ],
    }
    special = {**code, "url": "http://x", "type": "special", "base": ["Condition"]}
    built = definitions(
        {"entry": [{"resource": each} for each in (code, subject, pair, special)]},
        {
            "resource": [
                {"code": "Condition", "param": ["patient"]},
                {"code": "Account", "param": ["a"]},
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
            {
                "code": "code-subject",
                "type": "composite",
                "url": pair["url"],
                "expression": "Condition",
                "components": [
                    {**kept, "expression": "code"},
                    {
                        "code": "subject",
                        "type": "reference",
                        "url": subject["url"],
                        "expression": "subject",
                        "target": ["Patient"],
                    },
                ],
            },
        ],
        "MedicationRequest": [
            {**kept, "expression": "(MedicationRequest.medication as CodeableConcept)"}
        ],
    }
    assert set(built["parameters"]) == SERVED_TYPES | {"Resource"}
    assert built["compartment"] == {"Condition": ["patient"]}
