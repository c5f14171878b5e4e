"""Token parameters: codes, identifiers, booleans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Search, cases
from tests.conformance.r4.searching import require_found
from tests.conformance.r4.spec import ID, MODIFIERS, PROFILE, SEARCH, TAG, TOKEN, URI

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

WEIGHTS = "w1 w2 w3 tw jw"
GENDER = "http://hl7.org/fhir/administrative-gender"
MR = "http://terminology.hl7.org/CodeSystem/v2-0203|MR"

ROWS = [
    Search("token-code", "Observation?code=29463-7", WEIGHTS, TOKEN),
    Search("token-system-code", "Observation?code=http://loinc.org|29463-7", WEIGHTS, TOKEN),
    Search("token-wrong-system", "Observation?code=http://snomed.info/sct|29463-7", "", TOKEN,
           witness="Observation?code=http://loinc.org|29463-7"),
    Search("token-no-system", "Observation?code=|LOCAL-1", "memo", TOKEN),
    Search("token-has-system", "Observation?code=|29463-7", "", TOKEN,
           witness="Observation?code=|LOCAL-1"),
    Search("token-any-of-system", "Observation?code=http://loinc.org|",
           f"{WEIGHTS} bp1 bp2 a1c smoke pulse panel", TOKEN),
    Search("token-or", "Observation?code=4548-4,72166-2", "a1c smoke", TOKEN),
    Search("token-or-systems", "Observation?code=http://loinc.org|4548-4,|LOCAL-1", "a1c memo",
           TOKEN),
    Search("token-and", "Condition?code=http://snomed.info/sct|38341003&code=I10", "pressure",
           TOKEN),
    Search("token-and-none", "Condition?code=38341003&code=E11", "", TOKEN,
           witness="Condition?code=44054006&code=E11"),
    Search("token-whole-code", "Observation?code=29463", "", TOKEN,
           witness="Observation?code=29463-7"),
    Search("token-category", "Observation?category=laboratory", "a1c", TOKEN),
    Search("token-code-element", "Patient?gender=female", "hanako", TOKEN),
    Search("token-code-element-system", f"Patient?gender={GENDER}|male", "taro jiro", TOKEN),
    Search("token-code-element-or", "Patient?gender=female,other", "hanako umi", TOKEN),
    Search("token-status", "Observation?status=amended", "w3", TOKEN),
    Search("token-status-or", "Observation?status=amended,preliminary", "w3 memo", TOKEN),
    Search("token-true", "Patient?active=true", "hanako taro marie", TOKEN),
    Search("token-false", "Patient?active=false", "jiro", TOKEN),
    Search("token-deceased", "Patient?deceased=true", "taro", TOKEN),
    Search("token-language", "Patient?language=ja", "hanako", TOKEN),
    Search("token-identifier", "Patient?identifier={chart}|002", "taro", TOKEN),
    Search("token-identifier-value", "Patient?identifier=001", "hanako", TOKEN),
    Search("token-identifier-system", "Patient?identifier=https://tasuki.example/{run}/member|",
           "hanako", TOKEN),
    Search("token-identifier-other", "Patient?identifier=https://tasuki.example/{run}/member|002",
           "", TOKEN, witness="Patient?identifier={chart}|002"),
    Search("token-identifier-or", "Patient?identifier={chart}|001,{chart}|004", "hanako umi",
           TOKEN),
    Search("token-email", "Patient?email=hanako-{run}@example.jp", "hanako", TOKEN),
    Search("token-phone", "Patient?phone=0768-00-{run}", "hanako", TOKEN),
    Search("token-telecom", "Patient?telecom=0768-00-{run}", "hanako", TOKEN),
    Search("token-coding", "Encounter?class=IMP", "stay", TOKEN),
    Search("token-component", "Observation?component-code=8480-6", "bp1 bp2", TOKEN),
    Search("token-combo", "Observation?combo-code=http://loinc.org|8462-4,4548-4",
           "bp1 bp2 a1c", TOKEN),
    Search("token-value", "Observation?value-concept=266919005", "smoke", TOKEN),
    Search("token-absent", "Observation?data-absent-reason=unknown", "pulse", TOKEN),
    Search("token-clinical-status", "Condition?clinical-status=resolved", "bone", TOKEN),
    Search("token-severity", "Condition?severity=6736007", "pressure", TOKEN),
    Search("token-criticality", "AllergyIntolerance?criticality=high", "penicillin", TOKEN),
    Search("token-repeated-code", "AllergyIntolerance?category=environment", "soba", TOKEN),
    Search("token-intent-status", "MedicationRequest?status=active&intent=order", "rx1 rx3", TOKEN),
    Search("token-medication", "Medication?code=2171022F1029", "amlodipine", TOKEN),
    Search("token-not", "Observation?code:not=29463-7", "bp1 bp2 a1c smoke memo pulse panel",
           MODIFIERS),
    Search("token-not-system", "Patient?gender:not=male", "hanako umi marie", MODIFIERS),
    Search("token-not-takes-absent", "Patient?active:not=true", "jiro umi", MODIFIERS),
    Search("token-not-any-value", "AllergyIntolerance?category:not=food", "penicillin", MODIFIERS),
    Search("token-text", "Observation?code:text=体重", WEIGHTS, MODIFIERS),
    Search("token-text-condition", "Condition?code:text=大腿骨", "bone", MODIFIERS),
    Search("token-of-type", f"Patient?identifier:of-type={MR}|001", "hanako", MODIFIERS),
    Search("token-of-type-other", f"Patient?identifier:of-type={MR}|002", "", MODIFIERS,
           witness=f"Patient?identifier:of-type={MR}|001"),
    Search("token-missing", "Patient?active:missing=true", "umi", MODIFIERS),
    Search("token-not-missing", "Patient?language:missing=false", "hanako marie", MODIFIERS),
    Search("token-missing-value", "Observation?category:missing=true", "", MODIFIERS,
           witness="Observation?category:missing=false"),
    Search("id-one", "Patient?_id={hanako:id}", "hanako", ID),
    Search("id-several", "Patient?_id={hanako:id},{umi:id}", "hanako umi", ID),
    Search("id-and-parameter", "Patient?_id={hanako:id},{taro:id}&gender=male", "taro", ID),
    Search("id-of-other-type", "Patient?_id={w1:id}", "", ID, witness="Observation?_id={w1:id}"),
    Search("tag-system-code", "Patient?_tag=https://tasuki.example/{run}/group|winter",
           "hanako taro", TAG),
    Search("tag-code", "Patient?_tag=summer", "jiro", TAG),
    Search("tag-not", "Patient?_tag:not=winter", "jiro umi marie", TAG),
    Search("tag-or", "Patient?_tag=summer,winter", "hanako taro jiro", TAG),
    Search("security", "Patient?_security=http://terminology.hl7.org/CodeSystem/v3-ActReason|HTEST",
           "hanako", TAG),
    Search("profile", "Patient?_profile=http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient",
           "hanako", PROFILE),
    Search("profile-of-hl7", "Observation?_profile=http://hl7.org/fhir/StructureDefinition/vitalsigns",
           "w1", PROFILE),
    Search("source", "Observation?_source=https://source.example/{run}/a", "w1", SEARCH),
    Search("uri", "CarePlan?instantiates-uri=https://plans.example/{run}/care/heart", "plan", URI),
    Search("uri-case", "CarePlan?instantiates-uri=https://plans.example/{run}/care/HEART", "", URI,
           witness="CarePlan?instantiates-uri=https://plans.example/{run}/care/heart"),
    Search("uri-below", "CarePlan?instantiates-uri:below=https://plans.example/{run}/care/heart",
           "plan planwinter", URI),
    Search("uri-below-all", "CarePlan?instantiates-uri:below=https://plans.example/{run}/care",
           "plan planwinter planbone", URI),
    Search("uri-above", "CarePlan?instantiates-uri:above=https://plans.example/{run}/care/heart/winter",
           "plan planwinter", URI),
    Search("uri-or", "CarePlan?instantiates-uri=https://plans.example/{run}/care/heart,"
           "https://plans.example/{run}/care/bone", "plan planbone", URI),
    Search("uri-missing", "CarePlan?instantiates-uri:missing=true", "", URI,
           witness="CarePlan?instantiates-uri:missing=false"),
]  # fmt: skip


@cases(ROWS)
def test_token(world: World, case: Search) -> None:
    require_found(world, case)
