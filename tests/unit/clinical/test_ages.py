"""An age is said in the unit people use, and never older than it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.clinical.ages import MONTH, YEAR, ago


@pytest.mark.parametrize(
    ("days", "ja", "en"),
    [
        (0, "0日前", "0 days ago"),
        (59, "59日前", "59 days ago"),
        (60, "2か月前", "2 months ago"),
        (729, "24か月前", "24 months ago"),
        (730, "2年前", "2 years ago"),
        (2900, "7年前", "7 years ago"),
    ],
)
def test_the_unit_fits(days: int, ja: str, en: str) -> None:
    assert ago(days, "ja") == ja
    assert ago(days, "en") == en


@given(st.integers(min_value=0, max_value=50_000))
def test_never_older_than_it_is(days: int) -> None:
    number, unit, _ = ago(days, "en").split(" ")
    assert int(number) * {"days": 1, "months": MONTH, "years": YEAR}[unit] <= days
