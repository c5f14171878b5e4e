"""Japanese eras: reading a birth date as people and cards write it, and writing one.

Era boundaries: Cabinet orders on the change of era; a year counts from its first day under the era,
so 昭和64年 has seven days. Japan took the Gregorian calendar on 1873-01-01 (明治6年); an earlier Meiji
date is of another calendar and is refused. JAHIS notebooks write `S130405`:
https://www.jahis.jp/standard/detail/id=1124
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from tasuki.shared.faults import Category, Fault

GREGORIAN_FROM = date(1873, 1, 1)
OLDEST_AGE = 130  # years; an older birth date is a slip of the pen


@dataclass(frozen=True, slots=True)
class Era:
    """One era: its name in full, in one kanji and in one letter, and its first and last day."""

    name: str
    kanji: str
    letter: str
    first: date
    last: date

    def western_year(self, year: int) -> int | None:
        """Return the Gregorian year of a year of this era, or None if the era has no such year."""
        western = self.first.year + year - 1
        return western if year >= 1 and western <= self.last.year else None


ERAS = (
    Era("明治", "明", "M", date(1868, 1, 25), date(1912, 7, 29)),
    Era("大正", "大", "T", date(1912, 7, 30), date(1926, 12, 24)),
    Era("昭和", "昭", "S", date(1926, 12, 25), date(1989, 1, 7)),
    Era("平成", "平", "H", date(1989, 1, 8), date(2019, 4, 30)),
    Era("令和", "令", "R", date(2019, 5, 1), date.max),
)
_ERA_OF = {key: era for era in ERAS for key in (era.name, era.kanji, era.letter)}

_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2012\u2013\u2014\u2015\u2212\u30fc", "-"))
_ERA = f"(?P<era>{'|'.join(sorted(_ERA_OF, key=len, reverse=True))})"
_YEAR = f"(?:(?P<western>[0-9]{{4}})|{_ERA}(?P<year>元|[0-9]{{1,2}}))"
_DAY_FORMS = tuple(
    re.compile(_YEAR + rest)
    for rest in (
        r"(?P<sep>[-/.])(?P<month>[0-9]{1,2})(?P=sep)(?P<day>[0-9]{1,2})",
        "年(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})日",
    )
)
_COMPACT = re.compile(
    f"(?:(?P<western>[0-9]{{4}})|{_ERA}(?P<year>[0-9]{{2}}))(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})"
)
# A space between two digits may have been a separator, so it is not taken away.
_SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")
_BORN = re.compile("(?:生まれ|生)$")
_YEAR_FORM = re.compile(f"{_YEAR}年?")


def parse_birth_date(text: str, *, today: date) -> date:
    """Return the date of birth that a text gives.

    Read are `1938-04-05`, `1938/4/5`, `1938.4.5`, `19380405`, `1938年4月5日`, and with an era `S13.4.5`,
    `s13-4-5`, `S130405`, `昭13.4.5`, `昭和13年4月5日`, `令和元年5月1日`; in full or half width, with or without a closing 生.

    Args:
        text: What was written.
        today: The day in Japan; a birth date may not lie after it.

    Raises:
        Fault: INVALID if the text has none of these forms, or the day does not exist, does not
            belong to its era, lies in the future, before 1873, or more than 130 years ago.
    """
    found = _matched(text, (*_DAY_FORMS, _COMPACT))
    era, year = _era_and_year(found)
    born = _day(year, int(found["month"]), int(found["day"]))
    if era is not None and not era.first <= born <= era.last:
        raise _fault("This date does not belong to the era it is written in.")
    if born < GREGORIAN_FROM:
        raise _fault("Dates before 1873-01-01 are of the old calendar and cannot be read.")
    if born > today:
        raise _fault("A date of birth cannot lie in the future.")
    if born < _years_before(today, OLDEST_AGE):
        raise _fault("This date of birth is more than 130 years ago.")
    return born


def parse_birth_year(text: str, *, today: date) -> int:
    """Return the Gregorian year that a text gives: `1938`, `1938年`, `S13`, `昭13`, `昭和13年`, `令和元年`.

    Raises:
        Fault: INVALID if the text is no year of these forms, its era has no such year, or the year
            lies in the future, before 1873, or more than 130 years ago.
    """
    _, year = _era_and_year(_matched(text, (_YEAR_FORM,)))
    if year < GREGORIAN_FROM.year:
        raise _fault("Years before 1873 are of the old calendar and cannot be read.")
    if year > today.year:
        raise _fault("A year of birth cannot lie in the future.")
    if year < today.year - OLDEST_AGE:
        raise _fault("This year of birth is more than 130 years ago.")
    return year


def in_era(d: date) -> str:
    """Return a date with its era, as in 昭和13年4月5日; the first year is 元年.

    Raises:
        Fault: INVALID before 1873-01-01.
    """
    era = era_of(d)
    year = _year_in(era, d)
    return f"{era.name}{'元' if year == 1 else year}年{d.month}月{d.day}日"


def in_era_short(d: date) -> str:
    """Return a date with the letter of its era, as in `S13.4.5`.

    Raises:
        Fault: INVALID before 1873-01-01.
    """
    era = era_of(d)
    return f"{era.letter}{_year_in(era, d)}.{d.month}.{d.day}"


def era_of(d: date) -> Era:
    """Return the era of a date.

    Raises:
        Fault: INVALID before 1873-01-01.
    """
    if d < GREGORIAN_FROM:
        raise _fault("Dates before 1873-01-01 are of the old calendar.")
    return next(era for era in reversed(ERAS) if d >= era.first)


def _matched(text: str, forms: tuple[re.Pattern[str], ...]) -> re.Match[str]:
    # NFKC also spells out the one-character era names such as U+337C.
    plain = unicodedata.normalize("NFKC", text).translate(_HYPHENS).upper()
    plain = _BORN.sub("", _SPACE.sub("", plain))
    for form in forms:
        if found := form.fullmatch(plain):
            return found
    raise _fault("This cannot be read as a date of birth. Write it as 1938-04-05 or S13.4.5.")


def _era_and_year(found: re.Match[str]) -> tuple[Era | None, int]:
    if found["western"]:
        return None, int(found["western"])
    era = _ERA_OF[found["era"]]
    western = era.western_year(1 if found["year"] == "元" else int(found["year"]))
    if western is None:
        raise _fault("This era has no such year.")
    return era, western


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise _fault("There is no such day in the calendar.") from error


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February of a year that has none
        return day.replace(year=day.year - years, day=28)


def _year_in(era: Era, d: date) -> int:
    return d.year - era.first.year + 1


def _fault(message: str) -> Fault:
    return Fault(Category.INVALID, message)
