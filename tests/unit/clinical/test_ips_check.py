"""The paper test of https://hl7.org/fhir/uv/ips/ 2.0.1 on official examples and single defects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tasuki.shared.clinical.ips import xhtml
from tasuki.shared.clinical.ips.check import check_ips, check_own_ips

DATA = Path(__file__).parents[2] / "data" / "ips"
POSITIVES = sorted(DATA.glob("Bundle-*.json"))
# Where the first issue of each single-defect document must stand.
NEGATIVES = {
    "n1_no_allergy_section": "Bundle.entry[0].resource.section",
    "n2_empty_meds_no_reason": "Bundle.entry[0].resource.section[1]",
    "n3_section_no_text": "Bundle.entry[0].resource.section[0].text.div",
    "n4_no_bundle_identifier": "Bundle.identifier",
    "n5_type_collection": "Bundle.type",
    "n6_no_timestamp": "Bundle.timestamp",
    "n7_wrong_comp_type": "Bundle.entry[0].resource.type",
    "n8_two_allergy_sections": "Bundle.entry[0].resource.section",
    "n9_second_composition": "Bundle.entry",
    "n10_no_birthdate": "Bundle.entry[1].resource.birthDate",
    "n11_no_name": "Bundle.entry[1].resource.name",
    "n12_medstatement_no_effective": "Bundle.entry[5].resource.effectiveDateTime",
    "n13_dangling_section_ref": "Bundle.entry[0].resource.section[0].entry[0]",
    "n14_condition_in_allergy_section": "Bundle.entry[0].resource.section[2].entry[0]",
    "n15_no_fullurl": "Bundle.entry[2].fullUrl",
    "n16_allergy_no_code": "Bundle.entry[7].resource.code",
    "n17_unknown_element": "Bundle.entry[1].resource.bloodType",
    "n18_bad_status_code": "Bundle.entry[5].resource.status",
    "n19_nested_section": "Bundle.entry[0].resource.section[0].section",
    "n20_entry_and_emptyReason(cmp-2)": "Bundle.entry[0].resource.section[1].emptyReason",
}


def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _minimal() -> dict[str, Any]:
    return _load(DATA / "Bundle-bundle-minimal.json")


def test_all_published_cases_are_here() -> None:
    assert len(POSITIVES) == 5
    assert {path.stem for path in (DATA / "negatives").glob("*.json")} == set(NEGATIVES)


@pytest.mark.parametrize("path", POSITIVES, ids=lambda path: path.stem)
def test_official_examples_pass(path: Path) -> None:
    assert check_ips(_load(path)) == ()


@pytest.mark.parametrize(("name", "at"), NEGATIVES.items())
def test_each_single_defect_is_found_where_it_is(name: str, at: str) -> None:
    issues = check_ips(_load(DATA / "negatives" / f"{name}.json"))
    assert [issue.path for issue in issues][:1] == [at]


def test_a_birth_date_declared_absent_is_enough() -> None:
    bundle = _minimal()
    patient = bundle["entry"][1]["resource"]
    del patient["birthDate"]
    patient["_birthDate"] = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                "valueCode": "unknown",
            }
        ]
    }
    assert check_ips(bundle) == ()


def test_a_reference_out_of_the_bundle_is_found_but_words_are_not() -> None:
    bundle = _minimal()
    condition = bundle["entry"][4]["resource"]
    condition["recorder"] = {"reference": "Practitioner/elsewhere"}
    assert [issue.path for issue in check_ips(bundle)] == ["Bundle.entry[4].resource.recorder"]
    condition["recorder"] = {"display": "somebody"}
    assert check_ips(bundle) == ()


def test_a_contained_reference_must_have_its_resource() -> None:
    bundle = _minimal()
    statement = bundle["entry"][5]["resource"]
    statement["medicationReference"] = {"reference": "#m"}
    place = "Bundle.entry[5].resource.medicationReference"
    assert {issue.path for issue in check_ips(bundle)} == {place, f"{place}.reference"}
    statement["contained"] = [{"resourceType": "Medication", "id": "m"}]
    assert check_ips(bundle) == ()


def test_two_entries_with_one_full_url_are_found() -> None:
    bundle = _minimal()
    bundle["entry"].append(bundle["entry"][3])
    assert "Bundle.entry[8].fullUrl" in [issue.path for issue in check_ips(bundle)]


def test_one_narrative_row_per_entry_is_our_own_rule() -> None:
    bundle = _minimal()
    assert check_ips(bundle) == ()
    assert len(check_own_ips(bundle)) == 3


def test_nonsense_is_judged_and_does_not_fail() -> None:
    for nonsense in ({}, {"entry": 3}, {"entry": [1, {"resource": "x"}]}, {"type": "document"}):
        assert check_ips(nonsense)


@pytest.mark.parametrize(
    ("inner", "is_good"),
    [
        ("<p>said</p>", True),
        ("<p>said<br/></p>", True),
        ("", False),
        ("<p> </p>", False),
        ("<p>said", False),
        ("<b><i>said</b></i>", False),
        ("said<script>x</script>", False),
        ("<p onclick='x'>said</p>", False),
        ("said<br>", False),
    ],
)
def test_narrative_is_well_formed_and_says_something(inner: str, is_good: bool) -> None:
    assert (xhtml.fault_in(f'<div xmlns="{xhtml.NAMESPACE}">{inner}</div>') is None) is is_good


def test_narrative_is_escaped() -> None:
    hostile = '<img src=x onerror="alert(1)">&'
    div = xhtml.division([xhtml.paragraph(hostile), xhtml.table(["a"], [[hostile]])], "ja")
    assert "<img" not in div
    assert xhtml.fault_in(div) is None
    assert xhtml.body_rows(div) == 1
