"""What a clinician may search for."""

from __future__ import annotations

from datetime import date

import pytest

from tasuki.ehr.pages.asked import Unanswerable, read_asked

TODAY = date(2026, 1, 5)


def key_of(**fields: str) -> tuple[str, str]:
    with pytest.raises(Unanswerable) as caught:
        read_asked(fields, today=TODAY)
    return caught.value.key, caught.value.field


@pytest.mark.parametrize("birth", ["1938-04-05", "S13.4.5", "昭和13年4月5日", "19380405"])
def test_a_name_and_a_birth_date_make_a_key(birth: str) -> None:
    asked = read_asked({"name": "のと　はなこ", "birth": birth}, today=TODAY)

    assert asked.keys == (("kana+birth", ("ノトハナコ", "1938-04-05")),)
    assert asked.numbers == ()


def test_a_name_in_latin_letters_is_tried_as_it_is_usually_written() -> None:
    asked = read_asked({"name": "noto hanako", "birth": "1938-04-05"}, today=TODAY)

    assert {parts[0] for _, parts in asked.keys} == {"notohanako", "NOTOHANAKO", "NotoHanako"}


def test_a_birth_year_needs_sex_and_kana() -> None:
    asked = read_asked({"name": "ノト ハナコ", "birth": "S13", "sex": "female"}, today=TODAY)

    assert asked.keys == (("kana+year+sex", ("ノトハナコ", "1938", "f")),)
    assert key_of(name="ノト ハナコ", birth="1938") == ("sex-needed", "sex")
    assert key_of(name="能登花子", birth="1938", sex="female") == ("kana-needed", "name")
    assert key_of(name="ノト ハナコ", birth="1938", sex="x") == ("sex-needed", "sex")


@pytest.mark.parametrize(
    ("birth", "key"),
    [
        ("1938-02-30", "birth.no-such-day"),
        ("S65.1.1", "birth.no-such-year"),
        ("S64.2.1", "birth.other-era"),
        ("2026-01-06", "birth.future"),
        ("2027", "birth.future"),
        ("1880-01-01", "birth.too-old"),
        ("1860", "birth.too-old"),
        ("spring", "birth.unreadable"),
    ],
)
def test_a_birth_date_that_cannot_be_is_told_why(birth: str, key: str) -> None:
    assert key_of(name="能登花子", birth=birth) == (key, "birth")


def test_more_is_asked_for() -> None:
    assert key_of() == ("nothing", "name")
    assert key_of(name="能登花子") == ("more-needed", "birth")
    assert key_of(birth="1938-04-05") == ("name-missing", "name")
    assert key_of(name="・", birth="S13", sex="female") == ("kana-needed", "name")
    assert key_of(name="あ" * 101, birth="1938-04-05") == ("too-long", "name")


def test_an_individual_number_is_refused() -> None:
    assert key_of(number="1234 5678 9018") == ("my-number", "number")
    assert key_of(name="123456789018", birth="1938-04-05") == ("my-number", "name")


def test_a_number_is_one_search_value() -> None:
    assert read_asked({"number": "A,1|2"}, today=TODAY).numbers == ("A\\,1\\|2",)


def test_an_insured_persons_number_is_searched_as_it_is_kept_too() -> None:
    numbers = read_asked({"number": "12345678:あ:187:5"}, today=TODAY).numbers

    assert numbers[0] == "12345678:あ:187:5"
    assert any(one.endswith("|12345678:あ:187:05") for one in numbers)
