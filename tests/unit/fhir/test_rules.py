"""HL7's rules on which elements go together, one row each: what breaks it, and what mends it.

https://hl7.org/fhir/R4/formats.html#invariants
"""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.fhir.json import Number
from tasuki.shared.fhir.models import validate

PERSON = {"reference": "Patient/p1"}
TEXT = {"text": "x"}
UCUM = "http://unitsofmeasure.org"
VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
CONDITION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ACTIVE = {"clinicalStatus": {"coding": [{"code": "active"}]}}
LEAST: dict[str, dict[str, Any]] = {
    "AllergyIntolerance": {"patient": PERSON, **ACTIVE},
    "CarePlan": {"status": "active", "intent": "plan", "subject": PERSON},
    "Composition": {
        "status": "final",
        "type": TEXT,
        "subject": PERSON,
        "date": "2026",
        "author": [{"display": "a"}],
        "title": "t",
    },
    "Condition": {"subject": PERSON},
    "Consent": {"status": "active", "scope": TEXT, "category": [TEXT], "policyRule": TEXT},
    "FamilyMemberHistory": {"status": "partial", "patient": PERSON, "relationship": TEXT},
    "Goal": {"lifecycleStatus": "active", "description": TEXT, "subject": PERSON},
    "Group": {"type": "person", "actual": True},
    "Immunization": {
        "status": "completed",
        "vaccineCode": TEXT,
        "patient": PERSON,
        "occurrenceString": "x",
    },
    "List": {"status": "current", "mode": "snapshot"},
    "MedicationAdministration": {
        "status": "completed",
        "medicationCodeableConcept": TEXT,
        "subject": PERSON,
        "effectiveDateTime": "2026",
    },
    "MedicationDispense": {"status": "completed", "medicationCodeableConcept": TEXT},
    "MedicationRequest": {
        "status": "active",
        "intent": "order",
        "subject": PERSON,
        "medicationCodeableConcept": TEXT,
    },
    "Observation": {"status": "final", "code": TEXT},
    "Organization": {"name": "x"},
    "Patient": {},
    "QuestionnaireResponse": {"status": "completed"},
    "ServiceRequest": {"status": "active", "intent": "order", "subject": PERSON, "code": TEXT},
    "Specimen": {},
}


def _error(system: str) -> dict[str, Any]:
    return {"verificationStatus": {"coding": [{"system": system, "code": "entered-in-error"}]}}


def _repeat(**elements: Any) -> dict[str, Any]:
    return {"dosageInstruction": [{"timing": {"repeat": elements}}]}


def _low_high(low: str, high: str, unit: str = "g") -> dict[str, Any]:
    return {
        "valueRange": {
            "low": {"value": Number(low), "unit": "g"},
            "high": {"value": Number(high), "unit": unit},
        }
    }


REPEAT = "MedicationRequest.dosageInstruction[0].timing.repeat"
ENTRY = {"item": {"display": "x"}}
# HL7's key, the type, elements that break the rule, where, and elements that do not (None leaves out).
ROWS: list[tuple[str, str, dict[str, Any], str, dict[str, Any]]] = [
    ("ait-1", "AllergyIntolerance", {"clinicalStatus": None}, "AllergyIntolerance.clinicalStatus",
     {"clinicalStatus": None, **_error(VERIFIED)}),
    ("ait-2", "AllergyIntolerance", _error(VERIFIED), "AllergyIntolerance.clinicalStatus",
     _error("urn:x")),
    ("con-1", "Condition", {"stage": [{"type": TEXT}]}, "Condition.stage[0]",
     {"stage": [{"summary": TEXT}]}),
    ("con-2", "Condition", {"evidence": [{"id": "a"}]}, "Condition.evidence[0]",
     {"evidence": [{"detail": [PERSON]}]}),
    ("con-5", "Condition", {**ACTIVE, **_error(CONDITION)}, "Condition.clinicalStatus",
     _error(CONDITION)),
    ("cpl-3", "CarePlan", {"activity": [{"reference": {"display": "x"},
                                         "detail": {"status": "completed"}}]},
     "CarePlan.activity[0].detail", {"activity": [{"detail": {"status": "completed"}}]}),
    ("cmp-1", "Composition", {"section": [{"title": "x"}]}, "Composition.section[0]",
     {"section": [{"entry": [PERSON]}]}),
    ("cmp-2", "Composition", {"section": [{"entry": [PERSON], "emptyReason": TEXT}]},
     "Composition.section[0].emptyReason",
     {"section": [{"text": {"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">'
                                                      "x</div>"}, "emptyReason": TEXT}]}),
    ("ppc-1", "Consent", {"policyRule": None}, "Consent",
     {"policyRule": None, "policy": [{"uri": "https://tasuki.example"}]}),
    ("fhs-1", "FamilyMemberHistory", {"ageString": "70", "bornDate": "1950"},
     "FamilyMemberHistory.age[x]", {"bornDate": "1950"}),
    ("fhs-2", "FamilyMemberHistory", {"estimatedAge": True}, "FamilyMemberHistory.estimatedAge",
     {"estimatedAge": True, "_ageString": {"id": "a"}}),
    ("gol-1", "Goal", {"target": [{"detailString": "x"}]}, "Goal.target[0].detail[x]",
     {"target": [{"detailString": "x", "measure": TEXT}]}),
    ("grp-1", "Group", {"actual": False, "member": [{"entity": PERSON}]}, "Group.member",
     {"actual": True, "member": [{"entity": PERSON}]}),
    ("imm-1", "Immunization", {"education": [{"publicationDate": "2026"}]},
     "Immunization.education[0]", {"education": [{"documentType": "x"}]}),
    ("lst-1", "List", {"entry": [ENTRY], "emptyReason": TEXT}, "List.emptyReason",
     {"emptyReason": TEXT}),
    ("lst-2", "List", {"entry": [ENTRY, {**ENTRY, "deleted": True}]}, "List.entry[1].deleted",
     {"mode": "changes", "entry": [{**ENTRY, "deleted": True}]}),
    ("lst-3", "List", {"entry": [{**ENTRY, "date": "2026"}]}, "List.entry[0].date",
     {"mode": "working", "entry": [{**ENTRY, "date": "2026"}]}),
    ("mad-1", "MedicationAdministration", {"dosage": {"text": "x"}},
     "MedicationAdministration.dosage", {"dosage": {"rateQuantity": {"value": 1}}}),
    ("mdd-1", "MedicationDispense", {"whenPrepared": "2026-01-03", "whenHandedOver": "2026-01-02"},
     "MedicationDispense.whenHandedOver",
     {"whenPrepared": "2026-01-03T10:00:00+09:00", "whenHandedOver": "2026-01-03"}),
    ("obs-3", "Observation", {"referenceRange": [{"type": TEXT}]}, "Observation.referenceRange[0]",
     {"referenceRange": [{"text": "x"}]}),
    ("org-1", "Organization", {"name": None}, "Organization",
     {"name": None, "identifier": [{"value": "1"}]}),
    ("org-2", "Organization", {"address": [{}, {"use": "home"}]}, "Organization.address[1].use",
     {"address": [{"use": "work"}]}),
    ("org-3", "Organization", {"telecom": [{"use": "home", "system": "phone", "value": "1"}]},
     "Organization.telecom[0].use", {"telecom": [{"system": "phone", "value": "1"}]}),
    ("pat-1", "Patient", {"contact": [{"gender": "female"}]}, "Patient.contact[0]",
     {"contact": [{"organization": {"display": "x"}}]}),
    ("qrs-1", "QuestionnaireResponse",
     {"item": [{"linkId": "1", "item": [{"linkId": "2"}], "answer": [{"valueString": "x"}]}]},
     "QuestionnaireResponse.item[0].item", {"item": [{"linkId": "1", "item": [{"linkId": "2"}]}]}),
    ("prr-1", "ServiceRequest", {"code": None, "orderDetail": [TEXT]},
     "ServiceRequest.orderDetail", {"orderDetail": [TEXT]}),
    ("rng-2", "Observation", _low_high("10", "9.99"), "Observation.valueRange",
     _low_high("10", "9", "kg")),
    ("rng-2-equal", "Observation", _low_high("10.01", "10"), "Observation.valueRange",
     _low_high("10.0", "10.00")),
    ("age-1", "Condition", {"onsetAge": {"value": 7, "unit": "歳"}}, "Condition.onsetAge.code",
     {"onsetAge": {"value": 0, "code": "a", "system": UCUM}}),
    ("age-1-ucum", "Condition", {"onsetAge": {"value": 7, "code": "a", "system": "urn:x"}},
     "Condition.onsetAge.system", {"onsetAge": {"extension": [{"url": "u", "valueCode": "x"}]}}),
    ("drt-1", "MedicationRequest",
     {"dispenseRequest": {"expectedSupplyDuration": {"code": "d", "system": UCUM}}},
     "MedicationRequest.dispenseRequest.expectedSupplyDuration.value",
     {"dispenseRequest": {"expectedSupplyDuration": {"value": 7, "unit": "日"}}}),
    ("drt-1-ucum", "MedicationRequest",
     {"dispenseRequest": {"expectedSupplyDuration": {"value": 7, "code": "d", "system": "urn:x"}}},
     "MedicationRequest.dispenseRequest.expectedSupplyDuration.system",
     {"dispenseRequest": {"expectedSupplyDuration": {"value": 7, "code": "d", "system": UCUM}}}),
    ("tim-1", "MedicationRequest", _repeat(duration=1), f"{REPEAT}.duration",
     _repeat(duration=1, durationUnit="h")),
    ("tim-2", "MedicationRequest", _repeat(period=1), f"{REPEAT}.period",
     _repeat(period=1, periodUnit="d")),
    ("tim-4", "MedicationRequest", _repeat(duration=-1, durationUnit="h"), f"{REPEAT}.duration",
     _repeat(duration=0, durationUnit="h")),
    ("tim-5", "MedicationRequest", _repeat(period=Number("-0.1"), periodUnit="d"),
     f"{REPEAT}.period", _repeat(period=Number("0.1"), periodUnit="d")),
    ("tim-6", "MedicationRequest", _repeat(periodMax=1), f"{REPEAT}.periodMax",
     _repeat(periodMax=2, period=1, periodUnit="d")),
    ("tim-7", "MedicationRequest", _repeat(durationMax=1), f"{REPEAT}.durationMax",
     _repeat(durationMax=2, duration=1, durationUnit="d")),
    ("tim-8", "MedicationRequest", _repeat(countMax=2), f"{REPEAT}.countMax",
     _repeat(countMax=2, count=1)),
    ("tim-9", "MedicationRequest", _repeat(offset=30), f"{REPEAT}.offset",
     _repeat(offset=30, when=["AC"])),
    ("tim-9-meal", "MedicationRequest", _repeat(offset=30, when=["AC", "CM"]), f"{REPEAT}.offset",
     _repeat(when=["CM"])),
    ("tim-10", "MedicationRequest", _repeat(timeOfDay=["08:00:00"], when=["AC"]),
     f"{REPEAT}.timeOfDay", _repeat(timeOfDay=["08:00:00"])),
    ("dom-3", "Specimen", {"contained": [{"resourceType": "Patient", "id": "p"}]},
     "Specimen.contained[0]",
     {"contained": [{"resourceType": "Patient", "id": "p"}], "subject": {"reference": "#p"}}),
    ("dom-3-up", "Specimen", {"contained": [{"resourceType": "Patient", "id": "p"}]},
     "Specimen.contained[0]",
     {"contained": [{"resourceType": "Observation", **LEAST["Observation"], "id": "o",
                     "specimen": {"reference": "#"}}]}),
    ("dom-4", "Specimen", {"contained": [{"resourceType": "Patient", "id": "p",
                                          "meta": {"versionId": "1"}}],
                           "subject": {"reference": "#p"}},
     "Specimen.contained[0].meta.versionId",
     {"contained": [{"resourceType": "Patient", "id": "p", "meta": {"profile": ["urn:x"]}}],
      "subject": {"reference": "#p"}}),
    ("dom-5", "Specimen", {"contained": [{"resourceType": "Patient", "id": "p",
                                          "meta": {"security": [{"code": "R"}]}}],
                           "subject": {"reference": "#p"}},
     "Specimen.contained[0].meta.security",
     {"contained": [{"resourceType": "Patient", "id": "p", "meta": {"tag": [{"code": "R"}]}}],
      "subject": {"reference": "#p"}}),
    ("ref-1", "Specimen", {"subject": {"reference": "#p"}}, "Specimen.subject.reference",
     {"subject": {"reference": "#p"}, "contained": [{"resourceType": "Patient", "id": "p"}]}),
]  # fmt: skip


def _places(type_: str, elements: dict[str, Any]) -> list[str]:
    given = {"resourceType": type_, **LEAST[type_], **elements}
    body = {name: value for name, value in given.items() if value is not None}
    return [place for fault in validate(body) for place in fault.at]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_rule_is_broken_in_its_place_and_kept(
    row: tuple[str, str, dict[str, Any], str, dict[str, Any]],
) -> None:
    _, type_, broken, place, sound = row
    assert place in _places(type_, broken)
    assert _places(type_, sound) == []


@pytest.mark.parametrize("type_", LEAST)
def test_the_least_of_a_type_is_sound(type_: str) -> None:
    assert _places(type_, {}) == []


WRONG = [5, "x", True, [], [5], [[]], {"x": 5}, [{"x": 5}], {"coding": 5}]
NAMES = {
    "AllergyIntolerance": ("clinicalStatus", "verificationStatus"),
    "Composition": ("section",),
    "List": ("entry", "emptyReason"),
    "MedicationDispense": ("whenHandedOver", "whenPrepared"),
    "MedicationRequest": ("dosageInstruction", "dispenseRequest"),
    "Organization": ("address", "telecom"),
    "Specimen": ("contained", "subject"),
}


@pytest.mark.parametrize("type_", NAMES)
def test_what_has_a_wrong_shape_is_a_fault_and_no_defect(type_: str) -> None:
    for value in WRONG:
        assert _places(type_, dict.fromkeys(NAMES[type_], value)) != []


def test_what_a_bundle_holds_stands_for_itself() -> None:
    held = {"resourceType": "Specimen", "subject": {"reference": "#p"}}
    holder = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": held}]}
    (fault,) = validate(holder)
    assert fault.at == ("Bundle.entry[0].resource.subject.reference",)
    inside = {**held, "contained": [{"resourceType": "Patient", "id": "p"}]}
    assert validate({**holder, "entry": [{"resource": inside}]}) == ()


def test_a_link_is_found_however_deep_it_stands() -> None:
    inner = [{"url": "urn:y", "valueReference": {"reference": "#p"}}]
    component = {"code": TEXT, "extension": [{"url": "urn:x", "extension": inner}]}
    places = _places("Observation", {"component": [{"code": TEXT}, component]})
    at = "Observation.component[1].extension[0].extension[0].valueReference.reference"
    assert places == [at]
