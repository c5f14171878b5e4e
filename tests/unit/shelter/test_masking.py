"""A candidate shows a family name, the first kana of the given name, a year and a town; no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.shelter.builders import entry, patient, record

from tasuki.shelter.masking import HIDDEN, birth_year, mask_kana, mask_name, masked


@pytest.mark.parametrize(
    ("kana", "shown"),
    [
        ("ノト ハナコ", f"ノト ハ{HIDDEN}"),
        ("ノト\u3000ハ", f"ノト ハ{HIDDEN}"),
        ("サントス マリア ルイサ", f"サントス マ{HIDDEN}"),
        ("ノトハナコ", f"ノ{HIDDEN}"),
        ("", ""),
    ],
)
def test_kana(kana: str, shown: str) -> None:
    assert mask_kana(kana) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("能登 花子", f"能登 {HIDDEN}"), ("能登花子", f"能{HIDDEN}"), ("", "")],
)
def test_name(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@given(st.text(alphabet="アイウ", min_size=2), st.text(alphabet="カキク", min_size=2))
def test_the_given_name_is_hidden_and_its_length_too(family: str, given_name: str) -> None:
    shown = mask_kana(f"{family} {given_name}")
    assert given_name not in shown
    assert len(shown) == len(family) + len(f" カ{HIDDEN}")


@pytest.mark.parametrize(
    ("birth", "japanese", "english"),
    [
        ("1938-04-05", "昭和13年", "1938"),
        ("1989-01-07", "昭和64年", "1989"),
        ("1989-01-08", "平成元年", "1989"),
        ("1938", "1938", "1938"),
        ("1938-04", "昭和13年", "1938"),
        ("1800-01-01", "1800", "1800"),
        ("", "", ""),
    ],
)
def test_birth(birth: str, japanese: str, english: str) -> None:
    assert birth_year(birth, "ja") == japanese
    assert birth_year(birth, "en") == english


def test_a_candidate_holds_nothing_else() -> None:
    shown = masked(record(entry(patient())), "ja")
    assert shown.place == "輪島市"
    text = str(shown)
    for hidden in ("花子", "ハナコ", "04-05", "4月", "河井町", "090"):
        assert hidden not in text
