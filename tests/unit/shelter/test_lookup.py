"""A list is for few; many give a number and a question. The rank never says who is certain."""

from __future__ import annotations

import pytest
from tests.unit.shelter.builders import entry, patient, record

from tasuki.shared.text import fold_kanji
from tasuki.shelter.lookup import Candidate, judged, score
from tasuki.shelter.matching import grade
from tasuki.shelter.query import Search
from tasuki.shelter.settings import Limits

LIMITS = Limits()


def search(*, whole: bool = True, sex: str = "", address: str = "") -> Search:
    return Search(keys=(), whole_date=whole, sex=sex, address=fold_kanji(address))


def crowd(size: int) -> list[Candidate]:
    made = record(entry(patient()))
    return [Candidate(f"p{number}", made, 0.9) for number in range(size)]


@pytest.mark.parametrize(
    ("whole", "size", "shown", "ask"),
    [
        (True, 0, 0, ""),
        (True, 5, 5, ""),
        (True, 6, 0, "add-address"),
        (True, 500, 0, "add-address"),
        (False, 1, 1, ""),
        (False, 2, 0, "add-birth-date"),
    ],
)
def test_many_are_counted_and_few_are_listed(
    *, whole: bool, size: int, shown: int, ask: str
) -> None:
    found = judged(search(whole=whole, sex="female"), crowd(size), LIMITS)
    assert (len(found.candidates), found.count, found.ask) == (shown, size, ask)


def test_with_a_year_alone_a_place_that_does_not_fit_finds_nobody() -> None:
    asked = search(whole=False, sex="female", address="金沢市")
    assert judged(asked, crowd(3), LIMITS).count == 0
    there = search(whole=False, sex="female", address="輪島")
    assert judged(there, crowd(3), LIMITS).count == 3


@pytest.mark.parametrize(
    ("asked", "value", "said"),
    [
        (search(), 0.9, "probable"),
        (search(sex="female", address="輪島市"), 0.9, "probable"),
        (search(address="金沢市"), 0.8, "probable"),
        (search(sex="male"), 0.6, "possible"),
        (search(whole=False, sex="female"), 0.7, "possible"),
        (search(sex="male", address="金沢市"), 0.5, "possible"),
    ],
)
def test_what_does_not_fit_ranks_lower(asked: Search, value: float, said: str) -> None:
    made = score(asked, record(entry(patient())))
    assert made == value
    assert grade(made) == said
    assert made < 1


def test_the_best_comes_first_and_ties_stay_in_order() -> None:
    made = record(entry(patient()))
    some = [Candidate("b", made, 0.6), Candidate("c", made, 0.9), Candidate("a", made, 0.9)]
    found = judged(search(), some, LIMITS)
    assert [one.person for one in found.candidates] == ["a", "c", "b"]
