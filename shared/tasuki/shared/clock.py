"""The one door to the time of day, so that tests can hold it still."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")


class Clock(Protocol):
    """Tells the time; a parameter wherever time matters."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that moves only when told to."""

    at: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 0, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move the clock by a duration."""
        self.at += by


def today_in_japan(clock: Clock) -> date:
    """Return the calendar day in Japan, which is the day a prescription is counted in."""
    return clock.now().astimezone(TOKYO).date()
