"""Kanji names as search forms: old, new and variant characters of one name give one string.

Display strings are never folded; a stored 髙 stays 髙.
Variation sequences: https://www.unicode.org/reports/tr37/ ; compatibility ideographs go with NFKC,
https://www.unicode.org/reports/tr15/ . The table and its choices are explained in `data/SOURCES.md`.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files

_DROPPED_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_REPEAT = re.compile("(.)[々〻]")
# The small kana in 関ヶ原 stand for a word, not for a sound, and are written large as often as small.
_FULL_SIZE = str.maketrans("ヶヵ", "ケカ")


@cache
def kanji_variants() -> dict[str, str]:
    """Return each variant character with the character that represents its group."""
    table = (
        files("tasuki.shared.text").joinpath("data/kanji-variants.csv").read_text(encoding="utf-8")
    )
    rows = csv.DictReader(table.splitlines())
    return {variant: row["form"] for row in rows for variant in row["variants"]}


def fold_kanji(s: str) -> str:
    """Return the search form of a name or place written in kanji.

    NFKC; variation selectors, spaces and control characters go; variants become the representative
    of their group (髙 is 高, 邉 is 辺); 々 is written out (佐々木 is 佐佐木); ヶ is ケ. Kana stay as they are.
    """
    text = _SELECTORS.sub("", unicodedata.normalize("NFKC", s))
    text = "".join(c for c in text if unicodedata.category(c) not in _DROPPED_CATEGORIES)
    text = unicodedata.normalize("NFKC", text).translate(_FULL_SIZE)
    text = text.translate(_variant_table())
    while (written_out := _REPEAT.sub(r"\1\1", text)) != text:
        text = written_out
    return text


@cache
def _variant_table() -> dict[int, str]:
    return str.maketrans(kanji_variants())
