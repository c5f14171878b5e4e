from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tasuki.phr.pages.allergy import (
    OWN_WORDS,
    Statement,
    allergy_intolerance,
    chosen_term,
    read_statement,
)
from tasuki.phr.pages.fields import Problem
from tasuki.shared.clinical.allergens import Allergen
from tasuki.shared.clinical.allergies import AllergyKind, read_allergy
from tasuki.shared.clinical.systems import JFAGY
from tasuki.shared.fhir.models import validate

if TYPE_CHECKING:
    from datetime import datetime

GOOD = {
    "what": "えび",
    "category": "food",
    "happened": "じんましん",
    "severity": "moderate",
}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"what": ""}, "problem.what.empty"),
        ({"what": "あ" * 101}, "problem.long"),
        ({"what": "えび\x07"}, "problem.characters"),
        ({"what": "えび\nかに"}, "problem.characters"),
        ({"category": ""}, "problem.category.empty"),
        ({"category": "biologic"}, "problem.category.empty"),
        ({"severity": ""}, "problem.severity.empty"),
        ({"severity": "fatal"}, "problem.severity.empty"),
        ({"happened": ""}, "problem.happened.empty"),
        ({"happened": "あ" * 301}, "problem.long"),
    ],
)
def test_what_is_no_statement_is_refused(typed: dict[str, str], words: str) -> None:
    read = read_statement({**GOOD, **typed})
    assert isinstance(read, tuple)
    assert [one.words for one in read] == [words]


@pytest.mark.parametrize(
    "what",
    [
        *(
            "なし",
            "無し",
            "特になし。",
            "ない",
            "アレルギーなし",
            "薬剤アレルギー：なし",
            "ありません",
        ),
        *("None", "no known allergies", "N/A", "NKDA", "不明", "わからない"),
    ],
)
def test_a_statement_of_nothing_never_becomes_an_allergy_to_nothing(what: str) -> None:
    read = read_statement({**GOOD, "what": what})
    assert isinstance(read, tuple)
    assert [one.words for one in read] == ["problem.what.nothing"]


@pytest.mark.parametrize("what", ["梨", "なす", "ナシゴレン", "ノニジュース", "無花果"])
def test_what_only_looks_like_nothing_is_kept(what: str) -> None:
    assert isinstance(read_statement({**GOOD, "what": what}), Statement)


def statement(**typed: str) -> Statement:
    read = read_statement({**GOOD, **typed})
    assert isinstance(read, Statement)
    return read


def test_taro_is_never_offered_shrimp() -> None:
    assert "J9FC15110000" not in {one.code for one in statement(what="えびいも").offers}
    assert "J9FC15110000" in {one.code for one in statement(what="エビ").offers}


@pytest.mark.parametrize("choice", ["", "J9FA19140000", "D9F000000000", "えび"])
def test_a_term_that_was_not_offered_cannot_be_chosen(choice: str) -> None:
    assert chosen_term(statement(), choice) == Problem("choice", "problem.choice.empty")


def test_the_chosen_term_stands_beside_the_words(now: datetime) -> None:
    said = statement(what="エビ（生）と えび")
    term = chosen_term(said, "J9FC15110000")
    assert isinstance(term, Allergen)
    made = allergy_intolerance(said, term, "Patient/p1", now)
    assert validate(made) == ()
    assert made["code"]["text"] == "エビ（生）と えび"
    (coding,) = made["code"]["coding"]
    assert coding["code"] == "J9FC15110000"
    assert coding["system"] in JFAGY


def test_own_words_carry_no_code(now: datetime) -> None:
    said = statement()
    assert chosen_term(said, OWN_WORDS) is None
    made = allergy_intolerance(said, None, "Patient/p1", now)
    assert made["code"] == {"text": "えび"}


def test_it_is_an_unconfirmed_statement_of_the_resident(now: datetime) -> None:
    made = allergy_intolerance(statement(), None, "Patient/p1", now)
    assert validate(made) == ()
    read = read_allergy(made, date(2026, 4, 1))
    assert read is not None
    assert read.kind is AllergyKind.RECORDED
    assert (read.clinical, read.verification) == ("active", "unconfirmed")
    assert (read.name, read.category, read.severity) == ("えび", ("food",), "moderate")
    assert read.reactions == ("じんましん",)
    for role in ("patient", "recorder", "asserter"):
        assert made[role] == {"reference": "Patient/p1"}


def test_what_is_not_known_is_not_said(now: datetime) -> None:
    said = statement(category="unknown", severity="unknown", happened="")
    made = allergy_intolerance(said, None, "Patient/p1", now)
    assert validate(made) == ()
    assert not {"category", "reaction", "criticality", "type"} & set(made)
    told = allergy_intolerance(statement(severity="unknown"), None, "Patient/p1", now)
    assert validate(told) == ()
    assert told["reaction"] == [{"manifestation": [{"text": "じんましん"}]}]
