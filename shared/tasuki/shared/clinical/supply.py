"""How long a medicine lasts: days supplied, days ordered, and the last day either gives.

https://hl7.org/fhir/R4/datatypes.html#Duration. Weeks are 7 days, months are calendar months,
hours and parts of a day count as a day begun: a medicine is never ended too early.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.dates import add_days, add_months
from tasuki.shared.clinical.fhirjson import Node, number, string

if TYPE_CHECKING:
    from datetime import date

_DAYS: Final = {
    "d": Decimal(1),
    "day": Decimal(1),
    "days": Decimal(1),
    "日": Decimal(1),
    "日分": Decimal(1),
    "wk": Decimal(7),
    "week": Decimal(7),
    "weeks": Decimal(7),
    "週": Decimal(7),
    "週間": Decimal(7),
    "h": Decimal(1) / 24,
    "hour": Decimal(1) / 24,
    "hours": Decimal(1) / 24,
    "時間": Decimal(1) / 24,
    "min": Decimal(1) / 1440,
    "s": Decimal(1) / 86400,
}
_MONTHS: Final = {
    "mo": 1,
    "month": 1,
    "months": 1,
    "か月": 1,
    "ヶ月": 1,
    "月": 1,
    "a": 12,
    "年": 12,
}
_LONGEST: Final = Decimal(36525)  # days or months beyond any lifetime are a slip of the pen


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in whole days and calendar months, exactly one of them set."""

    days: int = 0
    months: int = 0

    def times(self, count: int) -> Span:
        """Return the span some times over."""
        return Span(self.days * count, self.months * count)

    def last_day(self, start: date) -> date:
        """Return the last day that belongs to a span which begins on `start`."""
        try:
            end = add_months(start, self.months) if self.months else start
        except ValueError:
            return start.max
        return add_days(end, self.days - 1)


def span_of(duration: Node) -> Span | None:
    """Return a FHIR Duration as a span, or None if it states no positive length we understand."""
    value = number(duration.get("value"))
    if value is None or not 0 < value <= _LONGEST:
        return None
    for name in (string(duration, "code"), string(duration, "unit")):
        unit = unicodedata.normalize("NFKC", name or "")
        if unit in _DAYS:
            return Span(days=math.ceil(value * _DAYS[unit]))
        if unit in _MONTHS and value == value.to_integral_value():
            return Span(months=int(value) * _MONTHS[unit])
        if unit:
            return None
    return None
