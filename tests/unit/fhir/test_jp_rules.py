"""Every rule of JP-CLINS, broken once in a Bundle that is otherwise as the guide has it.

https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tasuki.shared.fhir.jp import RULES, jp_advice, jp_faults
from tasuki.shared.fhir.models import validate

DATA = Path(__file__).parents[2] / "data"
LABS = DATA / "jp-clins-examples" / "Bundle-Bundle-CLINS-Observations-Example-01.json"
INSURANCE = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
PUBLIC = "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID"
INDICATION = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
UNCODED_LAB = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_ObsLabResult_Uncoded_CS"
ECS = "http://jpfhir.jp/fhir/eCS/StructureDefinition/"
USAGE = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUsage_ePrescription"
DUMMY_USAGE = {
    "system": "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_MedicationUsage_Uncoded_CS",
    "code": "0X0XXXXXXXXX0000",
}
MISSING = object()


def labs() -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(LABS.read_text())
    return bundle


def conditions() -> dict[str, Any]:
    bundle = labs()
    condition = json.loads(
        (DATA / "jp-clinical/Condition-Example-JP-Condition-eCS-01.json").read_text()
    )
    bundle["meta"]["tag"][0]["code"] = "Condition"
    bundle["entry"][1:] = [{**bundle["entry"][1], "resource": condition}]
    return bundle


def allergies() -> dict[str, Any]:
    bundle = labs()
    name = "AllergyIntolerance-Example-JP-AllergyIntolerance-eCS-02.json"
    allergy = json.loads((DATA / "jp-clinical" / name).read_text())
    allergy["patient"] = {"reference": bundle["entry"][0]["fullUrl"]}
    del allergy["encounter"]
    bundle["meta"]["tag"][0]["code"] = "AllergyIntolerance"
    bundle["entry"][1:] = [{**bundle["entry"][1], "resource": allergy}]
    return bundle


def prescription() -> dict[str, Any]:
    name = "MedicationRequest-Example-JP-MedReq-PO-TID-2days-dummyUsageCode.json"
    resource: dict[str, Any] = json.loads((DATA / "jp-clinical" / name).read_text())
    return resource


MADE = {"labs": labs, "conditions": conditions, "allergies": allergies, "rx": prescription}


def changed(made: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """Return a copy with one place set, appended to (`[+]`) or taken away."""
    made = copy.deepcopy(made)
    steps = [int(s) if s.isdecimal() else s for s in re.findall(r"[A-Za-z]+|[0-9]+|\+", place)]
    held: Any = made
    for step in steps[:-1]:
        held = held[step]
    last: Any = steps[-1]
    if last == "+":
        held.append(value)
    elif value is MISSING:
        del held[last]
    else:
        held[last] = value
    return made


def test_the_unchanged_are_without_fault() -> None:
    for make in MADE.values():
        assert [one.message for one in (*validate(make()), *jp_faults(make()))] == []
        assert jp_advice(make()) == ()


OBS = "entry[1].resource"
PAT = "entry[0].resource"
LOCAL = f"{OBS}.code.coding[0]"
# (made from, rule, what is changed, to what, where the fault is if elsewhere)
BREAKS: list[tuple[str, str, str, object, str]] = [
    ("labs", "T-private-use", f"{OBS}.method", {"text": "\ue000"}, f"{OBS}.method.text"),
    ("labs", "T-half-width-kana", f"{OBS}.code.text", "ｱﾙﾌﾞﾐﾝ", ""),
    ("labs", "T-full-width-space", f"{LOCAL}.display", "アル\u3000ブミン", ""),
    ("labs", "T-control", f"{OBS}.code.text", "アル\nブミン", ""),
    ("labs", "T-full-width-letters", f"{OBS}.code.text", "\uff21\uff2c\uff22", ""),
    ("labs", "R6021", f"{LOCAL}.system", "urn:x", f"{OBS}.code.coding"),
    ("labs", "T-local-code", f"{LOCAL}.code", "アルブミン", ""),
    ("labs", "T-local-display", f"{LOCAL}.display", "血清 K", ""),
    ("labs", "T-jlac", f"{OBS}.code.coding[1].system", "urn:x", f"{OBS}.code.coding"),
    ("labs", "T-uncoded-lab", f"{OBS}.code.coding[1].system", UNCODED_LAB, "*"),
    ("labs", "R6081", f"{OBS}.hasMember", [{"display": "x"}], f"{OBS}.hasMember[0]"),
    (
        "labs",
        "R6031",
        f"{OBS}.meta.tag",
        [{"system": INDICATION, "code": "LTS"}],
        f"{OBS}.meta.tag[0]",
    ),
    ("labs", "R1112", f"{PAT}.name", [{"text": "a", "family": "a", "given": ["b"]}], f"{PAT}.name"),
    ("labs", "R1113", f"{PAT}.name[0].text", "牧野\u3000爛漫", ""),
    ("labs", "R1010", f"{PAT}.identifier[0].system", "urn:oid:1.2.392.100495.20.3.51.1", ""),
    ("labs", "R1012", f"{PAT}.identifier[1]", MISSING, f"{PAT}.identifier"),
    (
        "labs",
        "R1012",
        f"{PAT}.identifier[+]",
        {"system": PUBLIC, "value": "12345678::1234567:"},
        f"{PAT}.identifier",
    ),
    ("labs", "R1013", f"{PAT}.identifier[1].value", "12345:あいう:187:05", ""),
    ("labs", "R1013", f"{PAT}.identifier[1].value", "00012345:あ い:187:05", ""),
    ("labs", "R1013", f"{PAT}.identifier[1].value", "00012345::187:5", ""),
    ("labs", "R1013", f"{PAT}.identifier[1].value", "00012345::187", ""),
    (
        "labs",
        "R1013",
        f"{PAT}.identifier[1]",
        {"system": PUBLIC, "value": "12345678::123456:"},
        f"{PAT}.identifier[1].value",
    ),
    ("labs", "T-member-width", f"{PAT}.identifier[1].value", "00012345:あA:187:05", ""),
    (
        "allergies",
        "T-dummy-text",
        f"{OBS}.code",
        {"coding": [{"system": "urn:x", "code": "D9F000000000", "display": "食品ダミーコード"}]},
        f"{OBS}.code.text",
    ),
    ("rx", "T-dummy-text", "dosageInstruction[0].timing.code.text", MISSING, ""),
    (
        "rx",
        "R5020",
        "dosageInstruction[0].timing.code.coding[+]",
        {"system": USAGE, "code": "1013044400000000"},
        "dosageInstruction[0].timing.code.coding",
    ),
    (
        "rx",
        "R5020",
        "dosageInstruction[0].timing",
        MISSING,
        "dosageInstruction[0].timing.code.coding",
    ),
    ("allergies", "T-biologic", f"{OBS}.category", ["biologic"], f"{OBS}.category[0]"),
    ("labs", "R1021", f"{OBS}.extension[0].valueIdentifier.value", "1321234567", "-"),
    ("labs", "R1021", f"{OBS}.extension[0].valueIdentifier.value", "131881479", ""),
    ("labs", "R9011", f"{OBS}.extension[0]", MISSING, f"{OBS}.extension"),
    ("labs", "R9013", f"{OBS}.contained[0]", MISSING, f"{OBS}.contained"),
    ("labs", "R9014", f"{OBS}.extension[1]", MISSING, f"{OBS}.extension"),
    ("conditions", "R9015", f"{OBS}.onsetDateTime", MISSING, ""),
    ("labs", "P-type", "type", "document", ""),
    ("labs", "R02142", "meta.tag[0].code", "MedicationRequest", "meta.tag"),
    ("labs", "R2152", "identifier.system", "urn:x", ""),
    ("labs", "R2152", "identifier.value", "1318814790^1999^1", ""),
    ("labs", "R2152", "identifier.value", "1318814790^2024^a_b", ""),
    ("labs", "R2152", "identifier.value", "1318814790^2024^" + "a" * 37, ""),
    ("labs", "P-times", "timestamp", MISSING, ""),
    ("labs", "P-times", "meta.lastUpdated", MISSING, ""),
    ("labs", "R0211", "entry[0]", MISSING, PAT),
    ("labs", "R0212", f"{PAT}.meta.profile", ["urn:x"], ""),
    ("labs", "R02144", "meta.tag[0].code", "Condition", "*"),
    ("labs", "Bundle-entry", f"{OBS}.meta.profile", ["urn:x"], ""),
    ("labs", "T-fullUrl", "entry[1].fullUrl", "Observation/1", ""),
    ("labs", "T-fullUrl", "entry[1].fullUrl", "urn:uuid:b76ef6f6-f6e3-c110-5039-eee64ef6ab6a", ""),
    ("labs", "P-entry", "entry[1].request", {"method": "POST", "url": "Observation"}, ""),
    (
        "labs",
        "T-references",
        f"{OBS}.performer[0].reference",
        "Practitioner/1",
        "",
    ),
    ("labs", "T-subject", f"{OBS}.subject", {"display": "牧野"}, ""),
    ("labs", "P-lastUpdated", f"{OBS}.meta.lastUpdated", MISSING, ""),
]


@pytest.mark.parametrize(("kind", "rule", "change", "value", "at"), BREAKS)
def test_a_broken_rule_is_told_at_its_place(
    kind: str, rule: str, change: str, value: object, at: str
) -> None:
    made = changed(MADE[kind](), change, value)
    root = made["resourceType"]
    found = (*jp_faults(made), *jp_advice(made))
    told = {place for one in found if one.message.endswith(f"({rule})") for place in one.at}
    if at == "-":  # a look-alike that is right
        assert told == set()
        return
    assert told, [one.message for one in found]
    if at != "*":
        assert told == {f"{root}.{at or change}"}


def test_every_rule_is_broken_once() -> None:
    by_profile = {
        one.name for one in RULES if one.name.startswith("P-") and "lastU" not in one.name
    }
    told = {rule for _, rule, *_ in BREAKS} | {"T-designated"}
    assert {one.name for one in RULES} - by_profile - told == set()


def test_every_rule_is_on_its_page() -> None:
    page = (DATA.parents[1] / "docs/api/fhir/validation-jp.md").read_text(encoding="utf-8")
    for rule in RULES:
        if rule.words != "is required by the profile":
            assert f"| {rule.name} | `{rule.place}` | {rule.words}" in page
        else:
            name = rule.profile.rpartition("/")[2]
            (line,) = (one for one in page.splitlines() if one.startswith(f"- {name}: "))
            assert f"`{rule.place.partition('.')[2]}`" in line


def test_a_designated_name_without_a_code_is_pointed_out() -> None:
    uncoded = {"system": UNCODED_LAB, "code": "9" * 17, "display": "未標準化コード項目(JLAC)"}
    made = changed(labs(), f"{OBS}.code.coding[1]", uncoded)
    assert jp_advice(made) == ()
    made = changed(made, f"{LOCAL}.display", "\uff21\uff2c\uff22")
    assert [one.at for one in jp_advice(made)] == [(f"Bundle.{OBS}.code.coding",)]


@pytest.mark.parametrize(
    "value", ["00012345::187:", "00012345:\uff21\uff22:\uff11:05", "00012345:あいう:187:05"]
)
def test_an_insured_person_may_lack_symbol_and_branch(value: str) -> None:
    assert jp_faults(changed(labs(), f"{PAT}.identifier[1].value", value)) == ()


def test_a_bundle_of_the_patient_alone_is_right() -> None:
    bundle = labs()
    del bundle["entry"][1:]
    assert jp_faults(bundle) == ()


def test_what_claims_nothing_is_not_spoken_of() -> None:
    bundle = labs()
    bundle["meta"]["profile"] = ["http://jpfhir.jp/fhir/core/StructureDefinition/JP_Bundle"]
    for entry in bundle["entry"]:
        entry["resource"]["meta"]["profile"] = []
        entry["resource"]["language"] = "\ue000"
    assert jp_faults(bundle) == ()


@pytest.mark.parametrize("wrong", [1, "x", None, [], {}, [1], ["x"], [[]], [None], {"x": [1]}])
def test_what_is_not_well_formed_is_passed_over(wrong: object) -> None:
    for made in (make() for make in MADE.values()):
        for key in made:
            if key != "resourceType":
                jp_faults({**made, key: wrong})
        for entry in made.get("entry", []):
            for key in entry["resource"]:
                broken = copy.deepcopy(entry)
                broken["resource"][key] = wrong
                jp_faults({**made, "entry": [made["entry"][0], broken]})
                jp_faults({**made, "entry": [broken]})
