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
    r"(?P<year>[0-9]{4})"
    r"(?:-(?P<month>[0-9]{2})"
    r"(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_MICROSECOND_DIGITS = 6
_DECEMBER = 12
_LEAP_SECOND = 60


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
        start = _start(match)
    except ValueError:
        return None
    try:
        return Interval(_utc(start), _utc(_end(match, start)))
    except OverflowError:
        return Interval(_utc(start), LATEST)


def interval_of(value: Any) -> Interval | None:
    """Return the stretch of a date string, a Period or a Timing; None if it names no time."""
    if isinstance(value, str):
        return interval(value)
    if not isinstance(value, dict):
        return None
    if "start" in value or "end" in value:
        return _period(value)
    events = value.get("event")
    known = [found for event in _listed(events) if (found := interval(event)) is not None]
    if known:
        return Interval(min(e.start for e in known), max(e.end for e in known))
    repeat = value.get("repeat")
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    return _period(bounds) if isinstance(bounds, dict) else None


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


def _start(match: re.Match[str]) -> datetime:
    part = match.groupdict()
    fraction = (part["fraction"] or "")[:_MICROSECOND_DIGITS]
    second = int(part["second"] or 0)
    if second == _LEAP_SECOND:
        second -= 1  # the clock of datetime has no leap seconds
    moment = datetime(
        int(part["year"]),
        int(part["month"] or 1),
        int(part["day"] or 1),
        int(part["hour"] or 0),
        int(part["minute"] or 0),
        second,
        int(fraction.ljust(_MICROSECOND_DIGITS, "0")),
        tzinfo=TOKYO,
    )
    zone = part["zone"]
    if zone is None:
        return moment
    return moment.replace(tzinfo=datetime.strptime(zone, "%z").tzinfo)


def _end(match: re.Match[str], start: datetime) -> datetime:
    if match["fraction"] is not None:
        digits = min(len(match["fraction"]), _MICROSECOND_DIGITS)
        return start + timedelta(microseconds=10 ** (_MICROSECOND_DIGITS - digits))
    if match["second"] is not None:
        return start + timedelta(seconds=1)
    if match["minute"] is not None:
        return start + timedelta(minutes=1)
    if match["day"] is not None:
        return start + timedelta(days=1)
    return _next_month_or_year(start, by_year=match["month"] is None)


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
