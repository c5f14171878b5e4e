"""Allergens, allergies and conflicts. J-FAGY: https://jpfhir.jp/fhir/core/; IPS absent codes."""

# Japanese words come with full-width punctuation.

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections import Counter
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from tasuki.shared.clinical.allergens import (
    TABLE,
    allergen,
    depth_level,
    display,
    drug_conflicts,
    is_a,
    matching_allergens,
)
from tasuki.shared.clinical.allergies import AllergyKind, ReadAllergy, read_allergy
from tasuki.shared.clinical.drugs import Drug, drug_of

DATA = Path(__file__).parents[2] / "data"
TODAY = date(2026, 3, 31)
FOOD = "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS"
MEDICATION = "http://jpfhir.jp/fhir/core/CodeSystem/YCM/JP_JfagyMedicationAllergen_CS"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
SNOMED = "http://snomed.info/sct"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
SOURCE = files("tasuki.shared.clinical").joinpath("data", TABLE)
ROWS = list(csv.DictReader(SOURCE.read_text(encoding="utf-8").splitlines()))


def test_the_table_is_the_published_file() -> None:
    assert len(ROWS) == 1738
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    assert digest == "53a9098d5b0e1efe73f85c0cd8a525869679ef6aacdc678d74cc8b8306026162"


def test_the_level_column_agrees_with_the_padding_of_every_code() -> None:
    wrong = [row["JFAGYCODE"] for row in ROWS if depth_level(row["JFAGYCODE"]) != int(row["LEVEL"])]
    assert wrong == []


def test_every_code_stands_below_codes_of_the_table_that_rise_level_by_level() -> None:
    codes = {row["JFAGYCODE"]: int(row["LEVEL"]) for row in ROWS}
    for code, level in codes.items():
        if not code.startswith("J9"):
            continue
        above = [code[:cut].ljust(12, "0") for cut in (4, 6, 8, 10)]
        holders = {each for each in above if each != code}
        assert holders <= codes.keys()
        assert all(is_a(code, each) and not is_a(each, code) for each in holders)
        assert all(codes[each] < level for each in holders)
        assert is_a(code, {"F": "00F", "N": "00N"}[code[2]])


@pytest.mark.parametrize(
    ("code", "ancestor", "holds"),
    [
        ("J9FB13110013", "J9FB13110000", True),  # egg white, egg
        ("J9FB12110011", "J9FB12000000", True),  # cow's milk, milk
        ("J9FA24181400", "J9FC15110000", False),  # taro, shrimp
        ("J9FB13110000", "J9FB13110013", False),
        ("J9FA15000016", "J9FA15000000", True),  # wheat flour, wheat
        ("J9NP14110000", "00N", True),  # latex
        ("J9NP14110000", "00F", False),
        ("D9F000000000", "J9FB13110000", False),
    ],
)
def test_which_allergen_contains_which(code: str, ancestor: str, *, holds: bool) -> None:
    assert is_a(code, ancestor) is holds


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("えびいも", ["J9FA24181400"]),
        ("えび", ["J9FC15110000"]),
        ("エビ・カニ", ["J9FC15110000", "J9FC15120000"]),
        ("そばアレルギー", ["J9FA19140000"]),
        ("ｿﾊﾞ", ["J9FA19140000"]),
        ("Peanuts", ["J9FA21180000"]),
        ("乳児", []),
    ],
)
def test_names_match_as_whole_words(text: str, codes: list[str]) -> None:
    assert sorted(found.code for found in matching_allergens(text)) == codes


def test_names_in_two_languages() -> None:
    assert display("J9FA15000000", "ja") == "小麦"
    assert display("J9FA15000000", "en") == "Wheat"
    assert display("00F", "en") == "food"
    assert display("D9F000000000", "ja") is None
    assert allergen("D9M000000000") is None
    assert allergen("nothing") is None
    egg = allergen("J9FB13110000")
    assert egg is not None
    assert (egg.kana, egg.level) == ("けいらん", 4)


def allergy(text: str | None = None, *codes: tuple[str, str], **more: object) -> dict[str, object]:
    concept: dict[str, object] = {"coding": [{"system": s, "code": c} for s, c in codes]}
    if text is not None:
        concept["text"] = text
    made: dict[str, object] = {"resourceType": "AllergyIntolerance", "code": concept}
    return made | more


def verified(status: str) -> dict[str, object]:
    return {"coding": [{"code": status}]}


def read(resource: dict[str, object]) -> ReadAllergy:
    found = read_allergy(resource, TODAY)
    assert found is not None
    return found


def test_population_keeps_statements_of_none_apart() -> None:
    with gzip.open(DATA / "clinosim-jp" / "AllergyIntolerance.ndjson.gz", "rt") as lines:
        found = [read(json.loads(line)) for line in lines]
    kinds = Counter(each.kind for each in found)
    assert kinds == {AllergyKind.NONE_KNOWN: 694, AllergyKind.RECORDED: 158}
    names = Counter(each.name for each in found if each.kind is AllergyKind.RECORDED)
    assert (names["ペニシリン"], names["小麦"], names["アスピリン"]) == (32, 26, 25)
    assert all(each.recorded for each in found if each.kind is AllergyKind.NONE_KNOWN)


@pytest.mark.parametrize(
    ("text", "code", "scope"),
    [
        ("アレルギー歴なし", (SNOMED, "716186003"), "any"),
        (None, (SNOMED, "409137002"), "drug"),
        (None, (SNOMED, "429625007"), "food"),
        (None, (IPS, "no-known-allergies"), "any"),
        ("アレルギーなし", None, "any"),
        ("薬剤アレルギー 無し", None, "drug"),
    ],
)
def test_a_confirmed_and_dated_none(
    text: str | None, code: tuple[str, str] | None, scope: str
) -> None:
    codes = [code] if code else []
    made = allergy(
        text, *codes, verificationStatus=verified("confirmed"), recordedDate="2025-11-27"
    )
    found = read(made | {"clinicalStatus": verified("resolved")})
    assert (found.kind, found.scope) == (AllergyKind.NONE_KNOWN, scope)
    assert found.recorded == date(2025, 11, 27)


@pytest.mark.parametrize(
    "more",
    [
        {"recordedDate": "2025-11-27"},
        {"recordedDate": "2025-11-27", "verificationStatus": verified("unconfirmed")},
        {"verificationStatus": verified("confirmed")},
        {
            "recordedDate": "2025-11-27",
            "verificationStatus": verified("confirmed"),
            "clinicalStatus": verified("inactive"),
        },
    ],
)
def test_any_other_none_reads_as_not_asked(more: dict[str, object]) -> None:
    assert read_allergy(allergy(None, (SNOMED, "716186003"), **more), TODAY) is None


def test_no_information_is_neither_an_allergy_nor_none() -> None:
    made = allergy(
        None,
        (IPS, "no-allergy-info"),
        verificationStatus=verified("confirmed"),
        recordedDate="2025-11-27",
    )
    assert read_allergy(made, TODAY) is None


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_refuted_allergies_are_gone(status: str) -> None:
    assert read_allergy(allergy("そば", verificationStatus=verified(status)), TODAY) is None


def test_a_text_about_an_allergy_is_not_taken_for_none() -> None:
    for text in ("アレルギー歴あり", "アレルギーの薬なしでは眠れない", "なし（梨）アレルギー"):
        assert read(allergy(text)).kind is AllergyKind.RECORDED


def test_the_worst_reaction_counts_and_words_are_kept() -> None:
    reactions = [
        {"severity": "mild", "manifestation": [{"text": "じん麻疹"}]},
        {"severity": "severe", "manifestation": [{"coding": [{"display": "呼吸困難"}]}]},
        {"manifestation": [{"extension": [{"url": "x", "valueCode": "NI"}]}]},
    ]
    found = read(allergy("そば", (FOOD, "J9FA19140000"), reaction=reactions, criticality="high"))
    assert (found.severity, found.criticality) == ("severe", "high")
    assert found.reactions == ("じん麻疹", "呼吸困難")
    assert (found.name, found.name_in("en")) == ("そば", "Buckwheat")


@pytest.mark.parametrize(
    ("recorded", "old"),
    [
        ("2021-03-31", False),
        ("2021-03-30", True),
        ("2018", True),
        ("2021", False),
        (None, False),
    ],
)
def test_older_than_five_years(recorded: str | None, *, old: bool) -> None:
    assert read(allergy("そば", recordedDate=recorded)).older_than_5_years is old


def test_a_dummy_code_shows_its_text() -> None:
    assert read(allergy("月桂樹", (FOOD, "D9F000000000"))).name == "月桂樹"
    assert read(allergy(None, (FOOD, "J9FA15000000"))).name == "小麦"
    assert read(allergy(None, (FOOD, "D9F000000000"))).name == ""


def drug(name: str, code: str | None = None) -> Drug:
    return drug_of({"text": name, "coding": [{"system": YJ, "code": code}] if code else []})


@pytest.mark.parametrize(
    ("name", "code", "made"),
    [
        ("x", "1149019F1560", allergy("y", (MEDICATION, "YCM1149019C1149"))),
        ("x", "2260701F1020", allergy("y", (MEDICATION, "GCM2260701F1ZZZ"))),
        ("x", "1149019F1560", allergy("y", (YJ, "1149019C1149"))),
        ("ロキソプロフェンＮａ錠６０ｍｇ「サワイ」", None, allergy("ロキソニン（喘鳴）")),
        ("ロキソニン錠６０ｍｇ", "1149019F1560", allergy("ロキソプロフェンナトリウム")),
        ("サワシリンカプセル", None, allergy("ペニシリン系")),
        ("x", "6131001M1020", allergy("ペニシリン", (FOOD, "00M"))),
        ("バクタ配合錠", None, allergy("サルファ剤")),
        ("バイアスピリン錠１００ｍｇ", "3399007H1021", allergy("アスピリン")),
        ("カロナール錠３００", "1141007F2027", allergy("アセトアミノフェン")),
        ("ゼルヤンツ錠", None, allergy("ゼルヤンツ")),
    ],
)
def test_conflicts(name: str, code: str | None, made: dict[str, object]) -> None:
    assert drug_conflicts(drug(name, code), made)


@pytest.mark.parametrize(
    ("name", "code", "made"),
    [
        ("アムロジピン錠", "2171022F1029", allergy("ロキソニン")),
        ("カルボシステインナトリウム", None, allergy("ロキソプロフェンナトリウム")),
        ("カロナール錠３００", "1141007F2027", allergy("ペニシリン")),
        ("メトホルミン錠", None, allergy("小麦", (FOOD, "J9FA15000000"))),
        ("x", "3332001F1083", allergy("x", (MEDICATION, "YCM3332002F1083"))),
        ("医薬品", None, allergy("不明", (MEDICATION, "00M"))),
        ("セレコックス錠", "1149037F1020", allergy(None)),
    ],
)
def test_no_conflict(name: str, code: str | None, made: dict[str, object]) -> None:
    other = drug(name if name != "x" else "別の薬", code)
    assert not drug_conflicts(other, made)


def test_population_conflicts_are_the_expected_ones() -> None:
    with gzip.open(DATA / "clinosim-jp" / "AllergyIntolerance.ndjson.gz", "rt") as lines:
        allergies = [json.loads(line) for line in lines]
    with gzip.open(DATA / "clinosim-jp" / "MedicationRequest.ndjson.gz", "rt") as lines:
        requests = [json.loads(line) for line in lines]
    recorded: dict[str, list[dict[str, object]]] = {}
    for each in allergies:
        recorded.setdefault(each["patient"]["reference"], []).append(each)
    met: Counter[tuple[str, str]] = Counter()
    for each in requests:
        given = drug_of(each["medicationCodeableConcept"])
        for other in recorded.get(each["subject"]["reference"], []):
            if drug_conflicts(given, other):
                concept = other["code"]
                assert isinstance(concept, dict)
                met[given.name, concept["text"]] += 1
    assert met == {
        ("アスピリン", "アスピリン"): 19,
        ("アンピシリン/スルバクタム", "ペニシリン"): 2,
        ("アモキシシリン/クラブラン酸", "ペニシリン"): 1,
        ("アモキシシリン", "ペニシリン"): 1,
    }
