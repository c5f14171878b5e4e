"""Conditions: a suspicion stays a suspicion. https://hl7.org/fhir/R4/condition.html."""

# Japanese words come with full-width punctuation.

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tasuki.shared.clinical.conditions import POSTFIX, ReadCondition, read_condition

EXAMPLES = Path(__file__).parents[2] / "data" / "jp-clinical"
TODAY = date(2026, 3, 31)
MEDIS = "http://medis.or.jp/CodeSystem/master-disease-keyNumber"


def read(resource: dict[str, object]) -> ReadCondition:
    found = read_condition(resource, TODAY)
    assert found is not None
    return found


def example(name: str) -> ReadCondition:
    return read(json.loads((EXAMPLES / name).read_text(encoding="utf-8")))


def status(code: str) -> dict[str, object]:
    return {"coding": [{"code": code}]}


def modified(text: str | None, **coding: str) -> dict[str, object]:
    modifier = {"url": POSTFIX, "valueCodeableConcept": {"coding": [coding]}}
    concept: dict[str, object] = {
        "coding": [{"system": MEDIS, "code": "20054178", "display": "胃癌"}],
        "extension": [modifier],
    }
    return {"code": concept | ({"text": text} if text else {})}


@pytest.mark.parametrize(
    "resource",
    [
        modified("胃癌", display="の疑い"),
        modified("胃癌", code="8002"),
        {"code": {"text": "肺炎の疑い"}},
        {"code": {"text": "肺炎（疑い）"}},
        {"code": {"text": "肺炎"}, "verificationStatus": status("provisional")},
        {"code": {"text": "肺炎"}, "verificationStatus": status("differential")},
        {"code": {"text": "肺炎"}, "verificationStatus": status("unconfirmed")},
    ],
)
def test_suspected(resource: dict[str, object]) -> None:
    assert read(resource).suspected


@pytest.mark.parametrize(
    "resource",
    [
        {"code": {"text": "肺炎"}, "verificationStatus": status("confirmed")},
        {"code": {"text": "疑似体験障害"}},
        modified("大腸炎の初期", display="の初期"),
    ],
)
def test_not_suspected(resource: dict[str, object]) -> None:
    assert not read(resource).suspected


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_refuted(verification: str) -> None:
    made = {"code": {"text": "x"}, "verificationStatus": status(verification)}
    assert read_condition(made, TODAY) is None


@pytest.mark.parametrize(
    ("clinical", "abated", "expected"),
    [
        ("active", None, "active"),
        ("relapse", None, "active"),
        ("remission", None, "inactive"),
        ("resolved", None, "resolved"),
        (None, "2020-05-01", "resolved"),
        (None, "2030-01-01", "unknown"),
        (None, None, "unknown"),
    ],
)
def test_status(clinical: str | None, abated: str | None, expected: str) -> None:
    made: dict[str, object] = {"code": {"text": "x"}}
    if clinical:
        made["clinicalStatus"] = status(clinical)
    if abated:
        made["abatementDateTime"] = abated
    assert read(made).status == expected


def test_the_name_is_put_together_when_no_text_is_given() -> None:
    assert read(modified(None, display="の疑い")).name == "胃癌の疑い"


def test_a_dummy_code_names_no_disease() -> None:
    coding = [{"system": MEDIS, "code": "99999999", "display": "未コード化傷病名"}]
    found = read({"code": {"coding": coding, "text": "腰痛"}})
    assert (found.name, found.coded) == ("腰痛", False)


def test_published_examples() -> None:
    cancer = example("Condition-Example-JP-Condition-eCS-03.json")
    assert (cancer.name, cancer.suspected, cancer.status) == ("噴門癌早期", True, "inactive")
    angina = example("Condition-Example-JP-Condition-eCS-ANGINA.json")
    assert (angina.name, angina.onset, angina.coded) == ("狭心症", "2018", True)
    uncoded = example("Condition-jp-condition-example-1.json")
    assert (uncoded.coded, uncoded.recorded) == (False, date(2022, 8, 1))
