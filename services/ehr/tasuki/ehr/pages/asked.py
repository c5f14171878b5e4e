"""Whom a clinician asks for: a name with a birth date, or with a birth year and sex; or a number.

Pure. A name alone finds nobody: it would open too many records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.derived import MEMBER_ID_SYSTEMS, SEXES, PersonKeys, name_keys
from tasuki.shared.faults import Category, Fault
from tasuki.shared.text import (
    fold_kana,
    holds_my_number,
    is_kana,
    parse_birth_date,
    parse_birth_year,
    parse_member_id,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

MAX_TEXT = 100  # characters of one field
FIELDS = ("name", "birth", "sex", "number")
# What `tasuki.shared.text.eras` says of a date that is written well but cannot be one.
BIRTH_FAULTS = {
    "There is no such day in the calendar.": "birth.no-such-day",
    "This era has no such year.": "birth.no-such-year",
    "This date does not belong to the era it is written in.": "birth.other-era",
    "A date of birth cannot lie in the future.": "birth.future",
    "A year of birth cannot lie in the future.": "birth.future",
    "This date of birth is more than 130 years ago.": "birth.too-old",
    "This year of birth is more than 130 years ago.": "birth.too-old",
    "Dates before 1873-01-01 are of the old calendar and cannot be read.": "birth.too-old",
    "Years before 1873 are of the old calendar and cannot be read.": "birth.too-old",
}
UNREADABLE = "birth.unreadable"


class Unanswerable(Fault):
    """A search that is not done.

    Attributes:
        key: Of the words that say what to change, without the leading `ask.`.
        field: The field they are about.
    """

    def __init__(self, key: str, field: str) -> None:
        super().__init__(
            Category.INVALID, "The search cannot be done as it was typed.", at=(field,)
        )
        self.key = key
        self.field = field


@dataclass(frozen=True, slots=True)
class Asked:
    """A search that may be done: by look-up keys, or by identifier values.

    Attributes:
        keys: Whoever carries one of them is meant.
        numbers: FHIR `identifier` search values, of which one must match.
        query: In one line, for the sealed audit record.
    """

    keys: PersonKeys = ()
    numbers: tuple[str, ...] = ()
    query: str = ""


def read_asked(fields: Mapping[str, str], *, today: date) -> Asked:
    """Return the search of a form with the fields `name`, `birth`, `sex`, or `number`.

    Raises:
        Unanswerable: More is needed, or something cannot be read.
    """
    given = {field: " ".join(fields.get(field, "").split()) for field in FIELDS}
    for field, text in given.items():
        if len(text) > MAX_TEXT:
            raise Unanswerable("too-long", field)
        if field in {"name", "number"} and holds_my_number(text):
            raise Unanswerable("my-number", field)
    query = "&".join(f"{field}={text}" for field, text in given.items() if text)
    if given["number"]:
        return Asked(numbers=_numbers(given["number"]), query=query)
    if not given["name"]:
        raise Unanswerable("nothing" if not given["birth"] else "name-missing", "name")
    if not given["birth"]:
        raise Unanswerable("more-needed", "birth")
    return Asked(keys=_keys(given, today), query=query)


def _keys(given: Mapping[str, str], today: date) -> PersonKeys:
    whole, birth = _birth(given["birth"], today)
    name = given["name"]
    if whole:
        keys = name_keys(name, birth)
        if not keys:
            raise Unanswerable("name-missing", "name")
        return keys
    if given["sex"] not in SEXES:
        raise Unanswerable("sex-needed", "sex")
    if not is_kana(name):
        raise Unanswerable("kana-needed", "name")
    return (("kana+year+sex", (fold_kana(name), birth, SEXES[given["sex"]])),)


def _birth(text: str, today: date) -> tuple[bool, str]:
    """Return whether a full date was given, and the ISO date or the year."""
    try:
        return True, parse_birth_date(text, today=today).isoformat()
    except Fault as error:
        of_date = BIRTH_FAULTS.get(error.message, UNREADABLE)
    try:
        return False, str(parse_birth_year(text, today=today))
    except Fault as error:
        of_year = BIRTH_FAULTS.get(error.message, UNREADABLE)
    raise Unanswerable(of_date if of_date != UNREADABLE else of_year, "birth")


def _numbers(text: str) -> tuple[str, ...]:
    """Return a number as typed, in any system; an insured person's number also as it is kept."""
    values = [_escaped(text)]
    try:
        member = parse_member_id(text)
    except Fault:
        return tuple(values)
    written = dict.fromkeys((text, str(member), str(member).removesuffix(":")))
    values += [
        f"{system}|{_escaped(one)}" for system in sorted(MEMBER_ID_SYSTEMS) for one in written
    ]
    return tuple(values)


def _escaped(value: str) -> str:
    """Return a value as one search value: https://hl7.org/fhir/R4/search.html#escaping."""
    for character in "\\,|$":
        value = value.replace(character, f"\\{character}")
    return value
