"""J-FAGY allergen codes: names in two languages, and which allergen contains which.

Source: J-FAGY, https://jpfhir.jp/fhir/core/ (JP_JfagyFoodAllergen_CS and its siblings), table of
2025-04-01; see data/SOURCES.md. A code is a path of fixed steps padded with zeros: egg
J9FB13110000 contains egg white J9FB13110013. Names match as whole words only: えびいも (taro,
J9FA24181400) is no えび (shrimp).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.drug_conflicts import drug_conflicts
from tasuki.shared.clinical.drug_names import folded, rows

if TYPE_CHECKING:
    from tasuki.shared.clinical.language import Language

TABLE: Final = "JFAGY_J9FN_20250401_R01.csv"
# Say nothing by themselves: the text beside them names the allergen.
DUMMIES: Final = frozenset({"D9M000000000", "D9F000000000", "D9N000000000"})
CATEGORIES: Final = {
    "00F": ("食品", "food"),
    "00N": ("非食品・非医薬品", "neither food nor medicine"),
    "00M": ("医薬品", "medicine"),
}
_ROOTS: Final = {"J9F": "00F", "J9N": "00N"}
_STEPS: Final = (3, 4, 6, 8, 10, 12)
_CODE_LENGTH: Final = 12
_AROUND: Final = re.compile(
    r"アレルギー|アナフィラキシー|過敏症|不耐症|禁忌|疑イ|[\s、。・,/;:()「」\[\]+&]+"
)


@dataclass(frozen=True, slots=True)
class Allergen:
    """One J-FAGY allergen.

    Attributes:
        code: J-FAGY code.
        ja: Japanese name.
        kana: Its reading in hiragana.
        en: English name.
        level: 1 (category) to 6 (product or component).
        main: True for the main terms offered first.
    """

    code: str
    ja: str
    kana: str
    en: str
    level: int
    main: bool


def allergen(code: str) -> Allergen | None:
    """Return the allergen of a J-FAGY code; dummies and unknown codes have none."""
    return None if code in DUMMIES else _table().get(code)


def is_a(code: str, ancestor: str) -> bool:
    """Tell whether one allergen is, or is contained in, another."""
    if not _is_path(code):
        return code == ancestor
    if ancestor in _ROOTS.values():
        return _ROOTS[code[:3]] == ancestor
    return _is_path(ancestor) and code.startswith(ancestor[: _depth(ancestor)])


def display(code: str, language: Language) -> str | None:
    """Return the name of a J-FAGY code or category, or None if only its text can tell."""
    index = 0 if language == "ja" else 1
    if code in CATEGORIES:
        return CATEGORIES[code][index]
    found = allergen(code)
    return None if found is None else (found.ja, found.en)[index]


def matching_allergens(text: str) -> tuple[Allergen, ...]:
    """Return the allergens a text names as whole words, in the order of the table."""
    words = {word for word in _AROUND.split(folded(text)) if word}
    return tuple(dict.fromkeys(a for word in words for a in _by_name().get(word, ())))


def _is_path(code: str) -> bool:
    return len(code) == _CODE_LENGTH and code[:3] in _ROOTS


def _depth(code: str) -> int:
    """Return how many characters of a code carry meaning."""
    depth = _CODE_LENGTH
    for shorter in reversed(_STEPS[:-1]):
        if code[shorter:depth].strip("0"):
            break
        depth = shorter
    return depth


def depth_level(code: str) -> int:
    """Return the level a code's own padding states, 1 for a category."""
    return _STEPS.index(_depth(code)) + 1 if _is_path(code) else 1


@cache
def _table() -> dict[str, Allergen]:
    return {
        row["JFAGYCODE"]: Allergen(
            row["JFAGYCODE"],
            row["JPTERM"],
            row["JPKANA"],
            row["ENTERM"],
            int(row["LEVEL"]),
            row["MAINFLAG"] == "1",
        )
        for row in rows(TABLE)
    }


@cache
def _by_name() -> dict[str, tuple[Allergen, ...]]:
    found: dict[str, dict[str, Allergen]] = {}
    for one in _table().values():
        if one.code in DUMMIES:
            continue
        for name in (one.ja, one.kana, one.en):
            found.setdefault(folded(name).strip(), {})[one.code] = one
    return {name: tuple(known.values()) for name, known in found.items() if name}


__all__ = [
    "CATEGORIES",
    "DUMMIES",
    "TABLE",
    "Allergen",
    "allergen",
    "depth_level",
    "display",
    "drug_conflicts",
    "is_a",
    "matching_allergens",
]
