"""Decodes the 16-character JAMI usage code into what it says about when a medicine is taken.

Source: JAMI standard usage for prescription orders, http://jami.jp/CodeSystem/MedicationUsage.
Positions: 1-2 method, 3 timing type, 4 times a day, 5 bedtime, 6 evening, 7 noon, 8 morning,
9 waking, 10 clock letter. A code with anything not understood is not decoded at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tasuki.shared.clinical.usage_tables import (
    DAILY_OCCASIONS,
    HOURS,
    METHODS,
    NEEDED_WHEN,
    NEEDED_WITH_SUPPLEMENT,
    RELATIONS,
)

_SHAPE: Final = re.compile(r"[0-9A-Z]{16}\Z")
_HOURS_A_DAY: Final = 24


class Timing(Enum):
    """What kind of timing a code states."""

    MOMENTS = "meals, waking, bedtime and clock hours"
    EVERY_N_HOURS = "every n hours"
    CLOCK = "clock hours"
    EMPTY_STOMACH = "on an empty stomach"
    AS_NEEDED = "when something happens"
    OCCASION = "on a daily occasion"
    TIMES = "n times a day, no moment"
    HOURS_RANGE = "every n to m hours"
    UNCODED = "dummy code: see the text"
    GUIDE = "filled in by a supplement"
    ABOLISHED = "no longer valid"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What one usage code says.

    Attributes:
        timing: The kind of timing.
        method: Two characters, e.g. `10` by mouth, `2H` eye drops; empty if unknown.
        times: How often a day; None where the code does not say, 0 for "several times".
        meals: Meal ("morning", "noon", "evening") to relation digit, in the order of the day.
        waking: Taken on waking up.
        bedtime: Taken at bedtime.
        hours: Clock hours, or the interval in hours, ascending.
        occasion: Three characters of an as-needed or daily occasion.
        needs_supplement: True if the code is incomplete without the prescriber's supplement.
    """

    timing: Timing
    method: str = ""
    times: int | None = None
    meals: tuple[tuple[str, str], ...] = ()
    waking: bool = False
    bedtime: bool = False
    hours: tuple[int, ...] = ()
    occasion: str = ""
    needs_supplement: bool = False


def decode(code: str) -> Schedule | None:
    """Return what a usage code says, or None if any part of it is not understood."""
    code = unicodedata.normalize("NFKC", code).upper()
    if not _SHAPE.match(code):
        return None
    if code.startswith("XX"):
        return Schedule(Timing.ABOLISHED)
    if code.startswith("0X"):
        return Schedule(Timing.UNCODED)
    method = code[:2]
    if method not in METHODS:
        return None
    reader = _READERS.get(code[2])
    return reader(method, code[3:]) if reader else None


def _moments(method: str, rest: str) -> Schedule | None:
    """Type 1: positions 4-10 are times, bedtime, evening, noon, morning, waking, clock letter."""
    if rest[0] == "X":
        return Schedule(Timing.GUIDE, method, needs_supplement=True)
    bedtime, evening, noon, morning, waking, letter = tuple(rest[1:7])
    named = (("morning", morning), ("noon", noon), ("evening", evening))
    meals = tuple((meal, digit) for meal, digit in named if digit != "0")
    hours = (HOURS[letter],) if letter in HOURS else ()
    schedule = Schedule(
        Timing.MOMENTS,
        method,
        _count(rest[0]),
        meals,
        waking=waking == "9",
        bedtime=bedtime == "1",
        hours=hours,
    )
    understood = (
        all(digit in RELATIONS for _, digit in meals)
        and bedtime in "01"
        and waking in "09"
        and (letter == "0" or bool(hours))
        and _zeros(rest[7:])
    )
    said = len(meals) + schedule.waking + schedule.bedtime + len(hours)
    return schedule if understood and said == schedule.times else None


def _every_n_hours(method: str, rest: str) -> Schedule | None:
    """Type 2: position 4 is times a day; the interval follows."""
    times = _count(rest[0])
    if not times or _HOURS_A_DAY % times or not _zeros(rest[1:]):
        return None
    return Schedule(Timing.EVERY_N_HOURS, method, times, hours=(_HOURS_A_DAY // times,))


def _clock(method: str, rest: str) -> Schedule | None:
    """Type 3: position 4 is times a day, then one clock letter for each."""
    times = _count(rest[0])
    if not times:
        return Schedule(Timing.GUIDE, method, needs_supplement=True) if rest[0] == "X" else None
    letters = rest[1 : 1 + times]
    if not all(letter in HOURS for letter in letters) or not _zeros(rest[1 + times :]):
        return None
    hours = tuple(sorted(HOURS[letter] for letter in letters))
    return Schedule(Timing.CLOCK, method, times, hours=hours) if len(set(hours)) == times else None


def _other(method: str, rest: str) -> Schedule | None:
    """Type 4: only 480, the empty stomach, is known."""
    times = _count(rest[0])
    if not times or rest[1:4] != "480" or not _zeros(rest[4:]):
        return None
    return Schedule(Timing.EMPTY_STOMACH, method, times)


def _occasion(method: str, rest: str) -> Schedule | None:
    """Type 5: positions 5-7 are the occasion."""
    occasion = rest[1:4]
    if rest[0] != "0" or not _zeros(rest[4:]):
        return None
    if occasion in DAILY_OCCASIONS:
        return Schedule(Timing.OCCASION, method, occasion=occasion)
    if occasion not in NEEDED_WHEN:
        return None
    needs = occasion in NEEDED_WITH_SUPPLEMENT
    return Schedule(Timing.AS_NEEDED, method, occasion=occasion, needs_supplement=needs)


def _times_a_day(method: str, rest: str) -> Schedule | None:
    """Type 7: position 4 is times a day, N for several."""
    times = 0 if rest[0] == "N" else _count(rest[0])
    if times is None or not _zeros(rest[1:]):
        return None
    return Schedule(Timing.TIMES, method, times)


def _hours_range(method: str, rest: str) -> Schedule | None:
    """Type 8: positions 4 and 5 are the shortest and the longest interval in hours."""
    shortest, longest = _count(rest[0]), _count(rest[1])
    if not shortest or not longest or shortest >= longest or not _zeros(rest[2:]):
        return None
    return Schedule(Timing.HOURS_RANGE, method, hours=(shortest, longest))


def _count(digit: str) -> int | None:
    return int(digit) if digit in "123456789" else None


def _zeros(rest: str) -> bool:
    return not rest.strip("0")


_READERS: Final = {
    "1": _moments,
    "2": _every_n_hours,
    "3": _clock,
    "4": _other,
    "5": _occasion,
    "7": _times_a_day,
    "8": _hours_range,
}
