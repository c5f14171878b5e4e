"""The rules of JP-CLINS on other people's cases, and on the guide's own examples.

https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tasuki.shared.fhir.characters import character_faults
from tasuki.shared.fhir.jp import jp_advice, jp_faults
from tasuki.shared.fhir.models import validate

DATA = Path(__file__).parents[2] / "data"
CASES = DATA / "jp-validator-cases"
LAB = "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS"
BUNDLE = "http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_CLINS"

# What we find, by the file of the case: (rule, place). These stand for what the case is about; a
# resource may break other rules too.
EXPECTED = {
    "jp-clins/allergyintolerance-ecs-identifier-slice": {"AllergyIntolerance.identifier"},
    "jp-clins/careplan-ecs-identifier-fields-missing": {
        "CarePlan.identifier[0].system",
        "CarePlan.identifier[0].value",
    },
    "jp-clins/careplan-ecs-no-required": {"CarePlan.title", "CarePlan.description"},
    "jp-clins/condition-ecs-missing-category": {"Condition.category"},
    "jp-clins/condition-ecs-missing-required": {"Condition.identifier"},
    "jp-clins/encounter-ecs-class-fields-missing": {
        "Encounter.class.code",
        "Encounter.class.display",
    },
    "jp-clins/encounter-ecs-class-system-missing": {"Encounter.class.system"},
    "jp-clins/encounter-ecs-no-required": {"Encounter.period.start"},
    "jp-clins/familymemberhistory-ecs-no-required": {"FamilyMemberHistory.relationship.coding"},
    "jp-clins/fmh-ecs-sex-coding-missing": {"FamilyMemberHistory.sex.coding"},
    "jp-clins/medreq-ecs-dosage-periodofuse-missing": {
        "MedicationRequest.dosageInstruction[0].extension"
    },
    "jp-clins/medreq-ecs-r5020-invalid-usage": {
        "MedicationRequest.dosageInstruction[0].timing.code.coding"
    },
    "jp-clins/observation-lab-missing-code-text": {
        "Observation.code.text",
        "Observation.code.coding[0].display",
    },
    "jp-clins/observation-lab-missing-identifier": {"Observation.identifier"},
    "jp-clins/observation-lab-missing-specimen": {"Observation.specimen"},
    "jp-clins/observation-labresult-tier2-violation-code-slice-unmatched": {
        "Observation.code.coding"
    },
    "jp-clins/organization-ecs-no-required": {"Organization.name"},
    "jp-clins/organization-ecs-type-coding-missing": {"Organization.type[0].coding"},
    "jp-clins/patient-ecs-name-given-missing": {"Patient.name[0].given"},
    "jp-clins/patient-ecs-name-text-missing": {"Patient.name[0].text"},
    "jp-clins/practitioner-ecs-qualification-coding-missing": {
        "Practitioner.qualification[0].code.coding"
    },
    # Found by the structure of R4, not by a rule of Japan's.
    "jp-clins/consent-ecs-basic": {"Consent.scope", "Consent.category", "Consent.status"},
    "jp-clins/immunization-ecs-with-jp-profile": {"Immunization.vaccineCode"},
    "jp-clins/medadmin-ecs-no-required": {"MedicationAdministration.medication[x]"},
    "jp-clins/procedure-ecs-with-profile": {"Procedure.status", "Procedure.subject"},
    "positive-controls/pc-a-cardinality-active": {"Observation.status"},
    "positive-controls/pc-f-reference-eval-active": {"Encounter.subject.reference"},
    # Broken, but found by another rule than the one the case is about (see NOT_FOUND).
    "jp-clins/allergyintolerance-ecs-no-required": {"AllergyIntolerance.code"},
}
# What the case is about is not found, and why.
NOT_FOUND = {
    "jp-clins/composition-edischargesummary-category-missing": "document profiles are not ours",
    "jp-clins/composition-edischargesummary-no-required": "document profiles are not ours",
    "jp-clins/composition-ereferral-no-required": "document profiles are not ours",
    "jp-clins/composition-ereferral-type-code-missing": "document profiles are not ours",
    "jp-clins/condition-ecs-missing-display": "the guide's own examples leave the display out",
    "jp-clins/diagnosticreport-category-first-slice-missing": "a profile of JP Core, not JP-CLINS",
    "jp-clins/diagnosticreport-lab-fixed-code-mismatch": "a profile of JP Core, not JP-CLINS",
    "jp-clins/observation-lab-category-dual": "needs slicing by profile",
    "jp-clins/observation-lab-descendent-of-parent-code": "needs the list of codes",
    "jp-clins/observation-lab-wrong-codesystem-for-slice": "needs the list of codes",
    "jp-clins/practitioner-ecs-no-required": "meta.lastUpdated is the server's, but in what is sent",
    "positive-controls/pc-b-invariant-active": "a best practice (no narrative), not a fault",
    "positive-controls/pc-e-terminology-lookup-active": "needs a terminology server",
}


def case(name: str) -> dict[str, Any]:
    resource: dict[str, Any] = json.loads((CASES / f"{name}.ndjson").read_text().splitlines()[0])
    return resource


def places(resource: dict[str, Any]) -> set[str]:
    found = (*character_faults(resource), *validate(resource), *jp_faults(resource))
    return {place for fault in found for place in fault.at}


def test_every_case_has_a_verdict() -> None:
    groups = ("jp-clins", "positive-controls")
    files = {f"{one.parent.name}/{one.stem}" for g in groups for one in (CASES / g).iterdir()}
    assert files == EXPECTED.keys() | NOT_FOUND.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_case_is_found_at_its_place(name: str) -> None:
    assert EXPECTED[name] - places(case(name)) == set()


@pytest.mark.parametrize("name", sorted(n for n in NOT_FOUND if n.startswith("positive-controls")))
def test_what_is_not_our_business_gets_no_fault(name: str) -> None:
    assert places(case(name)) == set()


TIER_3 = {
    "designated-labtest-jlac-present": ("T-jlac", set()),
    "designated-labtest-no-jlac-violation": ("T-jlac", {"code.coding"}),
    "half-width-katakana-violation": (
        "T-half-width-kana",
        {"code.coding[0].display", "code.text"},
    ),
    "hasmember-in-5info-compliant": ("R6081", set()),
    "localcode-with-space-compliant": ("T-local-display", set()),
    # "Recommended" in the guide: warned of, not refused.
    "localcode-with-space-violation": ("T-local-display", {"code.coding[0].display"}),
}


def broken(resource: dict[str, Any], rule: str) -> set[str]:
    found = (*jp_faults(resource), *jp_advice(resource))
    return {place for one in found if one.message.endswith(f"({rule})") for place in one.at}


@pytest.mark.parametrize("name", TIER_3)
def test_a_rule_of_prose_is_found_alone_and_in_what_is_sent(name: str) -> None:
    rule, expected = TIER_3[name]
    resource = case(f"jp-tier3/prose-{name}")
    # The cases leave the profile out, which is what the rules go by.
    assert (jp_faults(resource), jp_advice(resource)) == ((), ())
    claiming = {**resource, "meta": {"profile": [LAB]}}
    assert broken(claiming, rule) == {f"Observation.{place}" for place in expected}
    sent: dict[str, Any] = {"resourceType": "Bundle", "meta": {"profile": [f"{BUNDLE}|1.12.0"]}}
    sent["entry"] = [{"resource": claiming}]
    assert broken(sent, rule) == {f"Bundle.entry[0].resource.{place}" for place in expected}


def test_every_tier_3_case_is_judged() -> None:
    files = {one.stem.removeprefix("prose-") for one in (CASES / "jp-tier3").iterdir()}
    assert files == TIER_3.keys()


EXAMPLES = sorted(
    path
    for folder in ("jp-clins-examples", "jp-clinical", "fhir/jp-core")
    for path in (DATA / folder).glob("*.json")
)
# Examples that the guide itself calls wrong.
WRONG_EXAMPLES = {"Observation-ErrorExample-ObsLabo-eGFR": {"Observation.code.coding"}}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_the_guide_s_examples_have_no_false_fault(path: Path) -> None:
    found = jp_faults(json.loads(path.read_text()))
    assert {at for one in found for at in one.at} == WRONG_EXAMPLES.get(path.stem, set())


def test_the_examples_are_there() -> None:
    assert len(EXAMPLES) > 100
