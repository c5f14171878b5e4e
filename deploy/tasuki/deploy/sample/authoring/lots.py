"""Lots drawn from a seed and a label: the same answer whatever else was drawn, or in what order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Lots:
    """Draws for one sample.

    Args:
        seed: Any text; another seed makes another sample.
    """

    seed: str

    def number(self, below: int, *label: object) -> int:
        """Return a whole number from 0 to `below` (exclusive)."""
        words = "|".join([self.seed, *map(str, label)])
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") % below

    def one_of(self, items: list[Item], *label: object) -> Item:
        """Return one of `items`."""
        return items[self.number(len(items), *label)]

    def percent(self, share: int, *label: object) -> bool:
        """Return True in `share` of 100 draws."""
        return self.number(100, *label) < share
