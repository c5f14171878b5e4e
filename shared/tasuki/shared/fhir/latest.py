"""The most recent Observations of each kind, as `$lastn` gives them.

https://hl7.org/fhir/R4/observation-operation-lastn.html: Observations are of one kind where they
share a coding, directly or through a third; without any coding, where their text is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tasuki.shared.fhir.dates import EARLIEST, interval_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tasuki.shared.fhir.json import Resource

Kind: TypeAlias = tuple[str, ...]
EFFECTIVE = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming")


def latest(observations: Sequence[Resource], most: int) -> list[Resource]:
    """Return the `most` latest of each kind, newest first within it, kinds in order of their codes.

    Those as recent as the last one that is taken are taken too: which of them is the latest nobody
    can tell. One without a code is of a kind of its own.
    """
    found: list[Resource] = []
    for _, members in sorted(_kinds(observations).items()):
        ordered = sorted(members, key=recency, reverse=True)
        last = recency(ordered[min(most, len(ordered)) - 1])
        found += [one for one in ordered if recency(one) >= last]
    return found


def recency(observation: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Return what tells how recent one is: when it was true, then when it was published or written.

    A period is as recent as its end, a date as its last moment; unknown is oldest.
    """
    effective = next(
        (held for name in EFFECTIVE if (held := interval_of(observation.get(name)))), None
    )
    meta = observation.get("meta")
    published = interval_of(observation.get("issued")) or interval_of(
        meta.get("lastUpdated") if isinstance(meta, dict) else None
    )
    return (
        EARLIEST if effective is None else effective.end,
        EARLIEST if published is None else published.start,
    )


def _kinds(observations: Sequence[Resource]) -> dict[Kind, list[Resource]]:
    """Return the observations by kind; a kind is named by the first of its codes."""
    parents: dict[Kind, Kind] = {}

    def root(key: Kind) -> Kind:
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    keyed = [(_keys(place, one), one) for place, one in enumerate(observations)]
    for keys, _ in keyed:
        for key in keys:
            parents.setdefault(key, key)
        first, *others = sorted(root(key) for key in keys)
        for other in others:
            parents[other] = first
    kinds: dict[Kind, list[Resource]] = {}
    for keys, one in keyed:
        kinds.setdefault(root(keys[0]), []).append(one)
    return kinds


def _keys(place: int, observation: Mapping[str, Any]) -> list[Kind]:
    code = observation.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    keys: list[Kind] = [
        ("coding", str(one.get("system", "")), one["code"])
        for one in (codings if isinstance(codings, list) else ())
        if isinstance(one, dict) and isinstance(one.get("code"), str)
    ]
    text = code.get("text") if isinstance(code, dict) else None
    if not keys and isinstance(text, str):
        keys = [("text", text)]
    return keys or [("unknown", f"{place:09d}")]
