"""Times as a resident reads them: Japan time, in words of their language; a partial date as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from tasuki.shared.web.words import Language

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def moment_of(text: str | None) -> datetime | None:
    """Return the moment of a full FHIR dateTime or instant; None for anything less."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def said_moment(text: str | None, language: Language) -> str:
    """Return when, to the minute in Japan time; a date without a time as the day it is."""
    at = moment_of(text)
    if at is None:
        return _day(text or "", language)
    here = at.astimezone(TOKYO)
    return f"{_day(here.date().isoformat(), language)} {here:%H:%M}"


def order_of(text: str | None) -> datetime:
    """Return what a date sorts by: its beginning in Japan; what has none comes last."""
    at = moment_of(text)
    if at is not None:
        return at
    padded = (text or "") + "-01-01"[len(text or "") - len("YYYY") :] if text else ""
    try:
        return datetime.fromisoformat(padded).replace(tzinfo=TOKYO)
    except ValueError:
        return LONG_AGO


def _day(text: str, language: Language) -> str:
    parts = text.split("-")
    if not all(part.isdecimal() for part in parts):
        return text
    numbers = [int(part) for part in parts]
    if language == "ja":
        return "".join(f"{n}{unit}" for n, unit in zip(numbers, "年月日", strict=False))
    month = [_MONTHS[n - 1] if 1 <= n <= len(_MONTHS) else str(n) for n in numbers[1:2]]
    return " ".join([*(str(n) for n in numbers[2:3]), *month, str(numbers[0])])
