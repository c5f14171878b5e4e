"""What a candidate shows before somebody is chosen: enough to ask back, too little to learn.

ノト ハナコ → ノト ハ**    能登 花子 → 能登 **    1938-04-05 → 昭和13年    (full-width asterisks)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tasuki.shared.faults import Fault
from tasuki.shared.text import era_of, municipality

if TYPE_CHECKING:
    from tasuki.shared.web.words import Language
    from tasuki.shelter.person_record import PersonRecord

HIDDEN = "\uff0a\uff0a"  # always two, so that the length tells nothing
_MONTH_WRITTEN = 7  # characters of YYYY-MM; a date that is shorter is only a year


@dataclass(frozen=True, slots=True)
class Masked:
    """One candidate, masked.

    Attributes:
        birth: Era year and year in Japanese, the year in English.
        sex: FHIR administrative gender, or empty.
        place: Municipality in Japanese, or empty.
    """

    kana: str
    name: str
    birth: str
    sex: str
    place: str


def masked(record: PersonRecord, language: Language) -> Masked:
    """Return what the desk is shown of a candidate."""
    person = record.profile.person
    place = municipality(record.municipality) if record.municipality else None
    return Masked(
        kana=mask_kana(person.kana),
        name=mask_name(person.name),
        birth=birth_year(person.birth_date, language),
        sex=person.sex,
        place=place.name if place else "",
    )


def mask_kana(kana: str) -> str:
    """Return the family name and the first kana of the given name."""
    family, given = _parts(kana)
    if not given:
        return f"{family[:1]}{HIDDEN}" if family else ""
    return f"{family} {given[:1]}{HIDDEN}"


def mask_name(name: str) -> str:
    """Return the family name alone."""
    family, given = _parts(name)
    if not given:
        return f"{family[:1]}{HIDDEN}" if family else ""
    return f"{family} {HIDDEN}"


def birth_year(birth_date: str, language: Language) -> str:
    """Return the year of birth, in Japanese with its era; empty where it is not known."""
    year = birth_date[:4]
    if language == "en" or len(birth_date) < _MONTH_WRITTEN:
        return year
    try:
        born = date.fromisoformat(
            birth_date if len(birth_date) > _MONTH_WRITTEN else f"{birth_date}-01"
        )
        era = era_of(born)
    except (ValueError, Fault):
        return year
    number = born.year - era.first.year + 1
    return f"{era.name}{'元' if number == 1 else number}年"


def _parts(name: str) -> tuple[str, str]:
    family, _, given = " ".join(name.split()).partition(" ")
    return family, given
