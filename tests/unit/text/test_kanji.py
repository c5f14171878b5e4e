from __future__ import annotations

import csv
import unicodedata
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.text import fold_kanji
from tasuki.shared.text.kanji import kanji_variants

VARIANTS = kanji_variants()
KANJI = st.text(
    st.sampled_from(sorted({*VARIANTS, *VARIANTS.values()}))
    | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
    | st.characters(min_codepoint=0xF900, max_codepoint=0xFAFF)
    | st.sampled_from(" \u3000々\ufe00\U000e0101")
)


def test_vectors(kanji_row: dict[str, str]) -> None:
    assert fold_kanji(kanji_row["input"]) == kanji_row["folded"]


@given(st.text() | KANJI)
def test_fold_is_idempotent(s: str) -> None:
    assert fold_kanji(fold_kanji(s)) == fold_kanji(s)


@given(KANJI)
def test_nothing_left_has_another_search_form(s: str) -> None:
    assert not set(VARIANTS) & set(fold_kanji(s))


@pytest.mark.parametrize("selector", ["\ufe00", "\ufe0f", "\U000e0100", "\U000e01ef"])
def test_variation_selectors_go(selector: str) -> None:
    assert fold_kanji(f"辻{selector}") == "辻"


def test_table_holds_each_character_once() -> None:
    text = files("tasuki.shared.text").joinpath("data/kanji-variants.csv").read_text("utf-8")
    groups = [[row["form"], *row["variants"]] for row in csv.DictReader(text.splitlines())]
    characters = [c for group in groups for c in group]
    assert len(groups) >= 150
    assert len(characters) == len(set(characters))
    assert all(len(group[0]) == 1 and len(group) > 1 for group in groups)
    # A compatibility character would never be looked up: NFKC has replaced it by then.
    assert all(unicodedata.is_normalized("NFKC", c) for c in characters)
    assert {row["kind"] for row in csv.DictReader(text.splitlines())} == {"old", "name"}
