"""Municipalities of Japan and their six-digit codes (全国地方公共団体コード, JIS X 0402 plus a check digit).

https://www.soumu.go.jp/denshijiti/code.html . JMA area codes carry the same first five digits:
https://xml.kishou.go.jp/tec_material.html
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

_WARD = re.compile("(?P<city>.+市)(?P<ward>.+区)")
_FIVE_DIGITS = re.compile("(0[1-9]|[1-3][0-9]|4[0-7])[0-9]{3}")
_SEVEN_DIGITS = re.compile("[0-9]{7}")


@dataclass(frozen=True, slots=True, order=True)
class Municipality:
    """A city, special ward, town or village, or a ward of a designated city.

    Attributes:
        code: Six digits, the last one the check digit.
        prefecture: With its suffix, e.g. 石川県.
        name: Without county; a ward of a designated city with its city, e.g. 横浜市港北区.
    """

    code: str
    prefecture: str
    name: str

    @property
    def ward(self) -> str | None:
        """Return the ward's own name (港北区) for a ward of a designated city, else None."""
        found = _WARD.fullmatch(self.name)
        return found["ward"] if found else None

    @property
    def city(self) -> Municipality | None:
        """Return the designated city that a ward belongs to, else None."""
        found = _WARD.fullmatch(self.name)
        if found is None:
            return None
        return next(m for m in municipalities_of(self.prefecture) if m.name == found["city"])


def check_digit(code5: str) -> str:
    """Return the check digit of a municipality code of five digits.

    Raises:
        Fault: INVALID if these are not five digits that begin with a prefecture (01-47).
    """
    if not _FIVE_DIGITS.fullmatch(code5):
        raise Fault(
            Category.INVALID, "A municipality code has five digits and begins with 01 to 47."
        )
    weighed = sum(int(digit) * weight for digit, weight in zip(code5, range(6, 1, -1), strict=True))
    return str((11 - weighed % 11) % 10)


def from_jma_area(code7: str) -> str:
    """Return the six-digit municipality code of a JMA area code; it may be an old one.

    The last two digits divide a municipality for warnings and are not needed.

    Raises:
        Fault: INVALID if these are not seven digits that begin with a prefecture (01-47).
    """
    if not _SEVEN_DIGITS.fullmatch(code7):
        raise Fault(Category.INVALID, "A JMA municipality code has seven digits.")
    return code7[:5] + check_digit(code7[:5])


def municipality(code: str) -> Municipality | None:
    """Return the municipality that has this six-digit code today, or None."""
    return _by_code().get(code)


def municipalities_of(prefecture: str) -> tuple[Municipality, ...]:
    """Return the municipalities of a prefecture, by name (石川県) or two digits (17), in code order.

    Designated cities stand beside their wards. An unknown prefecture has none.
    """
    return _by_prefecture().get(prefecture, ())


def prefectures() -> Mapping[str, str]:
    """Return the names of the 47 prefectures by their two-digit codes."""
    return {code: name for code, name, _ in _listed()}


def successor_codes(code: str) -> tuple[str, ...]:
    """Return the codes in use today for the area of a code, in code order.

    A code in use is its own successor; an area that was split has several; an unknown code none.
    """
    if code in _by_code():
        return (code,)
    return tuple(
        sorted({end for step in _history().get(code, ()) for end in successor_codes(step)})
    )


def current_code(code: str) -> str | None:
    """Return the one code in use today for the area of a code.

    None if the code is unknown, or the area was split so that one code cannot be named; then ask
    `successor_codes`.
    """
    successors = successor_codes(code)
    return successors[0] if len(successors) == 1 else None


def former_names() -> Mapping[str, Municipality]:
    """Return by each name with its prefecture that is no longer in use the one place it is now.

    Names of areas that were divided are left out: such an address could mean several places.
    """
    known = {m.prefecture + m.name for m in _by_code().values()}
    return {
        name: _by_code()[now]
        for code, name in _former().items()
        if name not in known and (now := current_code(code)) is not None
    }


@cache
def _listed() -> tuple[tuple[str, str, tuple[Municipality, ...]], ...]:
    text = (
        files("tasuki.shared.text").joinpath("data/code-to-city.json").read_text(encoding="utf-8")
    )
    return tuple(
        (number, entry["name"], _municipalities_in(entry))
        for number, entry in sorted(json.loads(text).items())
    )


def _municipalities_in(entry: dict[str, dict[str, dict[str, str]]]) -> tuple[Municipality, ...]:
    # The entry without a cityName is the prefecture itself.
    cities = (city for city in entry["cities"].values() if city["cityName"])
    return tuple(sorted(Municipality(c["code"], str(entry["name"]), c["cityName"]) for c in cities))


@cache
def _by_prefecture() -> dict[str, tuple[Municipality, ...]]:
    return {key: found for number, name, found in _listed() for key in (number, name)}


@cache
def _by_code() -> dict[str, Municipality]:
    return {m.code: m for _, _, found in _listed() for m in found}


@cache
def _history() -> dict[str, tuple[str, ...]]:
    return {row["code"]: tuple(row["successors"].split()) for row in _changes()}


def _former() -> dict[str, str]:
    return {row["code"]: row["name"] for row in _changes()}


@cache
def _changes() -> tuple[dict[str, str], ...]:
    text = files("tasuki.shared.text").joinpath("data/code-history.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
