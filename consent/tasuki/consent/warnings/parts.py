"""What the three formats have in common: moments, numbers, municipality codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasuki.consent.times import stretch_of
from tasuki.consent.warnings.bulletin import Place, short
from tasuki.shared.faults import Category, Fault
from tasuki.shared.text import check_digit, current_code, municipality, successor_codes

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.consent.warnings.xml import Node

_FIVE = re.compile("[0-9]{5}")
_SIX = re.compile("[0-9]{6}")
_SEVEN = re.compile("[0-9]{7}")
_WHOLE = "00"  # the last digits of a JMA code that is not divided for warnings
MAX_NUMBER = 1_000_000


def required(node: Node, *path: str) -> str:
    """Return a text that must be there.

    Raises:
        Fault: INVALID with the path.
    """
    text = node.said(*path)
    if not text:
        raise Fault(
            Category.INVALID, "This part of the bulletin is missing.", at=(_at(node, path),)
        )
    return text


def moment(node: Node, *path: str) -> datetime:
    """Return a date and time that must be there.

    Raises:
        Fault: INVALID with the path.
    """
    text = required(node, *path)
    stretch = stretch_of(text) if "T" in text else None
    if stretch is None:
        raise Fault(
            Category.INVALID, "A date and time with an offset is needed.", at=(_at(node, path),)
        )
    return stretch.start


def number(text: str) -> int:
    """Return a small whole number; 0 where none is written.

    Raises:
        Fault: INVALID for anything else: which of two documents is newer must not be guessed.
    """
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MAX_NUMBER)):
        raise Fault(Category.INVALID, "A bulletin is numbered by a whole number.")
    return int(text)


def jma_place(name: str, code: str) -> Place:
    """Return the place of a JMA municipality code (seven digits).

    Two last digits that are not 00 mean a part: north of a city, or an island of it.
    """
    if not _SEVEN.fullmatch(code):
        return Place(short(name))
    return _placed(name, code[:5], part=code[5:] != _WHOLE)


def jis_place(name: str, code: str) -> Place:
    """Return the place of a code of JIS X 0402 with its prefecture: five digits, or six with check."""
    if _SIX.fullmatch(code) and successor_codes(code):
        return _today(name, code, part=False)
    return _placed(name, code, part=False) if _FIVE.fullmatch(code) else Place(short(name))


def _placed(name: str, code5: str, *, part: bool) -> Place:
    try:
        code = code5 + check_digit(code5)
    except Fault:  # no prefecture begins so
        return Place(short(name))
    return _today(name, code, part=part)


def _today(name: str, code: str, *, part: bool) -> Place:
    now = current_code(code)
    place = None if now is None else municipality(now)
    if now is None or place is None:
        return Place(short(name))
    return Place(short(name) or place.name, now, part)


def _at(node: Node, path: tuple[str, ...]) -> str:
    return "/".join((node.name, *path))
