"""Usage codes: every published JAMI code, supplements, and what must not be guessed.

http://jami.jp/CodeSystem/MedicationUsage
"""

# Japanese words come with full-width punctuation.

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.clinical.usage import INCOMPLETE, NOT_RECORDED, usage_of
from tasuki.shared.clinical.usage_code import Schedule, Timing, decode

if TYPE_CHECKING:
    from tasuki.shared.clinical.language import Language

TESTS = Path(__file__).parents[2]
VECTORS = TESTS / "vectors" / "usage" / "published.csv"
EXAMPLES = TESTS / "data" / "jp-clinical"
PUBLISHED = list(csv.DictReader(VECTORS.read_text(encoding="utf-8").splitlines()))
JAMI = "http://jami.jp/CodeSystem/MedicationUsage"
MHLW = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUsage_ePrescription"
SUPPLEMENT = "http://jami.jp/CodeSystem/MedicationUsageAdditional"
DUMMY = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_MedicationUsage_Uncoded_CS"
TABLET = {
    "value": 1,
    "code": "TAB",
    "system": "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code",
}


def dosage(code: str, *supplements: str, system: str = JAMI, **more: object) -> dict[str, object]:
    coded: dict[str, object] = {"timing": {"code": {"coding": [{"system": system, "code": code}]}}}
    if supplements:
        coded["additionalInstruction"] = [
            {"coding": [{"system": SUPPLEMENT, "code": each}], "text": "補足"}
            for each in supplements
        ]
    return coded | more


def facts(schedule: Schedule) -> tuple[int, list[str]]:
    """Say a decoded code in the terms of the vector file."""
    relation = {"1": "before", "2": "just-before", "3": "just-after", "4": "after", "5": "2h-after"}
    said = ["waking"] if schedule.waking else []
    said += [f"{meal}:{relation[digit]}" for meal, digit in schedule.meals]
    if schedule.timing is Timing.EVERY_N_HOURS:
        said.append(f"every:{schedule.hours[0]}")
    elif schedule.timing is Timing.EMPTY_STOMACH:
        said.append("empty-stomach")
    else:
        said += [f"clock:{hour}" for hour in schedule.hours]
    return schedule.times or 0, said + (["bedtime"] if schedule.bedtime else [])


def test_the_vector_file_holds_all_published_codes() -> None:
    assert len({row["code"] for row in PUBLISHED}) == 54


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["code"])
def test_a_published_code_means_what_its_display_says(row: dict[str, str]) -> None:
    schedule = decode(row["code"])
    assert schedule is not None
    assert facts(schedule) == (int(row["times"]), row["moments"].split())


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["code"])
@pytest.mark.parametrize("system", [JAMI, MHLW, "urn:oid:1.2.392.200250.2.2.20.20"])
def test_a_published_code_in_our_words(row: dict[str, str], system: str) -> None:
    coded = dosage(row["code"], system=system)
    assert usage_of(coded, "ja").text == row["ja"]
    assert usage_of(coded, "en").text == row["en"]
    assert usage_of(coded, "ja").complete
    assert not usage_of(coded, "ja").as_needed


@pytest.mark.parametrize(
    ("code", "ja", "en"),
    [
        ("1011000600000000", "1日1回 朝食事中", "once a day, during breakfast"),
        ("1011000900000000", "1日1回 朝食事中", "once a day, during breakfast"),
        ("1031A00000000000", "1日1回 0時", "once a day, at 0:00"),
        ("1031B00000000000", "1日1回 1時", "once a day, at 1:00"),
        (
            "1012010400000000",
            "1日2回 朝食後と夕食前",
            "twice a day, after breakfast and before dinner",
        ),
        ("2L72000000000000", "1日2回 吸入", "twice a day (inhale)"),
    ],
)
def test_later_and_mixed_codes(code: str, ja: str, en: str) -> None:
    assert usage_of(dosage(code), "ja").text == ja
    assert usage_of(dosage(code), "en").text == en
    assert usage_of(dosage(code), "ja").complete


@pytest.mark.parametrize(
    ("code", "ja"),
    [
        ("1050110000000000", "疼痛時"),
        ("1050210000000000", "喘息発作時"),
        ("1050710000000000", "発熱時"),
        ("2R50410000000000", "便秘時 肛門挿入"),
    ],
)
def test_as_needed_codes(code: str, ja: str) -> None:
    assert usage_of(dosage(code), "ja").text == ja
    assert usage_of(dosage(code), "ja").as_needed


def test_waking_is_a_daily_occasion_not_as_needed() -> None:
    usage = usage_of(dosage("2H50B10000000000", site={"text": "両眼"}), "ja")
    assert (usage.text, usage.complete, usage.as_needed) == ("起床時 点眼（両眼）", True, False)


@pytest.mark.parametrize("code", ["101X000000000000", "105031Z000000000", "1050W10000000000"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_guide_code_without_its_supplement_is_asked_about(code: str, language: Language) -> None:
    usage = usage_of(dosage(code), language)
    assert INCOMPLETE[language] in usage.text
    assert not usage.complete


def test_a_guide_code_with_its_supplement_is_complete() -> None:
    times = dosage("101X000000000000", additionalInstruction=[{"text": "1日2回朝食後と15時"}])
    pressure = dosage("105031Z000000000", additionalInstruction=[{"text": "140mmHg以上"}])
    assert usage_of(times, "ja").text == "1日2回朝食後と15時"
    assert usage_of(pressure, "ja").text == "血圧上昇時（140mmHg以上）"
    assert usage_of(times, "ja").complete
    assert usage_of(pressure, "ja").complete


@pytest.mark.parametrize(
    "code",
    [
        "XX50110000000000",  # abolished: no method
        "1013040400000000",  # says 3 times, names 2 moments
        "1011007000000000",  # meal digit 7 does not exist
        "1041990000000000",  # unknown type 4
        "1025000000000000",  # 24 hours do not divide by 5
        "101300440",  # too short
        "1031X00000000000",  # 23:00 or "fill in": nobody can tell
    ],
)
def test_what_is_not_understood_is_not_guessed(code: str) -> None:
    usage = usage_of(dosage(code), "ja")
    assert usage.text == INCOMPLETE["ja"]
    assert not usage.complete
    written = usage_of(dosage(code, text="1日1回 朝"), "ja")
    assert (written.text, written.complete) == ("1日1回 朝", True)


@pytest.mark.parametrize(
    ("code", "supplements", "ja", "en"),
    [
        (
            "1013044400000000",
            ("V14NNNNN", "V22NNNNN", "V31NNNNN"),
            "1日3回 朝昼夕食後（1回目 4錠、2回目 2錠、3回目 1錠）",
            "3 times a day, after breakfast, lunch and dinner (dose 1: 4 tablets, dose 2: 2 tablets, dose 3: 1 tablet)",
        ),
        (
            "1013044400000000",
            ("V12NNNNN", "V20NNNNN", "V30.5NNN"),
            "1日3回 朝昼夕食後（1回目 2錠、2回目 0錠、3回目 0.5錠）",
            "3 times a day, after breakfast, lunch and dinner (dose 1: 2 tablets, dose 2: 0 tablets, dose 3: 0.5 tablets)",
        ),
        (
            "1011000400000000",
            ("I1100000",),
            "1日1回 朝食後（1日おき）",
            "once a day, after breakfast (every other day)",
        ),
        (
            "1011000400000000",
            ("W0100100",),
            "1日1回 朝食後（月・木曜日）",
            "once a day, after breakfast (on Mon, Thu)",
        ),
        (
            "1011000400000000",
            ("W1000001",),
            "1日1回 朝食後（日・土曜日）",
            "once a day, after breakfast (on Sun, Sat)",
        ),
        (
            "1011000400000000",
            ("D0AK0000",),
            "1日1回 朝食後（毎月10日・20日）",
            "once a day, after breakfast (on day 10, 20)",
        ),
        (
            "1011000100000000",
            ("CW100000",),
            "1日1回 朝食前（週1回）",
            "once a day, before breakfast (once a week)",
        ),
    ],
)
def test_supplements(code: str, supplements: tuple[str, ...], ja: str, en: str) -> None:
    coded = dosage(code, *supplements, doseAndRate=[{"doseQuantity": TABLET}])
    assert usage_of(coded, "ja").text == ja
    assert usage_of(coded, "en").text == en
    assert usage_of(coded, "ja").complete


def test_uneven_doses_without_a_counting_unit_name_none() -> None:
    coded = dosage("1012040400000000", "V14NNNNN", "V22NNNNN")
    assert usage_of(coded, "ja").text == "1日2回 朝夕食後（1回目 4、2回目 2）"


@pytest.mark.parametrize("supplement", ["V105NNNN", "W0000000", "I1200000", "DZ000000", "Q1234567"])
def test_an_unknown_supplement_is_asked_about(supplement: str) -> None:
    usage = usage_of(dosage("1011000400000000", supplement), "ja")
    assert not usage.complete
    assert "要確認" in usage.text


def test_uneven_doses_must_match_the_times_of_the_code() -> None:
    usage = usage_of(dosage("1013044400000000", "V14NNNNN", "V31NNNNN"), "ja")
    assert not usage.complete
    assert "不均等投与の回数が合わない" in usage.text


def test_an_eye_drop_without_a_site_is_asked_about() -> None:
    assert not usage_of(dosage("2H73000000000000"), "ja").complete
    right = usage_of(dosage("2H73000000000000", site={"text": "右眼"}), "ja")
    assert (right.text, right.complete) == ("1日3回 点眼（右眼）", True)


def test_the_dummy_code_leaves_the_word_to_the_text() -> None:
    with_text = dosage("0X0XXXXXXXXX0000", system=DUMMY, text="医師の指示通り")
    without = dosage("0X0XXXXXXXXX0000", system=DUMMY)
    assert usage_of(with_text, "ja").text == "医師の指示通り"
    assert usage_of(with_text, "ja").complete
    assert usage_of(with_text, "ja").code is None
    assert usage_of(without, "ja").text == NOT_RECORDED["ja"]
    assert not usage_of(without, "ja").complete


def test_a_display_alone_is_shown_but_not_complete() -> None:
    coding = {"system": DUMMY, "code": "0X0XXXXXXXXX0000", "display": "1日3回"}
    usage = usage_of({"timing": {"code": {"coding": [coding]}}}, "ja")
    assert (usage.text, usage.complete) == ("1日3回", False)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_recorded_says_so(language: Language) -> None:
    usage = usage_of({}, language)
    assert (usage.text, usage.complete) == (NOT_RECORDED[language], False)


def test_structured_timing_is_used_without_a_code() -> None:
    repeat = {"frequency": 2, "period": 1, "periodUnit": "d"}
    usage = usage_of({"timing": {"repeat": repeat}, "asNeededBoolean": True}, "en")
    assert (usage.text, usage.complete) == ("twice a day (when needed)", True)
    assert usage.as_needed


def test_a_condition_code_of_as_needed_is_translated() -> None:
    concept = {"coding": [{"code": "PRNheadache"}]}
    usage = usage_of(dosage("1012040400000000", asNeededCodeableConcept=concept), "en")
    assert usage.text == "twice a day, after breakfast and dinner (for headache)"


def example(name: str) -> dict[str, object]:
    read = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))
    first: dict[str, object] = read["dosageInstruction"][0]
    return first


def test_published_example_of_uneven_doses() -> None:
    said = usage_of(example("MedicationRequest-Example-JP-MedReq-eCS-fukintouByDay.json"), "ja")
    assert said.text == "1日3回 朝昼夕食後（1回目 4錠、2回目 2錠、3回目 1錠）"


def test_limits_that_are_only_written_are_kept() -> None:
    said = usage_of(example("MedicationRequest-Example-JP-MedReq-PO-AsNeeded-LimitMax.json"), "ja")
    assert said.text.startswith("発熱時")
    assert "4時間あけて1日3回まで" in said.text


def test_a_code_that_contradicts_the_text_is_asked_about() -> None:
    """The published example codes "before meals" and writes "after meals"."""
    name = "MedicationRequest-Example-JP-MedReq-PO-BID-10days-AsNeeded.json"
    said = usage_of(example(name), "ja")
    assert not said.complete
    assert "食前" in said.text
    assert "食後" in said.text


@given(code=st.text(alphabet="0123456789ABPXZNWH", min_size=14, max_size=18))
def test_any_code_gives_words_and_never_a_fault(code: str) -> None:
    usage = usage_of(dosage(code), "ja")
    assert usage.text
    assert not usage.complete or decode(code) is not None
    # A dummy code (0X0…) says that there is none; anything else not understood says "ask".
    assert usage.complete != ("要確認" in usage.text or usage.text == "用法の記載なし")


@given(rest=st.text(alphabet="0123456789", min_size=6, max_size=6), times=st.integers(1, 9))
def test_the_named_moments_are_as_many_as_the_times(rest: str, times: int) -> None:
    schedule = decode(f"101{times}{rest}000000")
    if schedule is not None:
        named = len(schedule.meals) + schedule.waking + schedule.bedtime + len(schedule.hours)
        assert named == times
