"""The labelling table: what a resource is sensitive for by its content.

https://profiles.ihe.net/ITI/PCF/content.html#security-labeling-service
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from tasuki.consent.decision import Fate, Reach, facts_of
from tasuki.consent.decision.labelling import _of_term, labels_of
from tasuki.consent.vocabulary import SENSITIVITIES, DataClass, Level

JP_ICD10 = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full"
EVERYDAY = Reach(
    frozenset(DataClass), Level.N, masked=frozenset({DataClass.ALLERGIES, DataClass.MEDICINES})
)


def condition(code: str, system: str = JP_ICD10, text: str = "x") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c",
        "code": {"coding": [{"system": system, "code": code}], "text": text},
    }


def medicine(text: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "medicationCodeableConcept": {"text": text},
    }


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("B20", "HIV"),
        ("B24", "HIV"),
        ("B20.6", "HIV"),
        ("b206", "HIV"),
        ("Z21", "HIV"),
        ("F02.4", "HIV"),
        ("A53.9", "STD"),
        ("F10.2", "ETHUD"),
        ("F11.2", "OPIOIDUD"),
        ("F15.2", "SUD"),
        ("F32.9", "PSY"),
        ("F20.0", "PSY"),
        ("X84", "PSY"),
        ("T74.2", "SDV"),
        ("O80.9", "PREGNANT"),
        ("Z34.9", "PREGNANT"),
        ("F02.3", None),  # dementia
        ("F01.9", None),
        ("F17.2", None),  # tobacco
        ("F51.0", None),  # insomnia
        ("G40.9", None),  # epilepsy
        ("I10", None),
        ("E11.9", None),
        ("B18.1", None),
        ("Z11.1", None),
        ("", None),
        ("0", None),
    ],
)
def test_by_code(code: str, label: str | None) -> None:
    wanted = frozenset() if label is None else frozenset({label})
    assert labels_of(condition(code)) == wanted
    for system in (
        "http://hl7.org/fhir/sid/icd-10",
        "http://hl7.org/fhir/sid/icd-10-cm",
        "urn:oid:2.16.840.1.113883.6.3",
    ):
        assert labels_of(condition(code, system)) == wanted
    assert labels_of(condition(code, "urn:x-local")) == frozenset()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("HIV感染症", "HIV"),
        ("ＨＩＶ抗体陽性", "HIV"),
        ("hiv-1 antibody", "HIV"),
        ("AIDS", "HIV"),
        ("梅毒血清反応", "STD"),
        ("アルコール依存症", "ETHUD"),
        ("うつ病", "PSY"),
        ("統合失調症", "PSY"),
        ("被虐待児症候群", "SDV"),
        ("正常妊娠", "PREGNANT"),
        ("hearing aids", "HIV"),  # too much: a word alone cannot tell, and it can be asked for
        ("archive", None),
        ("高血圧症", None),
        ("糖尿病", None),
        ("不眠症", None),
    ],
)
def test_by_words(text: str, label: str | None) -> None:
    wanted = frozenset() if label is None else frozenset({label})
    assert labels_of(condition("x", text=text)) == wanted
    for where in (
        {"valueString": text},
        {"note": [{"text": text}]},
        {"text": {"status": "generated", "div": f"<div>{text}</div>"}},
        {"reasonCode": [{"coding": [{"display": text}]}]},
        {"contained": [{"resourceType": "Medication", "code": {"text": text}}]},
        {"valueString": f"{text} {'長い文' * 40}"},
    ):
        assert labels_of({"resourceType": "Observation", **where}) == wanted, where


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("ビクタルビ配合錠", "HIV"),
        ("デシコビ配合錠ＨＴ", "HIV"),
        ("テビケイ錠５０ｍｇ", "HIV"),
        ("レグテクト錠３３３ｍｇ", "ETHUD"),
        ("アムロジピン錠５ｍｇ", None),
        ("ワーファリン錠１ｍｇ", None),
    ],
)
def test_by_the_name_of_a_medicine(text: str, label: str | None) -> None:
    assert labels_of(medicine(text)) == (frozenset() if label is None else frozenset({label}))


def test_a_name_and_an_address_say_nothing_of_health() -> None:
    word = "梅毒"
    named = {
        "name": [{"text": word}],
        "address": [{"text": word}],
        "contact": [{"name": {"text": word}}],
    }
    assert labels_of({"resourceType": "Patient", **named}) == frozenset()
    assert labels_of({"resourceType": "Patient", **named, "text": {"div": word}}) == {"STD"}


def test_an_allergy_is_never_hidden_by_the_table() -> None:
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "code": {"text": "アバカビル（HIV治療薬）"},
    }
    assert labels_of(allergy) == frozenset()
    assert EVERYDAY.fate(facts_of(allergy)) is Fate.RELEASE
    labelled = {**allergy, "meta": {"security": [{"system": "urn:x", "code": "HIV"}]}}
    assert EVERYDAY.fate(facts_of(labelled)) is Fate.MASK


def test_what_is_labelled_is_restricted_and_a_medicine_is_said_to_be_there() -> None:
    assert EVERYDAY.fate(facts_of(condition("I10"))) is Fate.RELEASE
    assert EVERYDAY.fate(facts_of(condition("F20"))) is Fate.WITHHOLD
    assert EVERYDAY.fate(facts_of(medicine("ビクタルビ配合錠"))) is Fate.MASK
    normal = {"meta": {"security": [{"system": CONFIDENTIALITY, "code": "N"}]}}
    assert EVERYDAY.fate(facts_of({**condition("F20"), **normal})) is Fate.WITHHOLD


CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def test_a_label_that_was_sent_stays() -> None:
    sent = {"meta": {"security": [{"system": "urn:x", "code": "PSY"}]}}
    assert facts_of({**condition("B20"), **sent}).sensitivities == {"HIV", "PSY"}


def test_the_table_speaks_of_known_labels_and_no_code_has_two() -> None:
    told = resources.files("tasuki.consent.decision").joinpath("labelling.json").read_text("utf-8")
    rows = json.loads(told)["labels"]
    assert {row["label"] for row in rows} <= SENSITIVITIES
    codes = [code for row in rows for code in row["icd10"]]
    assert len(codes) == len(set(codes))
    assert "." not in "".join(codes)


@pytest.mark.parametrize("written", ["N", "L", "R", "V"])
def test_a_sensitive_resource_is_restricted_whatever_is_written_beside_it(written: str) -> None:
    """A permit up to N does not release it, and a refusal of R and above holds it back."""
    meta = {"meta": {"security": [{"system": CONFIDENTIALITY, "code": written}]}}
    level = facts_of({**condition("F20"), **meta}).level
    assert level is (Level.V if written == "V" else Level.R)


def test_no_name_and_no_note_is_remembered() -> None:
    before = _of_term.cache_info().currsize
    labels_of(
        {
            "resourceType": "Observation",
            "subject": {"reference": "Patient/1", "display": "能登 花子"},
            "note": [{"text": "花子さんの話"}],
            "contained": [{"resourceType": "Patient", "name": [{"text": "能登 花子"}]}],
        }
    )
    assert _of_term.cache_info().currsize == before
