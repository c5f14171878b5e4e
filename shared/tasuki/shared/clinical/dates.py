"""Calendar days from FHIR dates (https://hl7.org/fhir/R4/datatypes.html#dateTime), as Japan counts them.

A moment with an offset is moved to Asia/Tokyo before its day is taken; one without is taken as it
stands. A partial date (`2018`, `2022-05`) names no day.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta

from tasuki.shared.clock import TOKYO

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?\Z")


def day_of(value: object) -> date | None:
    """Return the day a FHIR date or dateTime names in Japan, or None if it names none."""
    if not isinstance(value, str):
        return None
    try:
        if _DAY.match(value):
            return date.fromisoformat(value)
        if "T" not in value:
            return None
        moment = datetime.fromisoformat(value)
        return (moment.astimezone(TOKYO) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        return None


def latest_day_of(value: object) -> date | None:
    """Return the last day a possibly partial date can mean: `2018` gives 31 December 2018."""
    exact = day_of(value)
    if exact is not None or not isinstance(value, str):
        return exact
    partial = _PARTIAL.match(value)
    if partial is None:
        return None
    year, month = int(partial[1]), int(partial[2] or 12)
    try:
        return date(year, month, calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        return None


def add_months(day: date, months: int) -> date:
    """Return the same day of the month some months later, or the month's last day."""
    total = day.year * 12 + (day.month - 1) + months
    year, month = divmod(total, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def years_before(day: date, years: int) -> date:
    """Return the same calendar day some years earlier."""
    return add_months(day, -12 * years)


def add_days(day: date, days: int) -> date:
    """Return the day some days later, or the last day there is."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
