from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.text import fold_kana, is_kana, loose_kana

KANA = st.text(
    st.characters(min_codepoint=0x3041, max_codepoint=0x30FF)
    | st.characters(min_codepoint=0xFF61, max_codepoint=0xFF9F)
    | st.sampled_from(" \u3000-ーあオう")
)


def test_vectors(kana_row: dict[str, str]) -> None:
    assert fold_kana(kana_row["input"]) == kana_row["folded"]
    assert loose_kana(kana_row["input"]) == kana_row["loose"]


@given(st.text() | KANA)
def test_folds_are_idempotent(s: str) -> None:
    assert fold_kana(fold_kana(s)) == fold_kana(s)
    assert loose_kana(loose_kana(s)) == loose_kana(s)


@given(st.text() | KANA)
def test_loose_form_is_coarser(s: str) -> None:
    assert loose_kana(fold_kana(s)) == loose_kana(s)
    assert fold_kana(loose_kana(s)) == loose_kana(s)


@given(st.text() | KANA)
def test_every_kana_becomes_large_katakana(s: str) -> None:
    folded = fold_kana(s)
    assert not any("ぁ" <= c <= "ゖ" for c in folded)
    assert not set("ァィゥェォッャュョヮヵヶヂヅヲヰヱヴヷヸヹヺヽヾー・ 　") & set(folded)


@pytest.mark.parametrize("s", ["ノト ハナコ", "のと　はなこ", "ﾉﾄ ﾊﾅｺ", "サトー", "いすゞ", "か゛"])
def test_kana_is_kana(s: str) -> None:
    assert is_kana(s)


@pytest.mark.parametrize("s", ["", " ", "ー", "能登", "ノト花子", "ノト-ハナコ", "noto", "サト1"])
def test_all_else_is_not_kana(s: str) -> None:
    assert not is_kana(s)
