"""FHIR dates of any precision, as the stretch of time they stand for.

A date without a time is a day in Japan. The stretch is half open: `2022` is the year up to, and
without, the first moment of 2023; a full timestamp is one instant (one microsecond here).

https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tasuki.shared.clock import TOKYO

_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_FULL = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_INSTANT = timedelta(microseconds=1)
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time from `start`, up to and without `end`; both aware."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies within."""
        return self.start <= moment < self.end

    def encloses(self, other: Stretch) -> bool:
        """Tell whether all of the other stretch lies within."""
        return self.start <= other.start and other.end <= self.end

    def shared_with(self, other: Stretch) -> Stretch:
        """Return the time in both; it holds no moment where there is none."""
        return Stretch(max(self.start, other.start), min(self.end, other.end))

    def meets(self, other: Stretch) -> bool:
        """Tell whether the two share a moment."""
        return self.start < other.end and other.start < self.end


ALWAYS = Stretch(BEGINNING, END)


def stretch_of(text: str) -> Stretch | None:
    """Return the stretch an R4 date, dateTime or instant stands for; None when it is none."""
    try:
        partial = _PARTIAL.fullmatch(text)
        if partial:
            return _calendar(partial)
        if not _FULL.fullmatch(text):
            return None
        start = datetime.fromisoformat(text).astimezone(UTC)
        return Stretch(start, start + _INSTANT)
    except (ValueError, OverflowError):  # the calendar has no such day
        return None


def _calendar(found: re.Match[str]) -> Stretch:
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    start = datetime(year, month, day, tzinfo=TOKYO)
    if found[3]:
        end = start + timedelta(days=1)
    elif found[2]:
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=TOKYO)
    else:
        end = datetime(year + 1, 1, 1, tzinfo=TOKYO)
    return Stretch(start.astimezone(UTC), end.astimezone(UTC))


def period_of(start: str | None, end: str | None) -> Stretch | None:
    """Return the stretch of a FHIR Period, its end included; None when a date is no date.

    A missing bound is open. A period that ends before it starts is no period.
    """
    first = stretch_of(start) if start is not None else Stretch(BEGINNING, BEGINNING)
    last = stretch_of(end) if end is not None else Stretch(END, END)
    if first is None or last is None or last.end <= first.start:
        return None
    return Stretch(first.start, last.end)
