"""Doses in words: as recorded, never converted. https://hl7.org/fhir/R4/dosage.html."""

# Japanese words come with full-width punctuation.

from __future__ import annotations

import pytest

from tasuki.shared.clinical.dose import dose_in_words

MERIT9 = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code"
UCUM = "http://unitsofmeasure.org"
DAY = {"value": 1, "unit": "日", "system": UCUM, "code": "d"}


class Written(float):
    """A number that kept its digits."""

    text: str

    def __new__(cls, text: str) -> Written:
        made = super().__new__(cls, text)
        made.text = text
        return made


def count(value: object, code: str) -> dict[str, object]:
    return {"value": value, "code": code, "system": MERIT9}


@pytest.mark.parametrize(
    ("entry", "ja", "en"),
    [
        ({"doseQuantity": count(2, "TAB")}, "1回 2錠", "2 tablets per dose"),
        ({"doseQuantity": count(1, "TAB")}, "1回 1錠", "1 tablet per dose"),
        ({"doseQuantity": count(8, "UNT")}, "1回 8単位", "8 units per dose"),
        (
            {"rateRatio": {"numerator": count(7, "TAB"), "denominator": DAY}},
            "1日 7錠",
            "7 tablets per day",
        ),
        (
            {
                "doseQuantity": count(1, "CAP"),
                "rateRatio": {"numerator": count(3, "CAP"), "denominator": DAY},
            },
            "1回 1カプセル、1日 3カプセル",
            "1 capsule per dose, 3 capsules per day",
        ),
        (
            {"doseQuantity": {"value": 400.0, "unit": "mg", "system": UCUM, "code": "mg"}},
            "1回 400.0mg",
            "400.0 mg per dose",
        ),
        (
            {"doseQuantity": {"value": Written("0.50"), "unit": "mg", "code": "mg"}},
            "1回 0.50mg",
            "0.50 mg per dose",
        ),
        (
            {
                "doseQuantity": count(1, "G"),
                "type": {"coding": [{"code": "2", "display": "原薬量"}]},
            },
            "1回 1g（原薬量）",
            "1 g per dose (active ingredient)",
        ),
        (
            {"doseRange": {"low": count(1, "TAB"), "high": count(2, "TAB")}},
            "1回 1錠〜2錠",
            "1 tablet to 2 tablets per dose",
        ),
        (
            {"rateQuantity": {"value": 80, "unit": "mL/h", "system": UCUM, "code": "mL/h"}},
            "80mL/h",
            "80 mL/h",
        ),
        (
            {
                "rateRatio": {
                    "numerator": {"value": 102, "unit": "mL", "code": "mL"},
                    "denominator": {"value": 1, "unit": "時間", "system": UCUM, "code": "h"},
                }
            },
            "1時間あたり 102mL",
            "102 mL per hour",
        ),
    ],
)
def test_recorded_doses(entry: dict[str, object], ja: str, en: str) -> None:
    assert dose_in_words({"doseAndRate": [entry]}, "ja") == ja
    assert dose_in_words({"doseAndRate": [entry]}, "en") == en


@pytest.mark.parametrize(
    "dosage",
    [
        {},
        {"doseAndRate": []},
        {"doseAndRate": [{"type": {"coding": [{"code": "1"}]}}]},
        {"doseAndRate": [{"doseQuantity": {"unit": "錠"}}]},
        {"doseAndRate": [{"doseQuantity": {"value": True, "unit": "錠"}}]},
        {"doseAndRate": "2 tablets"},
    ],
)
def test_no_recorded_number_is_no_dose(dosage: dict[str, object]) -> None:
    assert dose_in_words(dosage, "ja") is None


def test_a_recorded_unit_is_translated_and_an_unknown_one_kept() -> None:
    tablets = {"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "錠"}}]}
    puffs = {"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "吸入"}}]}
    assert dose_in_words(tablets, "en") == "2 tablets per dose"
    assert dose_in_words(puffs, "en") == "2 吸入 per dose"
