"""Medicines and their marks. Therapeutic classes: YJ code; numbers: the synthetic population."""

# Japanese words come with full-width punctuation.

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest

from tasuki.shared.clinical.drugs import Drug, drug_of, drug_of_medication
from tasuki.shared.clinical.flags import Flag, FlagKind, flags_of

DATA = Path(__file__).parents[2] / "data"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
HOT7 = "http://medis.or.jp/CodeSystem/master-HOT7"
ORDER = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode"


def requests() -> list[dict[str, object]]:
    with gzip.open(DATA / "clinosim-jp" / "MedicationRequest.ndjson.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


REQUESTS = requests()


def drug(name: str, code: str | None = None, system: str = YJ) -> Drug:
    coding = [{"system": system, "code": code}] if code else []
    return drug_of({"text": name, "coding": coding})


def kinds(found: tuple[Flag, ...]) -> dict[str, str]:
    return {flag.kind.value: flag.by for flag in found}


def test_population_counts_by_code_or_name_and_by_name_alone() -> None:
    ever: dict[FlagKind, set[str]] = defaultdict(set)
    by_name_alone: dict[FlagKind, set[str]] = defaultdict(set)
    for request in REQUESTS:
        concept, patient = request["medicationCodeableConcept"], request["subject"]
        assert isinstance(concept, dict)
        assert isinstance(patient, dict)
        for flag in flags_of(drug_of(concept)):
            ever[flag.kind].add(patient["reference"])
        for flag in flags_of(Drug(concept["text"], (), None, None, None)):
            by_name_alone[flag.kind].add(patient["reference"])
    expected = {FlagKind.ANTICOAGULANT: 88, FlagKind.INSULIN: 58, FlagKind.STEROID: 26}
    assert {kind: len(ever[kind]) for kind in expected} == expected
    assert {kind: len(by_name_alone[kind]) for kind in expected} == expected


def test_population_counts_agree_with_the_code_prefixes() -> None:
    """An independent count: the first four characters of every recorded code."""
    prefixes = {
        FlagKind.ANTICOAGULANT: ("3332", "3334", "3339"),
        FlagKind.INSULIN: ("2491", "2492"),
        FlagKind.STEROID: ("2456",),
    }
    for kind, starts in prefixes.items():
        coded, marked = set(), set()
        for request in REQUESTS:
            concept, patient = request["medicationCodeableConcept"], request["subject"]
            assert isinstance(concept, dict)
            assert isinstance(patient, dict)
            if str(concept["coding"][0]["code"]).startswith(starts):
                coded.add(patient["reference"])
            if kind in {flag.kind for flag in flags_of(drug_of(concept))}:
                marked.add(patient["reference"])
        assert marked == coded


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("2492403A4051", "insulin"),
        ("3332001F1083", "anticoagulant"),
        ("3339004F1029", "anticoagulant"),
        ("3339950Q1023", None),  # topical heparinoid
        ("3399008F1203", "antiplatelet"),
        ("3399010F1022", None),  # lusutrombopag raises platelets
        ("3399405A1027", None),  # filgrastim
        ("2456001F1310", "steroid"),
        ("2646712M1190", None),  # prednisolone ointment
        ("2451400A1030", None),  # adrenaline
        ("1139004F2173", "antiepileptic"),
        ("2171022F1029", "antihypertensive"),  # amlodipine, among the nitrates' class
        ("2171701S2037", "nitrate"),
        ("1169700S1025", "parkinson"),  # rotigotine patch
        ("3999014M1057", "immunosuppressant"),
        ("3999016F1022", "immunosuppressant"),
        ("3999018F2028", None),  # alendronate, same class
        ("2259707S1020", "bronchodilator"),
        ("8114004G1027", "opioid"),
        ("8219700S1029", "opioid"),
        ("1149034F1026", "opioid"),
        ("1149019F1560", None),  # loxoprofen, same class
        ("2329023F1020", None),
    ],
)
def test_marks_by_code(code: str, kind: str | None) -> None:
    assert kinds(flags_of(drug("x", code))) == ({kind: "code"} if kind else {})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ワーファリン錠１ｍｇ", "anticoagulant"),
        ("わーふぁりん", "anticoagulant"),
        ("ﾌﾟﾚﾄﾞﾆﾝ錠5mg", "steroid"),
        ("スライディングスケールインスリン", "insulin"),
        ("ノボラピッド注フレックスペン", "insulin"),
        ("Warfarin 2 mg", "anticoagulant"),
        ("ヘパリン類似物質油性クリーム", None),
        ("プレドニゾロン軟膏", None),
        ("アポモルヒネ", "parkinson"),
        ("エチルモルヒネ", None),
        ("ジヒドロコデイン", None),
        ("イソソルビド内用液", None),
        ("硝酸イソソルビド徐放錠", "nitrate"),
        ("ニトロフラントイン", None),
        ("フェンタニルテープ", "opioid"),
        ("吸入ステロイド／β2刺激薬配合吸入剤", "bronchodilator"),
        ("抗てんかん薬", "antiepileptic"),
        ("ビタミン剤", None),
    ],
)
def test_marks_by_name(name: str, kind: str | None) -> None:
    assert kinds(flags_of(drug(name))) == ({kind: "name"} if kind else {})


def test_a_code_is_believed_before_a_name_and_its_route_holds() -> None:
    assert kinds(flags_of(drug("プレドニゾロン", "2456001F1310"))) == {"steroid": "code"}
    assert kinds(flags_of(drug("プレドニゾロン", "2646712M1190"))) == {}


def test_a_code_labelled_hot7_is_believed_only_with_an_agreeing_name() -> None:
    agreed = drug("ワルファリン", "3332001", HOT7)
    other = drug("デュロキセチン", "1179052", HOT7)  # escitalopram's class and ingredient
    genuine = drug("ノルバスク錠", "1032970", HOT7)
    assert (agreed.ingredient, kinds(flags_of(agreed))) == ("3332001", {"anticoagulant": "code"})
    assert (other.yj, kinds(flags_of(other))) == (None, {"psychotropic": "name"})
    assert (genuine.yj, kinds(flags_of(genuine))) == (None, {"antihypertensive": "name"})


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (YJ, "2171022F1029"),
        ("urn:oid:1.2.392.100495.20.2.73", "2171022F1029"),
        ("urn:oid:1.2.392.100495.20.1.73", "2171022F1029"),
        (ORDER, "2171022F1ZZZ"),
    ],
)
def test_the_same_ingredient_and_strength_under_every_system(system: str, code: str) -> None:
    found = drug("x", code, system)
    assert (found.ingredient, found.strength) == ("2171022", "2171022F1")


def test_brand_and_generic_agree_and_strengths_differ() -> None:
    brand, generic = drug("a", "2456001F1310"), drug("b", "2456001F1353")
    assert brand.strength == generic.strength
    assert drug("c", "2456001F2015").strength != brand.strength


def test_the_name_is_the_text_then_a_display() -> None:
    coding = [
        {"system": "urn:oid:1.2.392.200119.4.403.1", "code": "103835401", "display": "ムコダイン"}
    ]
    assert drug_of({"coding": coding}).name == "ムコダイン"
    assert drug_of({"coding": coding}).yj is None
    assert drug_of({"text": "カルボシステイン", "coding": coding}).also_named == ("ムコダイン",)
    assert drug_of({}).name == ""


def test_a_mixture_carries_the_marks_of_all_its_ingredients() -> None:
    items: list[dict[str, object]] = [
        {
            "itemCodeableConcept": {
                "text": "生理食塩液",
                "coding": [{"system": YJ, "code": "3311401A5040"}],
            }
        },
        {
            "itemCodeableConcept": {
                "text": "ヒューマリンＲ注",
                "coding": [{"system": YJ, "code": "2492403A4051"}],
            }
        },
    ]
    mixed = drug_of_medication({"resourceType": "Medication", "ingredient": items})
    assert mixed.name == "生理食塩液 + ヒューマリンＲ注"
    assert kinds(flags_of(mixed)) == {"insulin": "code"}


def test_every_kind_has_a_label_in_both_languages() -> None:
    for kind in FlagKind:
        assert kind.label("ja") != kind.label("en")
    assert FlagKind.INSULIN.do_not_interrupt
    assert not FlagKind.ANTIHYPERTENSIVE.do_not_interrupt
