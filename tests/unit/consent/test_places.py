"""Merged municipalities: a declaration, an address and a request may each carry an old code.

https://www.soumu.go.jp/denshijiti/code.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.consent.declarations import covers
from tasuki.consent.places import lies_in, places_of_today
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.text import municipalities_of, prefectures, successor_codes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tasuki.consent.declarations import Declaration

WAJIMA, NONOICHI_OLD, NONOICHI = "172049", "173444", "172120"
HAMAMATSU, CENTRE, HAMANA, NAKA_OLD, KITA_OLD = "221309", "221384", "221392", "221317", "221350"
TODAY = [m.code for name in prefectures().values() for m in municipalities_of(name)]


def test_a_merged_code_becomes_the_one_of_today_and_is_told() -> None:
    places = places_of_today([WAJIMA, NONOICHI_OLD])
    assert places.areas == {WAJIMA, NONOICHI}
    assert places.replaced == {NONOICHI_OLD: NONOICHI}


@pytest.mark.parametrize(
    ("codes", "at", "word"),
    [
        (["999999"], ("declaration.areas[0]",), "no such"),
        ([WAJIMA, "１７２０４９"], ("declaration.areas[1]",), "no such"),  # noqa: RUF001 - full width
        ([WAJIMA, KITA_OLD], ("declaration.areas[1]",), "divided"),
        (["17204"], ("declaration.areas[0]",), "no such"),
    ],
)
def test_a_code_that_names_no_one_place_is_refused_in_plain_words(
    codes: list[str], at: tuple[str, ...], word: str
) -> None:
    with pytest.raises(Faults) as caught:
        places_of_today(codes)
    (fault,) = caught.value.faults
    assert (fault.category, fault.at) == (Category.STRUCTURE, at)
    assert word in fault.message
    assert not any(code in fault.message for code in codes)


@pytest.mark.parametrize(
    ("code", "areas", "inside"),
    [
        (NONOICHI_OLD, {NONOICHI}, True),  # an address that was never brought up to date
        (NONOICHI, {NONOICHI_OLD}, True),  # a declaration from before the merger
        (NAKA_OLD, {CENTRE}, True),
        (CENTRE, {HAMAMATSU}, True),  # a ward lies in its city
        (NAKA_OLD, {HAMAMATSU}, True),
        (HAMAMATSU, {CENTRE}, False),  # a city does not lie in one of its wards
        (KITA_OLD, {CENTRE}, False),  # divided: perhaps there, perhaps not
        (KITA_OLD, {CENTRE, HAMANA}, True),  # wherever it was
        (WAJIMA, {NONOICHI}, False),
        ("999999", {"999998"}, False),
        (None, {WAJIMA}, False),
        ("", {WAJIMA}, False),
    ],
)
def test_where_a_place_lies(code: str | None, areas: set[str], inside: bool) -> None:
    assert lies_in(code, frozenset(areas)) is inside


def test_a_resident_with_an_old_address_falls_under_a_declaration_of_today(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    declaration = replace(declaration_of(), areas=frozenset({NONOICHI}))
    assert covers(declaration, NONOICHI_OLD, now)
    assert not covers(declaration, WAJIMA, now)


@given(st.lists(st.sampled_from(TODAY), min_size=1, max_size=9), st.sampled_from(TODAY))
def test_todays_codes_stand_for_themselves(codes: list[str], other: str) -> None:
    places = places_of_today(codes)
    assert places.areas == frozenset(codes)
    assert not places.replaced
    assert lies_in(codes[0], places.areas)
    assert lies_in(other, places.areas) >= (other in places.areas)


@given(st.text(max_size=8))
def test_no_text_is_taken_for_a_place(code: str) -> None:
    try:
        places_of_today([code])
    except Fault:
        assert len(successor_codes(code)) != 1
    else:
        assert len(successor_codes(code)) == 1
