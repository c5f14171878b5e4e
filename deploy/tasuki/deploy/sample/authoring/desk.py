"""The maintainer's tables: names, places and the formulary, read from the JSON files beside this."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

REFERENCE_DAY = date(2026, 3, 31)  # the day on which the sample is told
_HERE = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """Return the JSON table `name` (without its extension)."""
    read: dict[str, Any] = json.loads((_HERE / f"{name}.json").read_text(encoding="utf-8"))
    return read


def region(code: str) -> dict[str, Any]:
    """Return what is known of a region: titles, hospital, institution number, cities."""
    found: dict[str, Any] = table("places")["regions"][code]
    return found


def city_of(municipality: str) -> tuple[str, str]:
    """Return the name and the area's postal code of a 6-digit municipality code.

    Raises:
        KeyError: The sample has no such municipality.
    """
    for place in table("places")["regions"].values():
        for code, name, postal, _ in place["cities"]:
            if code == municipality:
                return name, postal
    raise KeyError(municipality)
