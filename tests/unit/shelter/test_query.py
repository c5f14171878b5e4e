"""What the desk refuses to search for, and what it searches for instead of what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.shelter.builders import TODAY

from tasuki.shared.text import eras
from tasuki.shelter.query import BIRTH_FAULTS, MESSAGES, Typed, Unanswerable, read_search
from tasuki.shelter.words import WORDS

KANA = ("kana+birth", ("ノトハナコ", "1938-04-05"))
KANJI = ("kanji+birth", ("能登花子", "1938-04-05"))


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (Typed(), "name-missing"),
        (Typed(name="・・", birth="1938-04-05"), "name-missing"),
        (Typed(name="ノト ハナコ"), "more-needed"),
        (Typed(name="ノト ハナコ", sex="female", address="輪島市"), "more-needed"),
        (Typed(name="ノト ハナコ", birth="1938"), "sex-needed"),
        (Typed(name="ノト ハナコ", birth="1938", sex="other"), "sex-needed"),
        (Typed(name="能登 花子", birth="昭和13年", sex="female"), "kana-needed"),
        (Typed(name="ノト ハナコ", birth="1938-02-30"), "no-such-day"),
        (Typed(name="ノト ハナコ", birth="S13.2.30"), "no-such-day"),
        (Typed(name="ノト ハナコ", birth="H64.1.1"), "no-such-year"),
        (Typed(name="ノト ハナコ", birth="昭和64年2月1日"), "other-era"),
        (Typed(name="ノト ハナコ", birth="2026-01-06"), "future"),
        (Typed(name="ノト ハナコ", birth="2027", sex="female"), "future"),
        (Typed(name="ノト ハナコ", birth="1880-01-01"), "too-old"),
        (Typed(name="ノト ハナコ", birth="春"), "birth-unreadable"),
        (Typed(name="ノ" * 101, birth="1938-04-05"), "name-too-long"),
        (Typed(name="ノト ハナコ", birth="1" * 41), "name-too-long"),
        (Typed(name="ノト ハナコ", birth="1938-04-05", address="あ" * 200), "name-too-long"),
        (Typed(name="123456789018", birth="1938-04-05"), "my-number"),
    ],
)
def test_what_is_not_searched_says_what_to_change(typed: Typed, key: str) -> None:
    with pytest.raises(Unanswerable) as refused:
        read_search(typed, today=TODAY)
    assert refused.value.key == key


@pytest.mark.parametrize("birth", ["1938-04-05", "S13.4.5", "昭和13年4月5日", "\uff11938/4/5"])
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ノト ハナコ", KANA),
        ("のと はなこ", KANA),
        ("ﾉﾄ ﾊﾅｺ", KANA),
        ("ノトハナコ", KANA),
        ("能登 花子", KANJI),
        ("能登花子", KANJI),
    ],
)
def test_every_script_and_every_date_gives_the_same_key(
    name: str, birth: str, key: tuple[str, tuple[str, ...]]
) -> None:
    search = read_search(Typed(name=name, birth=birth), today=TODAY)
    assert search.keys == (key,)
    assert search.whole_date


def test_a_year_with_sex_and_kana_is_enough() -> None:
    search = read_search(Typed(name="のと はなこ", birth="S13", sex="female"), today=TODAY)
    assert search.keys == (("kana+year+sex", ("ノトハナコ", "1938", "f")),)
    assert not search.whole_date


def test_every_fault_of_a_birth_date_has_its_own_words() -> None:
    text = Path(eras.__file__).read_text(encoding="utf-8")
    for message in BIRTH_FAULTS:
        assert f'"{message}"' in text, "the words of the text room have changed"


def test_every_refusal_has_words_in_both_languages() -> None:
    assert set(MESSAGES) | set(BIRTH_FAULTS.values()) <= set(WORDS)
