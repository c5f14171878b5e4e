"""Tells whether a medicine is, or may be, what an allergy or side effect names.

Codes are compared by the first seven characters (same ingredient and route); J-FAGY writes them
behind a mark: Y.M and a YJ code, G.M and a general order code. Names are compared as whole words
and through the name table, so that Loxonin and loxoprofen meet. A conflict is a question for the
reader, never a decision.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.drug_names import folded, known_names, rows, words_of
from tasuki.shared.clinical.fhirjson import child, codings, string
from tasuki.shared.clinical.systems import GENERAL_ORDER, YJ

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.clinical.drugs import Drug

_MARKED: Final = re.compile(r"[YG].M(\d{7}[0-9A-Z]{0,5})\Z")
_PLAIN: Final = re.compile(r"\d{7}[A-Z][0-9A-Z]{0,4}\Z")
_INGREDIENT: Final = 7
_SHORTEST_WORD: Final = 3
# Words of a medicine's name that name no ingredient.
_NO_INGREDIENT: Final = frozenset(
    folded(word)
    for word in [
        "ナトリウム",
        "カリウム",
        "カルシウム",
        "マグネシウム",
        "カプセル",
        "シロップ",
        "クリーム",
        "ローション",
        "テープ",
        "パップ",
        "パッチ",
        "スプレー",
        "ゼリー",
        "トローチ",
        "アレルギー",
        "アナフィラキシー",
        "ショック",
        "ドライシロップ",
        "細粒",
        "顆粒",
        "軟膏",
        "錠剤",
        "注射",
        "注射液",
        "点眼液",
        "塩酸塩",
        "硫酸塩",
        "水和物",
        "徐放錠",
        "配合錠",
        "医薬品",
        "不明",
        "あり",
        "allergy",
        "tablet",
        "capsule",
        "sodium",
    ]
)
_SALTS: Final = re.compile(
    "(?:ナトリウム|カリウム|カルシウム|マレイン|コハク|ベシル|メシル|トシル)+$"
)


def drug_conflicts(drug: Drug, allergy: Mapping[str, object]) -> bool:
    """Tell whether a medicine falls under a recorded allergy.

    Args:
        drug: The medicine given or to be given.
        allergy: An AllergyIntolerance.
    """
    concept = child(allergy, "code")
    coded = codings(concept)
    ours = _ingredients(drug)
    theirs = {
        ingredient for coding in coded if (ingredient := _ingredient(coding.system, coding.code))
    }
    if ours & theirs:
        return True
    text = string(concept, "text")
    displays = [coding.display for coding in coded if len(coding.code) > _SHORTEST_WORD]
    names = [name for name in (text, *displays) if name]
    return any(_names_it(name, drug, ours) for name in names)


def _ingredients(drug: Drug) -> set[str]:
    """Return the ingredients of a medicine by its codes and by its known names."""
    codes = drug.classes or ((drug.yj,) if drug.yj else ())
    named = (row.yj for name in (drug.name, *drug.also_named) for row in known_names(name))
    return {code[:_INGREDIENT] for code in codes} | {yj for yj in named if len(yj) == _INGREDIENT}


def _ingredient(system: str, code: str) -> str | None:
    marked = _MARKED.match(code)
    if marked:
        return marked[1][:_INGREDIENT]
    if (system in YJ or system in GENERAL_ORDER or "Jfagy" in system) and _PLAIN.match(code):
        return code[:_INGREDIENT]
    return None


def _names_it(name: str, drug: Drug, ours: set[str]) -> bool:
    if any(row.yj and row.yj in ours for row in known_names(name)):
        return True
    if any(code.startswith(group) for group in _groups_named(name) for code in ours):
        return True
    ingredients = _ingredient_words(name)
    return any(ingredients & _ingredient_words(other) for other in (drug.name, *drug.also_named))


def _ingredient_words(name: str) -> set[str]:
    """Return the words of a name that can name an ingredient, without salts and forms."""
    words = {_SALTS.sub("", word) for word in words_of(name) if word not in _NO_INGREDIENT}
    return {word for word in words if len(word) >= _SHORTEST_WORD and not _is_number(word)}


def _is_number(word: str) -> bool:
    return not word.strip("0123456789.")


def _groups_named(name: str) -> tuple[str, ...]:
    """Return the classes of the groups ("penicillins") a name stands for as a whole word."""
    spelled = folded(name)
    words = {*words_of(name), spelled.strip()}
    return tuple(yj for group, classes in _groups().items() if group in words for yj in classes)


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    return {
        folded(name): tuple(row["yj"].split())
        for row in rows("drug_allergy_classes.csv")
        for name in row["names"].split()
    }
