"""Reading what people type into forms: digits of any width, Japan time, and problems in words.

`<input type="datetime-local">`: https://html.spec.whatwg.org/multipage/input.html
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.clock import TOKYO
from tasuki.shared.text import forbidden_characters

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = re.compile(r"[0-9]{1,4}")
_MOMENT = re.compile(
    r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})[T ]([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?"
)
CLOCKS_DIFFER = timedelta(minutes=5)  # a phone's clock may be this far ahead of ours
OLDEST = timedelta(days=3653)  # ten years: older readings are more likely a slip of the year


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, as a key of the words."""

    field: str
    words: str
    values: Mapping[str, object] = dataclasses.field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a whole number may be, both ends included."""

    least: int
    most: int


def number_in(
    form: Mapping[str, str], name: str, bounds: Bounds, *, needed: bool
) -> int | Problem | None:
    """Return a whole number; None where the field is empty and may be."""
    text = unicodedata.normalize("NFKC", form.get(name, "")).strip()
    if not text:
        return Problem(name, f"problem.{name}.empty") if needed else None
    values = {"least": bounds.least, "most": bounds.most}
    if _NUMBER.fullmatch(text) is None:
        return Problem(name, f"problem.{name}.number", values)
    number = int(text)
    if not bounds.least <= number <= bounds.most:
        return Problem(name, f"problem.{name}.bounds", values)
    return number


def moment_in(form: Mapping[str, str], name: str, now: datetime) -> datetime | Problem:
    """Return when, in Japan time; `now` where the field is empty."""
    text = unicodedata.normalize("NFKC", form.get(name, "")).strip()
    if not text:
        return now.astimezone(TOKYO).replace(microsecond=0)
    found = _MOMENT.fullmatch(text)
    if found is None:
        return Problem(name, f"problem.{name}.unread")
    try:
        at = datetime(*(int(part) for part in found.groups()), tzinfo=TOKYO)  # type: ignore[misc,arg-type]  # year to minute
    except ValueError:  # the calendar has no such day
        return Problem(name, f"problem.{name}.unread")
    if at > now + CLOCKS_DIFFER:
        return Problem(name, f"problem.{name}.future")
    if at < now - OLDEST:
        return Problem(name, f"problem.{name}.old")
    return at


def text_in(form: Mapping[str, str], name: str, *, most: int, needed: bool) -> str | Problem:
    """Return a text of one line, at most `most` characters; every character is kept as typed."""
    text = form.get(name, "").strip()
    if not text:
        return Problem(name, f"problem.{name}.empty") if needed else ""
    if len(text) > most:
        return Problem(name, "problem.long", {"most": most})
    if forbidden_characters(text) or any(mark in text for mark in "\r\n\t"):
        return Problem(name, "problem.characters")
    return text
