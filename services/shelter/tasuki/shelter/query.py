"""What the desk may ask for: a name with a birth date, or with a birth year and sex; pure.

A name alone finds nobody: one resident in four could be told by the frequency of a surname.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault
from tasuki.shared.text import (
    fold_kana,
    fold_kanji,
    holds_my_number,
    is_kana,
    parse_birth_date,
    parse_birth_year,
)

if TYPE_CHECKING:
    from datetime import date

MAX_NAME = 100  # characters; the longest name on record in Japan is below that
MAX_TEXT = 40
SEXES = {"male": "m", "female": "f"}
# Faults of `tasuki.shared.text.eras`, by the words they come with; see words.py for the Japanese.
BIRTH_FAULTS = {
    "There is no such day in the calendar.": "no-such-day",
    "This era has no such year.": "no-such-year",
    "This date does not belong to the era it is written in.": "other-era",
    "A date of birth cannot lie in the future.": "future",
    "A year of birth cannot lie in the future.": "future",
    "This date of birth is more than 130 years ago.": "too-old",
    "This year of birth is more than 130 years ago.": "too-old",
    "Dates before 1873-01-01 are of the old calendar and cannot be read.": "too-old",
    "Years before 1873 are of the old calendar and cannot be read.": "too-old",
}
UNREADABLE = "birth-unreadable"


class Unanswerable(Fault):
    """A search that is not done, with the key of the words that say what to change."""

    def __init__(self, key: str, category: Category = Category.INVALID) -> None:
        super().__init__(category, MESSAGES[key])
        self.key = key


MESSAGES = {
    "name-missing": "Give the family and given name.",
    "name-too-long": "The name is too long.",
    "my-number": "An individual number must not be entered. It was not kept.",
    "more-needed": "A name alone is not enough. Give the birth date, or the birth year and sex.",
    "sex-needed": "With a birth year alone, give the sex too.",
    "kana-needed": "With a birth year alone, write the name in kana.",
    UNREADABLE: "This cannot be read as a birth date. Write it as 1938-04-05 or S13.4.5.",
    "no-such-day": "There is no such day in the calendar.",
    "no-such-year": "This era has no such year.",
    "other-era": "This date does not belong to the era it is written in.",
    "future": "A birth date cannot lie in the future.",
    "too-old": "This birth date is too long ago.",
    "too-many": "Too many searches. Wait a while, or ask the person in charge.",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, or sent in a `$match`; sex is a FHIR code or empty."""

    name: str = ""
    birth: str = ""
    sex: str = ""
    address: str = ""

    def text(self) -> str:
        """Return it in one line, for the sealed audit record."""
        return "&".join(f"{name}={getattr(self, name)}" for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Search:
    """A search that may be done.

    Attributes:
        keys: Look-up keys; whoever carries one of them is a match.
        whole_date: Whether the full birth date is known.
        sex: FHIR code, or empty.
        address: Search form of a part of the address, or empty.
    """

    keys: tuple[tuple[str, tuple[str, ...]], ...]
    whole_date: bool
    sex: str
    address: str


def read_search(typed: Typed, *, today: date) -> Search:
    """Return the search that was typed.

    Raises:
        Unanswerable: More is needed, or something cannot be read.
    """
    name = " ".join(typed.name.split())
    _check_texts(name, typed)
    sex = typed.sex if typed.sex in SEXES else ""
    address = fold_kanji(typed.address)
    whole, birth = read_birth(typed.birth, today=today)
    kana, other = _search_forms(name)
    if whole:
        keys = [("kana+birth", (kana, birth))] if kana else [("kanji+birth", (other, birth))]
        return Search(tuple(keys), whole_date=True, sex=sex, address=address)
    if not sex:
        raise Unanswerable("sex-needed")
    if not kana:
        raise Unanswerable("kana-needed")
    key = ("kana+year+sex", (kana, birth, SEXES[sex]))
    return Search((key,), whole_date=False, sex=sex, address=address)


def read_birth(text: str, *, today: date) -> tuple[bool, str]:
    """Return whether a full date was given, and the ISO date or the year.

    Raises:
        Unanswerable: It is neither, or there is no such date.
    """
    try:
        return True, parse_birth_date(text, today=today).isoformat()
    except Fault as error:
        of_date = BIRTH_FAULTS.get(error.message, UNREADABLE)
    try:
        return False, str(parse_birth_year(text, today=today))
    except Fault as error:
        of_year = BIRTH_FAULTS.get(error.message, UNREADABLE)
    raise Unanswerable(of_date if of_date != UNREADABLE else of_year)


def _check_texts(name: str, typed: Typed) -> None:
    if any(holds_my_number(text) for text in (name, typed.birth, typed.address)):
        raise Unanswerable("my-number")
    if len(name) > MAX_NAME or max(len(typed.birth), len(typed.address) - MAX_NAME) > MAX_TEXT:
        raise Unanswerable("name-too-long")
    if not any(character.isalpha() for character in name):
        raise Unanswerable("name-missing")
    if not typed.birth.strip():
        raise Unanswerable("more-needed")


def _search_forms(name: str) -> tuple[str, str]:
    """Return the search form as kana, or else in other letters."""
    return (fold_kana(name), "") if is_kana(name) else ("", fold_kanji(name))
