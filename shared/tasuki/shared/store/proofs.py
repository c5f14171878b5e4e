"""Proofs from the stored log: that a leaf stands in it, that it only ever grew.

Nothing here is believed: a proof from rows that were altered does not fit the signed root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from tasuki.shared.audit.merkle import (
    KEPT_LEVELS,
    consistency_spans,
    folded,
    inclusion_spans,
    root,
    whole_spans,
)
from tasuki.shared.faults import Category, Fault
from tasuki.shared.store.hot import Hot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.shared.store.hot import Line

GROUP = 1 << KEPT_LEVELS
_GROUPS = "FROM unnest(CAST(:groups AS bigint[])) AS g JOIN"
_LEAVES = Hot(
    text(
        f"SELECT l.seq AS number, l.leaf AS hash {_GROUPS} audit_leaf AS l"
        f" ON l.tenant = CAST(:tenant AS text) AND l.seq >= g * {GROUP}"
        f" AND l.seq < (g + 1) * {GROUP} ORDER BY l.seq"
    ),
    looks=True,
)
_NODES = Hot(
    text(
        f"SELECT n.number, n.hash {_GROUPS} audit_node AS n"
        " ON n.tenant = CAST(:tenant AS text) AND n.level = CAST(:level AS smallint)"
        f" AND n.number >= g * {GROUP} AND n.number < (g + 1) * {GROUP} ORDER BY n.number"
    ),
    looks=True,
)
Span = tuple[int, int]


class Proofs:
    """Makes proofs from one tenant's rows, reading each group of 256 hashes once."""

    def __init__(self, line: Line, tenant: str) -> None:
        self._line = line
        self._tenant = tenant
        self._held: dict[tuple[int, int], list[bytes]] = {}  # (level, group): hashes

    async def consistency(self, m: int, n: int) -> tuple[bytes, ...]:
        """Return the proof that the tree of `n` leaves extends that of `m`; both are there."""
        return (await self._hashes([consistency_spans(m, n)]))[0]

    async def inclusion(self, asked: Sequence[Span]) -> list[tuple[bytes, ...]]:
        """Return for each (index, size) the proof that this leaf stands in the tree of that size."""
        return await self._hashes([inclusion_spans(index, size) for index, size in asked])

    async def _hashes(self, proofs: Sequence[Sequence[Span]]) -> list[tuple[bytes, ...]]:
        spans = {span for proof in proofs for span in proof}
        parts = {span: [_part(*one) for one in whole_spans(*span)] for span in spans}
        wanted = {(level, start // GROUP) for each in parts.values() for level, start, _ in each}
        await self._fetch(wanted)
        made = {
            span: folded([root(self._rows(*one)) for one in each]) for span, each in parts.items()
        }
        return [tuple(made[span] for span in proof) for proof in proofs]

    def _rows(self, level: int, start: int, count: int) -> list[bytes]:
        held = self._held[(level, start // GROUP)]
        first = start % GROUP
        found = held[first : first + count]
        if len(found) < count:
            raise Fault(Category.UNAVAILABLE, "the log has no hashes to prove this from")
        return found

    async def _fetch(self, wanted: Iterable[tuple[int, int]]) -> None:
        missing = sorted(set(wanted) - self._held.keys())
        for level in sorted({level for level, _ in missing}):
            groups = [group for of, group in missing if of == level]
            for group in groups:
                self._held[(level, group)] = []
            statement = _NODES if level else _LEAVES
            values = {"tenant": self._tenant, "level": level, "groups": groups}
            for row in await statement.rows(self._line, values):
                self._held[(level, row.number // GROUP)].append(row.hash)


def _part(low: int, high: int) -> tuple[int, int, int]:
    """Return which kept hashes a whole subtree is made of: level, first number, how many."""
    level = ((high - low).bit_length() - 1) // KEPT_LEVELS * KEPT_LEVELS
    return level, low >> level, (high - low) >> level
