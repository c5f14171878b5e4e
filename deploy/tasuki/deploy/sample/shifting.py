"""Moving a resource through time by whole days, so that a demo on any day finds current medicines.

https://hl7.org/fhir/R4/datatypes.html#dateTime

Birth dates stay. Everything else that is a date, dateTime, instant or the end of a Period moves by
the same number of days, so intervals and times of day stay.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

# Elements that hold a date in the resource types of the sample. Named, because a lot number or an
# identifier may look like a date and must not move.
DATE_ELEMENTS = frozenset(
    {
        "abatementDateTime",
        "assertedDate",
        "authoredOn",
        "created",
        "date",
        "dateAsserted",
        "dateTime",
        "deceasedDateTime",
        "effectiveDateTime",
        "effectiveInstant",
        "end",
        "event",
        "expirationDate",
        "issued",
        "lastOccurrence",
        "lastUpdated",
        "occurrenceDateTime",
        "onsetDateTime",
        "performedDateTime",
        "received",
        "recorded",
        "recordedDate",
        "sent",
        "start",
        "valueDate",
        "valueDateTime",
        "valueInstant",
    }
)

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(T.*)?")
_FULL = 10  # characters of YYYY-MM-DD


def shifted(resource: dict[str, Any], days: int) -> dict[str, Any]:
    """Return a copy of `resource` with its dates `days` later (earlier when negative).

    The time of day and its offset stay as written. A year, or a year and month, moves as its first
    day does and keeps its precision. `birthDate` stays.
    """
    return {key: _moved(key, value, timedelta(days=days)) for key, value in resource.items()}


def _moved(key: str, value: Any, by: timedelta) -> Any:
    if isinstance(value, dict):
        return {inner: _moved(inner, child, by) for inner, child in value.items()}
    if isinstance(value, list):
        return [_moved(key, child, by) for child in value]
    if isinstance(value, str) and key in DATE_ELEMENTS:
        return moved_date(value, by)
    return value


def moved_date(text: str, by: timedelta) -> str:
    """Return a FHIR date, dateTime or instant moved `by` whole days; other text as it is."""
    found = _DATE.fullmatch(text)
    if found is None:
        return text
    year, month, day, rest = found.groups()
    moved = date(int(year), int(month or 1), int(day or 1)) + by
    whole = moved.isoformat()
    if day is None:
        return whole[: len(text)]
    return whole + text[_FULL:] if rest else whole
