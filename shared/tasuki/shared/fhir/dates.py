"""FHIR dates as intervals of time, and how a search compares them.

https://hl7.org/fhir/R4/search.html#date

A date says as much as it is precise: `2026-01` is the whole month. Every value becomes a half-open
interval in UTC. Dates, and date-times without a zone, are Japanese time.
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)

_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}(?:-[0-9]{2}){0,2})"
    r"(?:(?<=-[0-9]{2}-[0-9]{2})"
    r"(?P<time>T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:\.[0-9]+)?)?)"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?"
)
_FIRST_DAY = "0001-01-01"  # what completes a year or a month
_LEAP_SECOND = "60"
_SECOND = slice(17, 19)  # where it stands in a dateTime
_UP_TO_MINUTE = len("T09:00")
_UP_TO_SECOND = len("T09:00:00")
_MICROSECOND_DIGITS = 6
_YEAR = len("2026")
_DAY, _ONE_MINUTE, _ONE_SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
_DECEMBER = 12


class Interval(NamedTuple):
    """A stretch of time in UTC; `end` is the first moment outside it."""

    start: datetime
    end: datetime


def interval(text: Any) -> Interval | None:
    """Return the stretch a FHIR date, dateTime or instant covers; None if it is none of them."""
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        start = datetime.fromisoformat(_completed(match[0]))
    except ValueError:
        return None
    if start.tzinfo is None:
        start = start.replace(tzinfo=TOKYO)
    try:
        return Interval(_utc(start), _utc(_end(match["day"], match["time"], start)))
    except OverflowError:
        return Interval(_utc(start), LATEST)


def _completed(text: str) -> str:
    if text[_SECOND] == _LEAP_SECOND:  # the clock of datetime has none
        return f"{text[: _SECOND.start]}59{text[_SECOND.stop :]}"
    return text + _FIRST_DAY[len(text) :]


def interval_of(value: Any) -> Interval | None:
    """Return the stretch of a date string, a Period or a Timing; None if it names no time."""
    if isinstance(value, str):
        return interval(value)
    if not isinstance(value, dict):
        return None
    if "start" in value or "end" in value:
        return _period(value)
    return _timing(value)


def _timing(value: dict[str, Any]) -> Interval | None:
    """Return the outer limits of a Timing: of its events and of the bounds of its repetition."""
    repeat = value.get("repeat")
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    known = [found for event in _listed(value.get("event")) if (found := interval(event))]
    if isinstance(bounds, dict) and (period := _period(bounds)) is not None:
        known.append(period)
    if not known:
        return None
    return Interval(min(one.start for one in known), max(one.end for one in known))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _period(value: dict[str, Any]) -> Interval | None:
    start, end = interval(value.get("start")), interval(value.get("end"))
    if start is None and end is None:
        return None
    return Interval(EARLIEST if start is None else start.start, LATEST if end is None else end.end)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return EARLIEST if moment.year == 1 else LATEST


def _end(day: str, time: str | None, start: datetime) -> datetime:
    if time is None:
        if len(day) == len(_FIRST_DAY):
            return start + _DAY
        return _next_month_or_year(start, by_year=len(day) == _YEAR)
    if len(time) == _UP_TO_SECOND:
        return start + _ONE_SECOND
    if len(time) == _UP_TO_MINUTE:
        return start + _ONE_MINUTE
    digits = min(len(time) - _UP_TO_SECOND - 1, _MICROSECOND_DIGITS)
    return start + timedelta(microseconds=10 ** (_MICROSECOND_DIGITS - digits))


def _next_month_or_year(start: datetime, *, by_year: bool) -> datetime:
    carry = by_year or start.month == _DECEMBER
    if start.year + carry > MAXYEAR:
        raise OverflowError
    return start.replace(year=start.year + carry, month=1 if carry else start.month + 1)


def _contains(held: Interval, asked: Interval) -> bool:
    return asked.start <= held.start and held.end <= asked.end


def _overlaps(held: Interval, asked: Interval) -> bool:
    return held.start < asked.end and asked.start < held.end


def _near(held: Interval, asked: Interval) -> bool:
    # HL7 leaves `ap` to the server: here, the asked stretch widened by its own length either way.
    length = asked.end - asked.start
    wide_start = EARLIEST if asked.start - EARLIEST < length else asked.start - length
    wide_end = LATEST if LATEST - asked.end < length else asked.end + length
    return _overlaps(held, Interval(wide_start, wide_end))


COMPARISONS: Mapping[str, Callable[[Interval, Interval], bool]] = MappingProxyType(
    {
        "eq": _contains,
        "ne": lambda held, asked: not _contains(held, asked),
        "gt": lambda held, asked: held.end > asked.end,
        "lt": lambda held, asked: held.start < asked.start,
        "ge": lambda held, asked: held.end > asked.end or _contains(held, asked),
        "le": lambda held, asked: held.start < asked.start or _contains(held, asked),
        "sa": lambda held, asked: held.start >= asked.end,
        "eb": lambda held, asked: held.end <= asked.start,
        "ap": _near,
    }
)
