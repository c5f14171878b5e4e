"""References: themselves, what lies behind them (chains), and what points here (_has)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Search, cases
from tests.conformance.r4.searching import require_found
from tests.conformance.r4.spec import CHAINING, HAS, MODIFIERS, REFERENCE

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

OF_HANAKO = "w1 w2 w3 bp1 bp2 a1c smoke memo pulse panel"

REFERENCES = [
    Search("reference-id", "Observation?patient={taro:id}", "tw", REFERENCE),
    Search("reference-type-id", "Observation?patient={taro}", "tw", REFERENCE),
    Search("reference-url", "Observation?patient={base}/{taro}", "tw", REFERENCE),
    Search("reference-subject", "Observation?subject={hanako}", OF_HANAKO, REFERENCE),
    Search("reference-subject-id", "Observation?subject={jiro:id}", "jw", REFERENCE),
    Search("reference-type-modifier", "Observation?subject:Patient={jiro:id}", "jw", MODIFIERS),
    Search("reference-wrong-type", "Observation?subject:Device={jiro:id}", "", MODIFIERS,
           witness="Observation?subject:Patient={jiro:id}"),
    Search("reference-or", "Observation?patient={taro},{jiro}", "tw jw", REFERENCE),
    Search("reference-and-code", "Observation?patient={hanako}&code=85354-9", "bp1 bp2",
           REFERENCE),
    Search("reference-performer", "Observation?performer={sato}", "w1 bp1", REFERENCE),
    Search("reference-performer-type", "Observation?performer:Organization={wajima:id}", "w3",
           MODIFIERS),
    Search("reference-encounter", "Observation?encounter={visit}", "w1 bp1", REFERENCE),
    Search("reference-member", "Observation?has-member={w1}", "panel", REFERENCE),
    Search("reference-result", "DiagnosticReport?result={a1c}", "report", REFERENCE),
    Search("reference-based-on", "DiagnosticReport?based-on={order}", "report", REFERENCE),
    Search("reference-organization", "Patient?organization={wajima}", "hanako taro", REFERENCE),
    Search("reference-practitioner", "Patient?general-practitioner={sato}", "hanako jiro",
           REFERENCE),
    Search("reference-partof", "Organization?partof={city}", "wajima nanao", REFERENCE),
    Search("reference-location", "Encounter?location={ward}", "visit", REFERENCE),
    Search("reference-participant", "Encounter?participant={sato}", "visit", REFERENCE),
    Search("reference-medication", "MedicationRequest?medication={amlodipine}", "rx1 rx3",
           REFERENCE),
    Search("reference-list-item", "List?item={rx1}", "medlist", REFERENCE),
    Search("reference-target", "Provenance?target={w1}", "origin", REFERENCE),
    Search("reference-beneficiary", "Coverage?beneficiary={hanako}", "cover", REFERENCE),
    Search("reference-allergy", "AllergyIntolerance?patient={taro}", "soba", REFERENCE),
    Search("reference-missing", "Patient?organization:missing=true", "umi marie", MODIFIERS),
    Search("reference-not-missing", "Observation?encounter:missing=false", "w1 bp1 tw", MODIFIERS),
    Search("reference-unknown", "Observation?patient=Patient/nobody-of-{run}", "", REFERENCE,
           witness="Observation?patient={taro}"),
]  # fmt: skip

CHAINS = [
    Search("chain-family", "Observation?patient.family=輪島", "jw", CHAINING),
    Search("chain-typed", "Observation?subject:Patient.family=輪島", "jw", CHAINING),
    Search("chain-token", "Observation?patient.gender=male", "tw jw", CHAINING),
    Search("chain-date", "Observation?patient.birthdate=gt1970", "jw", CHAINING),
    Search("chain-identifier", "Observation?patient.identifier={chart}|002", "tw", CHAINING),
    Search("chain-modifier", "Observation?patient.family:exact=輪島", "jw", CHAINING),
    Search("chain-contains", "Observation?patient.given:contains=郎&code=29463-7", "tw jw",
           CHAINING),
    Search("chain-not", "Observation?patient.gender:not=female", "tw jw", CHAINING),
    Search("chain-missing", "Observation?patient.address:missing=true", "tw", CHAINING),
    Search("chain-id", "Observation?patient._id={jiro:id}", "jw", CHAINING),
    Search("chain-or", "Observation?patient.identifier={chart}|002,{chart}|003", "tw jw",
           CHAINING),
    Search("chain-and", "Observation?patient.gender=male&patient.active=true", "tw", CHAINING),
    Search("chain-and-plain", "Observation?patient.family=能登&value-quantity=lt60||kg", "tw",
           CHAINING),
    Search("chain-none", "Observation?patient.family=珠洲の誰か", "", CHAINING,
           witness="Observation?patient.family=輪島"),
    Search("chain-two-steps", "Observation?patient.organization.name=七尾", "jw", CHAINING),
    Search("chain-two-typed",
           "Observation?subject:Patient.general-practitioner:Practitioner.family=鈴木", "tw",
           CHAINING),
    Search("chain-three-steps",
           "Observation?encounter.service-provider.partof.identifier=https://tasuki.example/{run}/org|city",
           "w1 bp1 tw", CHAINING),
    Search("chain-encounter", "Observation?encounter.class=AMB&patient={hanako}", "w1 bp1",
           CHAINING),
    Search("chain-medication", "MedicationRequest?medication.code=2171022F1029", "rx1 rx3",
           CHAINING),
    Search("chain-medication-and", "MedicationRequest?medication.code=2171022F1029"
           "&patient.family=能登&requester:Practitioner.family=鈴木", "rx3", CHAINING),
    Search("chain-result", "DiagnosticReport?result.code=4548-4", "report", CHAINING),
    Search("chain-result-value", "DiagnosticReport?result.value-quantity=gt72", "report",
           CHAINING),
    Search("chain-location", "Encounter?location.name=三階", "visit", CHAINING),
    Search("chain-of-patient", "Patient?organization.name=輪島", "hanako taro", CHAINING),
    Search("chain-of-role", "PractitionerRole?practitioner.family=佐藤", "satorole", CHAINING),
    Search("chain-encounter-diagnosis", "Condition?encounter.identifier="
           "https://tasuki.example/{run}/visit|1", "pressure", CHAINING),
]  # fmt: skip

REVERSED = [
    Search("has-code", "Patient?_has:Observation:patient:code=85354-9", "hanako", HAS),
    Search("has-subject", "Patient?_has:Observation:subject:code=http://loinc.org|29463-7",
           "hanako taro jiro", HAS),
    Search("has-quantity", "Patient?_has:Observation:patient:value-quantity=gt80||kg", "jiro", HAS),
    Search("has-date", "Patient?_has:Observation:patient:date=lt2025", "jiro", HAS),
    Search("has-id", "Patient?_has:Observation:patient:_id={tw:id}", "taro", HAS),
    Search("has-or", "Patient?_has:Condition:patient:code=38341003,71620000", "hanako taro", HAS),
    Search("has-and", "Patient?_has:Condition:patient:code=38341003"
           "&_has:Observation:patient:code=4548-4", "hanako", HAS),
    Search("has-and-none", "Patient?_has:Condition:patient:code=71620000"
           "&_has:Observation:patient:code=4548-4", "", HAS,
           witness="Patient?_has:Observation:patient:code=4548-4"),
    Search("has-and-plain", "Patient?_has:Observation:patient:code=29463-7&gender=male",
           "taro jiro", HAS),
    Search("has-practitioner", "Practitioner?_has:Patient:general-practitioner:family=輪島",
           "sato", HAS),
    Search("has-organization", "Organization?_has:Patient:organization:birthdate=1980-12-31",
           "nanao", HAS),
    Search("has-medication", "Medication?_has:MedicationRequest:medication:status=active",
           "amlodipine", HAS),
    Search("has-encounter", "Encounter?_has:Observation:encounter:value-quantity=lt60||kg",
           "other", HAS),
    Search("has-observation", "Observation?_has:DiagnosticReport:result:status=final", "a1c w1",
           HAS),
    Search("has-provenance", "Observation?_has:Provenance:target:agent={sato}", "w1", HAS),
    Search("has-nested",
           "Patient?_has:Observation:patient:_has:DiagnosticReport:result:status=final",
           "hanako", HAS),
    Search("has-nested-provenance",
           "Patient?_has:Observation:patient:_has:Provenance:target:agent={sato}", "hanako", HAS),
    Search("has-in-chain", "Encounter?patient._has:Condition:patient:code=71620000", "other", HAS),
    Search("has-chain-inside", "Practitioner?_has:Patient:general-practitioner:organization.name="
           "七尾", "sato", HAS),
    Search("has-none", "Patient?_has:Procedure:patient:code=71388002", "", HAS,
           witness="Patient?_has:Procedure:patient:code=80146002"),
]  # fmt: skip


@cases([*REFERENCES, *CHAINS, *REVERSED])
def test_reference(world: World, case: Search) -> None:
    require_found(world, case)
