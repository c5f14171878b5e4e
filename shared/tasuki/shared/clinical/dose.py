"""Says the recorded dose of a dosage (https://hl7.org/fhir/R4/dosage.html) in words.

Numbers keep their digits, units stay as recorded: nothing is converted, multiplied or guessed.
"""

# Japanese words come with full-width punctuation.

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.fhirjson import EMPTY, Node, child, children, first_code, lexeme, number
from tasuki.shared.clinical.units import is_counted, unit_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.clinical.language import Language

_ACTIVE_INGREDIENT: Final = "2"  # MedicationIngredientStrengthStrengthType: 1 product, 2 ingredient
_DAY_CODES: Final = frozenset({"d", "日", "day"})


def dose_in_words(dosage: Mapping[str, object], language: Language) -> str | None:
    """Return the dose, e.g. `1回 1錠、1日 3錠` or `1 tablet per dose`, or None if none is recorded."""
    said = [_said(entry, language) for entry in children(dosage, "doseAndRate")]
    return " / ".join(words for words in said if words) or None


def counting_unit(dosage: Mapping[str, object]) -> Node:
    """Return a quantity in the one counting unit a dosage is recorded in, or an empty object."""
    found: dict[str, Node] = {}
    for entry in children(dosage, "doseAndRate"):
        counts = first_code(child(entry, "type")) != _ACTIVE_INGREDIENT
        numerator = child(child(entry, "rateRatio"), "numerator")
        for quantity in (child(entry, "doseQuantity"), numerator):
            if quantity:
                known = quantity if counts and is_counted(quantity) else EMPTY
                found[unit_words(known, "ja")] = known
    return next(iter(found.values())) if len(found) == 1 else EMPTY


def _said(entry: Node, language: Language) -> str:
    parts = [_per_dose(entry, language), _rate(entry, language)]
    said = ("、" if language == "ja" else ", ").join(part for part in parts if part)
    if said and first_code(child(entry, "type")) == _ACTIVE_INGREDIENT:
        return said + ("（原薬量）" if language == "ja" else " (active ingredient)")
    return said


def _per_dose(entry: Node, language: Language) -> str:
    amount = quantity_words(child(entry, "doseQuantity"), language)
    dose_range = child(entry, "doseRange")
    if not amount and dose_range:
        amount = _range_words(dose_range, language)
    if not amount:
        return ""
    return f"1回 {amount}" if language == "ja" else f"{amount} per dose"


def _rate(entry: Node, language: Language) -> str:
    ratio = child(entry, "rateRatio")
    amount = quantity_words(child(ratio, "numerator"), language)
    if not amount:
        return quantity_words(child(entry, "rateQuantity"), language)
    per = child(ratio, "denominator")
    if number(per.get("value")) == 1 and _is_day(per):
        return f"1日 {amount}" if language == "ja" else f"{amount} per day"
    span = quantity_words(per, language).removeprefix("1 ")
    if not span:
        return amount
    return f"{span}あたり {amount}" if language == "ja" else f"{amount} per {span}"


def _is_day(quantity: Node) -> bool:
    return bool(_DAY_CODES & {quantity.get("code"), quantity.get("unit")})


def _range_words(dose_range: Node, language: Language) -> str:
    low = quantity_words(child(dose_range, "low"), language)
    high = quantity_words(child(dose_range, "high"), language)
    if language == "ja":
        return f"{low}〜{high}" if low or high else ""
    return f"{low} to {high}" if low and high else (f"at least {low}" if low else _up_to(high))


def _up_to(high: str) -> str:
    return f"up to {high}" if high else ""


def quantity_words(quantity: Node, language: Language) -> str:
    """Return a FHIR Quantity as written, e.g. `2錠`, `400.0mg`, `2 tablets`; empty without a number."""
    written = lexeme(quantity.get("value"))
    if written is None:
        return ""
    unit = unit_words(quantity, language, written=written)
    comparator = quantity.get("comparator")
    sign = comparator if comparator in {"<", "<=", ">", ">="} else ""
    return f"{sign}{written}{unit}" if language == "ja" else f"{sign}{written} {unit}".rstrip()
