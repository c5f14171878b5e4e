from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.faults import Category, Fault
from tasuki.shared.text import in_era, in_era_short, parse_birth_date, parse_birth_year
from tasuki.shared.text.eras import ERAS, GREGORIAN_FROM, OLDEST_AGE

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = date(2026, 1, 5)


def test_birth_dates(birth_date_row: dict[str, str]) -> None:
    text, expected = birth_date_row["input"], birth_date_row["expected"]
    if expected != "refused":
        assert parse_birth_date(text, today=TODAY) == date.fromisoformat(expected)
        return
    with pytest.raises(Fault) as refusal:
        parse_birth_date(text, today=TODAY)
    assert refusal.value.category is Category.INVALID


def test_birth_years(birth_year_row: dict[str, str]) -> None:
    text, expected = birth_year_row["input"], birth_year_row["expected"]
    if expected != "refused":
        assert parse_birth_year(text, today=TODAY) == int(expected)
        return
    with pytest.raises(Fault) as refusal:
        parse_birth_year(text, today=TODAY)
    assert refusal.value.category is Category.INVALID


@given(st.dates(GREGORIAN_FROM, date(2117, 12, 31)))
def test_era_forms_give_back_their_day(day: date) -> None:
    # The day itself is the first on which such a birth date can be read.
    assert parse_birth_date(in_era(day), today=day) == day
    assert parse_birth_date(in_era_short(day), today=day) == day
    assert parse_birth_year(in_era(day).partition("年")[0], today=day) == day.year


def test_every_day_around_the_changes_of_era_has_one_name() -> None:
    changes = [GREGORIAN_FROM, *(era.first for era in ERAS[1:])]
    days = {c + timedelta(n) for c in changes for n in range(-400, 400)}
    for day in days:
        if day >= GREGORIAN_FROM:
            assert parse_birth_date(in_era_short(day), today=day) == day


def test_eras_follow_each_other_without_gap() -> None:
    for earlier, later in pairwise(ERAS):
        assert earlier.last + timedelta(days=1) == later.first


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(1938, 4, 5), "昭和13年4月5日", "S13.4.5"),
        (date(2019, 5, 1), "令和元年5月1日", "R1.5.1"),
        (date(1989, 1, 7), "昭和64年1月7日", "S64.1.7"),
        (date(1989, 1, 8), "平成元年1月8日", "H1.1.8"),
        (date(1912, 7, 30), "大正元年7月30日", "T1.7.30"),
        (date(1873, 1, 1), "明治6年1月1日", "M6.1.1"),
    ],
)
def test_writing(day: date, long: str, short: str) -> None:
    assert in_era(day) == long
    assert in_era_short(day) == short


@pytest.mark.parametrize("write", [in_era, in_era_short])
def test_the_old_calendar_is_not_written(write: Callable[[date], str]) -> None:
    with pytest.raises(Fault):
        write(date(1872, 12, 31))


@pytest.mark.parametrize("text", ["S64.1.8", "1801-02-03", "2999-09-09", "S13.4.31", "nobody"])
def test_a_fault_does_not_repeat_what_was_written(text: str) -> None:
    with pytest.raises(Fault) as refusal:
        parse_birth_date(text, today=TODAY)
    assert text not in refusal.value.message


def test_the_oldest_age_on_a_leap_day() -> None:
    today = date(2028, 2, 29)
    assert parse_birth_date("1898-02-28", today=today) == date(today.year - OLDEST_AGE, 2, 28)
    with pytest.raises(Fault):
        parse_birth_date("1898-02-27", today=today)


def test_dates_of_the_old_calendar_are_refused_for_any_today() -> None:
    with pytest.raises(Fault, match="old calendar"):
        parse_birth_date("M5.12.31", today=date(1900, 1, 1))
    with pytest.raises(Fault, match="old calendar"):
        parse_birth_year("M5", today=date(1900, 1, 1))
    assert parse_birth_date("M6.1.1", today=date(1900, 1, 1)) == date(1873, 1, 1)
