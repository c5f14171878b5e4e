"""R4's rules over several elements: what breaks one is refused, what keeps it is taken.

Only rules of severity `error`; each case bears HL7's key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.conformance.r4.cases import Case, Probe, cases
from tests.conformance.r4.checks import require_outcome
from tests.conformance.r4.spec import R4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.r4.world import World

UMI = {"reference": "@umi"}
TERMS = "http://terminology.hl7.org/CodeSystem/"
PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"family": "珠洲"}]}
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "subject": UMI,
    "code": {"text": "x"},
    "valueString": "x",
}


def coded(system: str, code: str) -> dict[str, Any]:
    """Return a CodeableConcept of one of HL7's code systems."""
    return {"coding": [{"system": TERMS + system, "code": code}]}


ALLERGY = {
    "resourceType": "AllergyIntolerance",
    "patient": UMI,
    "code": {"text": "x"},
    "clinicalStatus": coded("allergyintolerance-clinical", "active"),
}
IN_ERROR = coded("allergyintolerance-verification", "entered-in-error")
CONDITION = {
    "resourceType": "Condition",
    "subject": UMI,
    "code": {"text": "x"},
    "verificationStatus": coded("condition-ver-status", "entered-in-error"),
}
MEDICATION = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "intent": "order",
    "subject": UMI,
    "medicationCodeableConcept": {"text": "x"},
}
ADMINISTRATION = {
    "resourceType": "MedicationAdministration",
    "status": "completed",
    "subject": UMI,
    "medicationCodeableConcept": {"text": "x"},
    "effectiveDateTime": "2026-01-05",
}
MAKER = {"resourceType": "Organization", "id": "maker", "name": "製薬"}
MEDICINE = {"resourceType": "Medication", "code": {"text": "x"}}
BOTH = {"linkId": "1", "answer": [{"valueString": "x"}], "item": [{"linkId": "2"}]}
ANSWERS = {"resourceType": "QuestionnaireResponse", "status": "completed", "subject": UMI}
LIST = {
    "resourceType": "List",
    "status": "current",
    "mode": "snapshot",
    "subject": UMI,
    "entry": [{"item": UMI}],
}


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule.

    Attributes:
        broken: A resource that breaks it.
        sound: The nearest that does not.
    """

    id: str
    spec: str
    broken: Mapping[str, Any]
    sound: Mapping[str, Any]

    @property
    def needs(self) -> tuple[str, ...]:
        return (str(self.broken["resourceType"]),)

    @property
    def probe(self) -> Probe:
        return Probe("POST", str(self.broken["resourceType"]), json.dumps(self.broken))


def _timing(**elements: Any) -> dict[str, Any]:
    return {**MEDICATION, "dosageInstruction": [{"timing": {"repeat": elements}}]}


ROWS = [
    Invariant("ait-1", R4 + "allergyintolerance.html#invs",
              {key: value for key, value in ALLERGY.items() if key != "clinicalStatus"}, ALLERGY),
    Invariant("ait-2", R4 + "allergyintolerance.html#invs",
              {**ALLERGY, "verificationStatus": IN_ERROR},
              {**ALLERGY, "verificationStatus": coded("allergyintolerance-verification",
                                                      "confirmed")}),
    Invariant("con-5", R4 + "condition.html#invs",
              {**CONDITION, "clinicalStatus": coded("condition-clinical", "active")}, CONDITION),
    Invariant("pat-1", R4 + "patient.html#invs", {**PATIENT, "contact": [{"gender": "female"}]},
              {**PATIENT, "contact": [{"name": {"text": "珠洲 空"}}]}),
    Invariant("obs-3", R4 + "observation.html#invs",
              {**OBSERVATION, "referenceRange": [{"type": {"text": "x"}}]},
              {**OBSERVATION, "referenceRange": [{"text": "x"}]}),
    Invariant("org-1", R4 + "organization.html#invs",
              {"resourceType": "Organization", "active": True},
              {"resourceType": "Organization", "name": "x"}),
    Invariant("lst-2", R4 + "list.html#invs", {**LIST, "entry": [{"item": UMI, "deleted": True}]},
              LIST),
    Invariant("mad-1", R4 + "medicationadministration.html#invs",
              {**ADMINISTRATION, "dosage": {"text": "x"}},
              {**ADMINISTRATION, "dosage": {"dose": {"value": 1}}}),
    Invariant("qrs-1", R4 + "questionnaireresponse.html#invs", {**ANSWERS, "item": [BOTH]},
              {**ANSWERS, "item": [{"linkId": "1", "item": [{"linkId": "2"}]}]}),
    Invariant("tim-2", R4 + "datatypes.html#timing", _timing(frequency=1, period=1),
              _timing(frequency=1, period=1, periodUnit="d")),
    Invariant("rng-2", R4 + "datatypes.html#range",
              {**OBSERVATION, "referenceRange": [{"text": "x", "appliesTo": [{"text": "x"}],
               "age": {"low": {"value": 9}, "high": {"value": 1}}}]},
              {**OBSERVATION, "referenceRange": [{"text": "x", "appliesTo": [{"text": "x"}],
               "age": {"low": {"value": 1}, "high": {"value": 9}}}]}),
    Invariant("dom-3", R4 + "domainresource.html#invs", {**MEDICINE, "contained": [MAKER]},
              {**MEDICINE, "contained": [MAKER], "manufacturer": {"reference": "#maker"}}),
    Invariant("dom-4", R4 + "domainresource.html#invs",
              {**MEDICINE, "contained": [{**MAKER, "meta": {"versionId": "1"}}],
               "manufacturer": {"reference": "#maker"}},
              {**MEDICINE, "contained": [MAKER], "manufacturer": {"reference": "#maker"}}),
    Invariant("ref-1", R4 + "references.html#contained",
              {**MEDICINE, "manufacturer": {"reference": "#maker"}},
              {**MEDICINE, "contained": [MAKER], "manufacturer": {"reference": "#maker"}}),
]  # fmt: skip


@cases([Case(row.id, row.spec, row.needs, row.probe) for row in ROWS])
def test_a_rule_over_several_elements_is_kept(world: World, case: Case) -> None:
    (row,) = [one for one in ROWS if one.id == case.id]
    # Somebody of its own: the seeded people's records are counted by others.
    about = f"Patient/{world.patient()['id']}"
    broken, sound = (
        json.dumps(one, ensure_ascii=False).replace(UMI["reference"], about)
        for one in (row.broken, row.sound)
    )
    assert world.client.post(case.needs[0], sound).status_code == 201
    require_outcome(world.client.post(case.needs[0], broken), (400, 422))
