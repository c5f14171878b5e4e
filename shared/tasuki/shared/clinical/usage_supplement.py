"""Decodes the 8-character JAMI usage supplement: uneven doses, alternate days, weekdays, dates.

Source: http://jami.jp/CodeSystem/MedicationUsageAdditional. The published displays of the V codes
say "first dose" for every dose and those of several W codes name the wrong day, so the code
itself is read: `V22NNNNN` is 2 units at the second dose, a W mask runs from Sunday to Saturday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.units import unit_words
from tasuki.shared.clinical.usage_tables import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tasuki.shared.clinical.fhirjson import Node
    from tasuki.shared.clinical.language import Language

_LENGTH: Final = 8
_UNEVEN: Final = re.compile(r"V([1-9])(0|[1-9]\d*|\d\.\d+|[1-9]\d+\.\d+)N*\Z")
_WEEKDAYS: Final = re.compile(r"W([01]{7})\Z")
_DATES: Final = re.compile(r"D([0-9A-V]{7})\Z")
_EVERY_OTHER_DAY: Final = "I1100000"
_ONCE_A_WEEK: Final = "CW100000"


@dataclass(frozen=True, slots=True)
class Supplements:
    """What the supplements of one dosage say.

    Attributes:
        doses: Dose number of the day to quantity as written, for uneven dosing.
        weekdays: 0 for Sunday to 6 for Saturday.
        dates: Days of the month.
        every_other_day: One day on, one day off.
        once_a_week: Once a week, the day not fixed.
        unknown: Supplement codes not understood.
    """

    doses: tuple[tuple[int, str], ...] = ()
    weekdays: tuple[int, ...] = ()
    dates: tuple[int, ...] = ()
    every_other_day: bool = False
    once_a_week: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def has_days_off(self) -> bool:
        """True if the medicine is not taken every day, so days supplied are not calendar days."""
        return bool(
            self.weekdays or self.dates or self.every_other_day or self.once_a_week or self.unknown
        )


def read_supplements(codes: Iterable[str]) -> Supplements:
    """Return what supplement codes say together; what is not understood is kept as unknown."""
    doses: dict[int, str] = {}
    weekdays: set[int] = set()
    dates: set[int] = set()
    flags: set[str] = set()
    unknown: list[str] = []
    for code in codes:
        if (uneven := _UNEVEN.match(code)) and len(code) == _LENGTH:
            doses[int(uneven[1])] = uneven[2]
        elif (mask := _WEEKDAYS.match(code)) and "1" in mask[1]:
            weekdays |= {day for day, on in enumerate(mask[1]) if on == "1"}
        elif (listed := _DATES.match(code)) and listed[1].strip("0"):
            dates |= {int(day, 36) for day in listed[1] if day != "0"}
        elif code in {_EVERY_OTHER_DAY, _ONCE_A_WEEK}:
            flags.add(code)
        else:
            unknown.append(code)
    return Supplements(
        tuple(sorted(doses.items())),
        tuple(sorted(weekdays)),
        tuple(sorted(dates)),
        _EVERY_OTHER_DAY in flags,
        _ONCE_A_WEEK in flags,
        tuple(unknown),
    )


def supplement_words(said: Supplements, counted: Node, language: Language) -> list[str]:
    """Return one phrase for each thing said; uneven quantities are in the unit of `counted`."""
    ja = language == "ja"
    phrases: list[str] = []
    if said.weekdays:
        days = [WEEKDAYS[day][0 if ja else 1] for day in said.weekdays]
        phrases.append("・".join(days) + "曜日" if ja else "on " + ", ".join(days))
    if said.dates:
        dates = [f"{day}日" if ja else str(day) for day in said.dates]
        phrases.append("毎月" + "・".join(dates) if ja else "on day " + ", ".join(dates))
    if said.every_other_day:
        phrases.append("1日おき" if ja else "every other day")
    if said.once_a_week:
        phrases.append("週1回" if ja else "once a week")
    if said.doses:
        phrases.append(_uneven_words(said, counted, language))
    return phrases


def _uneven_words(said: Supplements, counted: Node, language: Language) -> str:
    doses = [(n, one, unit_words(counted, language, written=one)) for n, one in said.doses]
    if language == "ja":
        return "、".join(f"{n}回目 {quantity}{unit}" for n, quantity, unit in doses)
    return ", ".join(f"dose {n}: {quantity} {unit}".rstrip() for n, quantity, unit in doses)
