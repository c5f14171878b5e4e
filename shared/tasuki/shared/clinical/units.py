"""Dose units in words; a quantity is shown in the unit it was recorded in, never converted.

Source: MERIT-9 unit codes, http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.fhirjson import Node, string
from tasuki.shared.clinical.systems import UCUM, UNIT_MERIT9

if TYPE_CHECKING:
    from tasuki.shared.clinical.language import Language

# Japanese, English for one, English for several.
_MERIT9: Final[dict[str, tuple[str, str, str]]] = {
    "TAB": ("錠", "tablet", "tablets"),
    "CAP": ("カプセル", "capsule", "capsules"),
    "PCK": ("包", "packet", "packets"),
    "PILL": ("丸", "pill", "pills"),
    "TROC": ("トローチ", "lozenge", "lozenges"),
    "SHT": ("枚", "sheet", "sheets"),
    "SHET": ("シート", "strip", "strips"),
    "HON": ("本", "piece", "pieces"),
    "KO": ("個", "piece", "pieces"),
    "TIME": ("回", "time", "times"),
    "DOSE": ("回分", "dose", "doses"),
    "DROP": ("滴", "drop", "drops"),
    "BTL": ("瓶", "bottle", "bottles"),
    "BAG": ("袋", "bag", "bags"),
    "TUBE": ("管", "tube", "tubes"),
    "CAN": ("缶", "can", "cans"),
    "SET": ("セット", "set", "sets"),
    "KIT": ("キット", "kit", "kits"),
    "SYRG": ("シリンジ", "syringe", "syringes"),
    "AMP": ("アンプル", "ampoule", "ampoules"),
    "VIL": ("バイアル", "vial", "vials"),
    "PIPE": ("筒", "cartridge", "cartridges"),
    "BLST": ("ブリスター", "blister", "blisters"),
    "UNT": ("単位", "unit", "units"),
    "TUNT": ("千単位", "thousand units", "thousand units"),
    "TTUN": ("万単位", "ten thousand units", "ten thousand units"),
    "IUNT": ("国際単位", "international unit", "international units"),
    "TTIU": ("万国際単位", "ten thousand IU", "ten thousand IU"),
    "MG": ("mg", "mg", "mg"),
    "MCG": ("μg", "micrograms", "micrograms"),
    "G": ("g", "g", "g"),
    "KG": ("kg", "kg", "kg"),
    "ML": ("mL", "mL", "mL"),
    "L": ("L", "L", "L"),
    "MCL": ("μL", "μL", "μL"),
    "CC": ("cc", "cc", "cc"),
    "CM": ("cm", "cm", "cm"),
    "MEQ": ("mEq", "mEq", "mEq"),
}
_TIME: Final[dict[str, tuple[str, str, str]]] = {
    "min": ("分", "minute", "minutes"),
    "h": ("時間", "hour", "hours"),
    "d": ("日", "day", "days"),
    "wk": ("週", "week", "weeks"),
    "mo": ("か月", "month", "months"),
}
_BY_JAPANESE: Final = {words[0]: words for words in _MERIT9.values()}
_COUNTED_BY_WEIGHT: Final = frozenset({"MG", "MCG", "G", "KG", "MEQ"})


def unit_words(quantity: Node, language: Language, *, written: str = "") -> str:
    """Return a quantity's unit in words: MERIT-9 codes translated, all else as recorded.

    Args:
        quantity: A FHIR Quantity.
        language: Language of the reader.
        written: The number as written, to choose singular or plural.
    """
    words = _words_of(quantity)
    if words is None:
        return string(quantity, "unit") or string(quantity, "code") or ""
    if language == "ja":
        return words[0]
    return words[1] if written == "1" else words[2]


def is_counted(quantity: Node) -> bool:
    """Tell whether a quantity counts pieces (tablets, packets, mL of a mixture), not an ingredient."""
    code = string(quantity, "code")
    return quantity.get("system") in UNIT_MERIT9 and code not in _COUNTED_BY_WEIGHT


def _words_of(quantity: Node) -> tuple[str, str, str] | None:
    if quantity.get("system") in UNIT_MERIT9:
        return _MERIT9.get(string(quantity, "code") or "")
    if quantity.get("system") == UCUM and string(quantity, "code") in _TIME:
        return _TIME[string(quantity, "code") or ""]
    unit = unicodedata.normalize("NFKC", string(quantity, "unit") or "")
    return _BY_JAPANESE.get(unit)
