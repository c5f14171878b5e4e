"""Making a sample: the same input gives the same bytes, and the generator's flaws do not pass."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.deploy.sample.authoring import desk, identities, products
from tasuki.deploy.sample.authoring.cleaning import cleaned, relabelled_allergy
from tasuki.deploy.sample.authoring.courses import settled
from tasuki.deploy.sample.authoring.lots import Lots
from tasuki.deploy.sample.authoring.prescribing import rewritten
from tasuki.deploy.sample.authoring.source import Source
from tasuki.deploy.sample.build import make, write

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]

SNOMED = {"system": "http://snomed.info/sct", "code": "26643006", "display": "Oral"}
REFERENCE = date(2026, 3, 31)


def prescription(key: str, day: str, drug: str = "アムロジピン", dose: float = 5.0) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": f"mr-{key}-{day}",
        "meta": {"lastUpdated": f"{day}T10:00:00+09:00"},
        "identifier": [{"system": "urn:clinosim:identifier:x", "value": "1"}],
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": {
            "text": drug,
            "coding": [{"system": "http://medis.or.jp/CodeSystem/master-HOT7", "code": "2149114"}],
        },
        "subject": {"reference": f"Patient/{key}"},
        "authoredOn": f"{day}T10:00:00+09:00",
        "encounter": {"reference": "Encounter/gone"},
        "requester": {"reference": "Practitioner/DR-1", "display": "誰か"},
        "reasonReference": [{"reference": f"Condition/c-{key}"}, {"reference": "Condition/gone"}],
        "courseOfTherapyType": {"coding": [{"system": "s", "code": "continuous"}]},
        "dosageInstruction": [
            {
                "doseAndRate": [{"doseQuantity": {"value": dose, "unit": "mg"}}],
                "route": {"coding": [SNOMED], "text": "経口"},
                "timing": {
                    "repeat": {"frequency": 1, "boundsDuration": {"value": 1}},
                    "code": {"coding": [{"system": "u", "code": "x", "display": "朝食後"}]},
                },
            }
        ],
        "dispenseRequest": {
            "validityPeriod": {"start": f"{day}T10:00:00+09:00"},
            "numberOfRepeatsAllowed": 3,
            "expectedSupplyDuration": {"value": 30, "unit": "日"},
        },
    }


def allergy(key: str, text: str) -> Json:
    return {
        "resourceType": "AllergyIntolerance",
        "id": f"a-{key}",
        "clinicalStatus": {"coding": [{"system": "c", "code": "resolved"}]},
        "code": {"text": text, "coding": [SNOMED]},
        "patient": {"reference": f"Patient/{key}"},
        "recordedDate": "2026-01-01",
        "reaction": [{"manifestation": [{"text": "発疹", "coding": [SNOMED]}]}],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    patients = [
        {"id": key, "birthDate": birth, "gender": sex, "deceasedBoolean": False}
        for key, birth, sex in (("p1", "1940-01-01", "female"), ("p2", "1980-05-05", "male"))
    ]
    gone = {"id": "p3", "birthDate": "1930-01-01", "gender": "male", "deceasedBoolean": True}
    files: dict[str, list[Json]] = {
        "Patient": [{"resourceType": "Patient", **one} for one in (*patients, gone)],
        "MedicationRequest": [
            prescription(key, day)
            for key in ("p1", "p2", "p3")
            for day in ("2025-06-01", "2025-08-01")
        ],
        "AllergyIntolerance": [allergy("p1", "ペニシリン"), allergy("p2", "アレルギー歴なし")],
        "Condition": [
            {"resourceType": "Condition", "id": "c-p1", "subject": {"reference": "Patient/p1"}}
        ],
        "Immunization": [],
        "Observation-keylabs": [],
        "Procedure": [],
    }
    for name, lines in files.items():
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines)
        (tmp_path / f"{name}.ndjson.gz").write_bytes(gzip.compress(text.encode()))
    return tmp_path


def test_the_same_source_and_seed_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    for out, seed in ((first, "s"), (second, "s"), (other, "t")):
        write(make(Source(folder), seed), out)

    def content(root: Path) -> dict[str, bytes]:
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }

    assert content(first) == content(second)
    assert content(first) != content(other)


def test_the_dead_are_not_chosen(folder: Path) -> None:
    assert sorted(Source(folder).chosen(10, Lots("s"))) in (["p1", "p2"], ["p1"], ["p2"])
    assert "p3" not in Source(folder).chosen(10, Lots("s"))


def test_references_resolve_or_go(folder: Path) -> None:
    sample = make(Source(folder), "s")
    lines = [
        one
        for hospital in sample.hospitals.values()
        for one in hospital.resources
        if one["resourceType"] == "MedicationRequest" and "courseOfTherapyType" in one
    ]
    assert lines
    for one in lines:
        assert "encounter" not in one
        targets = [reason["reference"] for reason in one.get("reasonReference", [])]
        assert "Condition/gone" not in targets
        assert len(targets) <= 1


def test_a_dose_becomes_tablets_where_the_product_is_known() -> None:
    made = rewritten(cleaned(prescription("p1", "2026-01-01", dose=10.0)), "noto")
    drug = made["medicationCodeableConcept"]["coding"][0]
    assert drug["code"] == "2171022F2025"
    (dosage,) = made["dosageInstruction"]
    quantity = dosage["doseAndRate"][0]["doseQuantity"]
    assert (quantity["value"], quantity["code"]) == (2, "TAB")
    assert dosage["route"]["coding"][0]["code"] == "PO"
    assert made["dispenseRequest"]["numberOfRepeatsAllowed"] == 2
    assert dosage["timing"]["repeat"]["boundsDuration"]["value"] == 30


@pytest.mark.parametrize(("drug", "dose"), [("アムロジピン", 7.0), ("タムスロシン", 0.2)])
def test_a_drug_that_is_not_certain_keeps_its_words_and_dose(drug: str, dose: float) -> None:
    made = rewritten(cleaned(prescription("p1", "2026-01-01", drug, dose)), "noto")
    concept = made["medicationCodeableConcept"]
    assert concept["text"] == drug
    assert [one["code"] for one in concept["coding"]] == ["NOCODED"]
    quantity = made["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert (quantity["value"], quantity["unit"]) == (dose, "mg")


def test_cleaning_keeps_the_text_of_what_it_uncodes() -> None:
    made = relabelled_allergy(cleaned(allergy("p1", "ペニシリン")))
    assert made["reaction"] == [{"manifestation": [{"text": "発疹"}]}]
    assert made["code"]["coding"][0]["code"] == "YCM6131001C1210"
    none = relabelled_allergy(cleaned(allergy("p1", "アレルギー歴なし")))
    assert none["code"] == {"text": "アレルギー歴なし"}


@pytest.mark.parametrize("seed", ["a", "b", "c", "d", "e", "f"])
def test_settled_courses_are_current_or_over(seed: str) -> None:
    days = ("2025-06-01", "2025-08-01")
    lines = [rewritten(cleaned(prescription("p1", day)), "noto") for day in days]
    first, last = settled(lines, REFERENCE, Lots(seed), "p1")
    started = [date.fromisoformat(one["authoredOn"][:10]) for one in (first, last)]
    assert started[1] - started[0] == timedelta(days=61)
    assert started[1] <= REFERENCE
    supply = last["dispenseRequest"]["expectedSupplyDuration"]["value"]
    repeats = last["dispenseRequest"].get("numberOfRepeatsAllowed", 0)
    left = started[1] + timedelta(days=supply * (repeats + 1)) - REFERENCE
    recent = REFERENCE - started[1] <= timedelta(days=60)
    assert (left > timedelta(0)) or not recent
    assert supply in {28, 30, 56, 90}
    assert repeats in {0, 1, 2}


def test_insurer_check_digit() -> None:
    # 06132013: a number often printed as an example of an insurer number
    assert identities.insurer_check_digit("0613201") == 3


def test_every_code_of_the_formulary_has_its_form() -> None:
    for key in desk.table("formulary")["products"]:
        product = products.product(key)
        assert product.yj is None or (len(product.yj) == 12 and not product.yj.endswith("ZZZ"))
        assert product.general is None or product.general.endswith("ZZZ")
        assert product.unit_text
