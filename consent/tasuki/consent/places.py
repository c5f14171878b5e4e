"""Where a declaration holds: codes of today, old ones resolved, wards within their city.

Municipalities merge and change their codes; a declaration, an address and a feed may each still
carry an old one. https://www.soumu.go.jp/denshijiti/code.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.text import current_code, municipality, successor_codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Places:
    """Municipalities that were named, as they are today.

    Attributes:
        areas: 6-digit codes in use today.
        replaced: Today's code by the old one that was given.
    """

    areas: frozenset[str]
    replaced: Mapping[str, str]


def places_of_today(codes: Sequence[str]) -> Places:
    """Return the municipalities of these codes; one that was merged stands for what it is part of.

    Raises:
        Faults: STRUCTURE, place by place: a code nobody ever had here, or one whose area was
            divided, so that it cannot be told which part is meant.
    """
    faults = tuple(
        Fault(Category.STRUCTURE, why, at=(f"declaration.areas[{index}]",))
        for index, code in enumerate(codes)
        if (why := _why_not(code)) is not None
    )
    if faults:
        raise Faults(faults)
    today = {code: current_code(code) or code for code in codes}
    return Places(frozenset(today.values()), {old: new for old, new in today.items() if old != new})


def lies_in(code: str | None, areas: frozenset[str]) -> bool:
    """Tell whether a municipality lies wholly in these; an unknown place does not.

    An old code lies in them where all that became of it does. A ward lies in its city, but a city
    does not lie in one of its wards.
    """
    if not code:
        return False
    if code in areas:
        return True
    held = _of_today(areas)
    now = successor_codes(code)
    return bool(now) and all(not held.isdisjoint(_with_city(one)) for one in now)


def _why_not(code: str) -> str | None:
    now = successor_codes(code)
    if not now:
        return "There is no such municipality."
    if len(now) > 1:
        return "This municipality was divided among several: name those of today that are meant."
    return None


@lru_cache(maxsize=256)
def _of_today(areas: frozenset[str]) -> frozenset[str]:
    return frozenset(current_code(code) or code for code in areas)


@lru_cache(maxsize=4096)
def _with_city(code: str) -> frozenset[str]:
    place = municipality(code)
    city = None if place is None else place.city
    return frozenset({code} if city is None else {code, city.code})
