"""Addresses: which municipality a written address lies in.

An address that could mean two places resolves to none; see `tasuki.shared.text.municipalities` for codes.
Municipality names: https://www.soumu.go.jp/denshijiti/code.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tasuki.shared.text.kanji import fold_kanji
from tasuki.shared.text.municipalities import (
    Municipality,
    check_digit,
    current_code,
    former_names,
    from_jma_area,
    municipalities_of,
    municipality,
    prefectures,
    successor_codes,
)

__all__ = [
    "Municipality",
    "check_digit",
    "current_code",
    "from_jma_area",
    "municipalities_of",
    "municipality",
    "resolve_municipality",
    "successor_codes",
]

_POSTAL_CODE = re.compile("^〒?[0-9]{3}[-\u2010-\u2015\u2212\u30fc]?[0-9]{4}|^〒")
# Towns and villages are written after their county, those of Miyake and Hachijo after their island.
_COUNTY = re.compile("郡|三宅島|八丈島")
_COUNTY_WITHIN = 8  # characters; no county's name is longer
_BLOCK_NUMBER = re.compile("[0-9]|[一二三四五六七八九十]+(?:丁目|番)")
# Two villages of one name in one prefecture, told apart by their county only.
_COUNTY_OF = {"014036": "古宇郡", "016969": "国後郡"}


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read an address: a place, its name as written, its county, what stands after it."""

    place: Municipality
    name: str
    county: str
    rest: str


def resolve_municipality(address: str, *, prefecture: str | None = None) -> Municipality | None:
    """Return the municipality of an address, or None if the address names none or could name several.

    A ward of a designated city gives the ward; without the ward it gives the city. Width, spaces, a
    postal code, a county before a town, and old or variant kanji do not matter. A name from before a
    merger gives the place it is part of today.

    Args:
        address: As written, from the prefecture or from the municipality on.
        prefecture: Name (石川県) or two-digit code (17) to assume where the address has none. An
            address that names another prefecture resolves to none.
    """
    text = _POSTAL_CODE.sub("", fold_kanji(address))
    stated = next((name for name in prefectures().values() if text.startswith(name)), None)
    assumed = prefectures().get(prefecture, prefecture) if prefecture else None
    if stated and assumed and stated != assumed:
        return None
    readings = _readings(text.removeprefix(stated or ""), within=stated or assumed)
    if len({reading.place for reading in readings}) != 1:
        return None
    reading = readings[0]
    if stated or _stands_alone(reading, prefecture_known=assumed is not None):
        return reading.place
    return None


def _readings(text: str, *, within: str | None) -> list[_Reading]:
    found = [
        _Reading(place, name, "", text.removeprefix(name))
        for place, name in _places_at_start(text, within)
    ]
    for mark in _COUNTY.finditer(text[:_COUNTY_WITHIN]):
        county, after = text[: mark.end()], text[mark.end() :]
        found += [
            _Reading(place, name, county, after.removeprefix(name))
            for place, name in _places_at_start(after, within)
            if name[-1] in "町村" and _COUNTY_OF.get(place.code, county) == county
        ]
    return found


def _places_at_start(text: str, within: str | None) -> list[tuple[Municipality, str]]:
    names, longest = _names()
    for length in range(min(longest, len(text)), 1, -1):
        name = text[:length]
        places = [p for p in names.get(name, ()) if within in (None, p.prefecture)]
        if within and not places:
            places = [p for p in _former().get(name, ()) if p.prefecture == within]
        elif places and not within:
            # 那珂川町 is in Tochigi today; another was in Fukuoka, and stands in old addresses.
            places += _former().get(name, ())
        if places:
            return [(place, name) for place in places]
    return []


def _stands_alone(reading: _Reading, *, prefecture_known: bool) -> bool:
    """Return whether a place is certain although the address does not write its prefecture."""
    place = reading.place
    # 栄町3-2 is far more often a block of some city than a town that is called 栄町.
    if reading.name.endswith("町") and not reading.county and _BLOCK_NUMBER.match(reading.rest):
        return False
    # 中央区 is a special ward of Tokyo and a ward of ten other cities.
    return prefecture_known or place.name not in _ward_names()


@cache
def _names() -> tuple[dict[str, list[Municipality]], int]:
    names: dict[str, list[Municipality]] = {}
    for prefecture in prefectures():
        for place in municipalities_of(prefecture):
            names.setdefault(fold_kanji(place.name), []).append(place)
    return names, max(len(name) for name in (*names, *_former()))


@cache
def _former() -> dict[str, list[Municipality]]:
    names: dict[str, list[Municipality]] = {}
    for former, place in former_names().items():
        names.setdefault(fold_kanji(former.removeprefix(place.prefecture)), []).append(place)
    return names


@cache
def _ward_names() -> frozenset[str]:
    wards = (place.ward for prefecture in prefectures() for place in municipalities_of(prefecture))
    return frozenset(ward for ward in wards if ward)
