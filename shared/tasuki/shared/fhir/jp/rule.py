"""A rule of JP-CLINS: its name, where it looks, what it says, and how it is found broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Finder: TypeAlias = Callable[[dict[str, Any]], Iterator[str]]
"""Yields the places, within one resource, where a rule is broken; `""` is the resource itself."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: The specification's number, or `T-…` where its prose gives none.
        place: What it is about, as a FHIRPath-like place.
        words: What a sender is told.
        types: Resource types it speaks of; empty for every type.
        profile: Speaks only where this profile is claimed; empty for any of JP-CLINS.
        sent_only: Speaks only of entries of a Bundle that a hospital sends (JP_Bundle_CLINS).
        advice: The specification recommends and does not demand: warned of, never refused.
    """

    name: str
    place: str
    words: str
    broken: Finder
    types: frozenset[str] = frozenset()
    profile: str = ""
    sent_only: bool = False
    advice: bool = False
