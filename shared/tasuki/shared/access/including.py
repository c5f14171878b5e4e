"""What a search adds to its matches: `_include` and `_revinclude`, through the gate row by row.

https://hl7.org/fhir/R4/search.html#revinclude

What the caller may not see is left out, as if it were not there; a limit is an error, never a cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.finding import SCAN_LIMIT
from tasuki.shared.access.reach import reaches_some
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.access.searching import Hit
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import meaning_of
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.search import Include

MAX_INCLUDED = 2_000  # resources added to one page
MAX_BYTES = 16 * 1024 * 1024  # of what is added to one page
MAX_ROUNDS = 10  # steps of `:iterate`

Key = tuple[str, str]


class Including(AtTheGate):
    """What a caller may be shown beside the matches."""

    _not_included: frozenset[str] = frozenset()

    @property
    def not_included(self) -> frozenset[str]:
        """The types that were to be added about somebody who is shown, and consent withholds."""
        return self._not_included

    async def included(self, shown: Sequence[Hit], includes: Sequence[Include]) -> list[Hit]:
        """Return what the includes add to the matches shown, each once.

        Raises:
            Fault: TOO_COSTLY beyond the stated number, bytes or steps.
        """
        have = {hit.key for hit in shown}
        added: list[Hit] = []
        front, asked = list(shown), list(includes)
        for _ in range(MAX_ROUNDS):
            new = await self._step(front, asked, have) if asked else []
            added += new
            _require_few(added)
            front = new
            asked = [include for include in includes if include.iterate]
            if not front:
                return added
        if asked:
            raise Fault(Category.TOO_COSTLY, f":iterate goes on after {MAX_ROUNDS} steps")
        return added

    async def _step(
        self, front: Sequence[Hit], includes: Iterable[Include], have: set[Key]
    ) -> list[Hit]:
        new: list[Hit] = []
        for include in includes:
            found = self._pointing_here if include.reverse else self._pointed_at
            for hit in await found(front, include, have):
                if hit.key not in have:
                    have.add(hit.key)
                    new.append(hit)
        return new

    async def _pointed_at(
        self, front: Sequence[Hit], include: Include, have: set[Key]
    ) -> list[Hit]:
        targets = {
            target
            for hit in front
            if hit.stored.type == include.source
            for target in include.targets_of(hit.meaning)
        } - have
        found: list[Hit] = []
        for type_ in sorted({type_ for type_, _ in targets}):
            ids = sorted(id_ for of_type, id_ in targets if of_type == type_)
            _require_number(len(ids))
            found += await self._seen(await self._unit.by_ids(type_, ids))
        return found

    async def _pointing_here(
        self, front: Sequence[Hit], include: Include, have: set[Key]
    ) -> list[Hit]:
        fitting = [
            hit
            for hit in front
            if include.target in (None, hit.stored.type)
            and hit.stored.type in include.parameter.target
        ]
        here = {hit.key for hit in fitting}
        found: list[Hit] = []
        owners = {hit.stored.owner for hit in fitting}
        for owner in sorted(owners):
            await self._note_withheld(owner, include.source)
        if OWNERSHIP[include.source].element is None:
            owners = {NOBODY} if owners else set()  # a Group is about people, and nobody's own
        for owner in sorted(owners):
            rows = await self._sources(owner, include.source)
            new = [
                row
                for row in rows
                if (row.type, row.id) not in have
                and not here.isdisjoint(include.targets_of(meaning_of(row.body or b"{}")))
            ]
            found += await self._seen(new)
        return found

    async def _note_withheld(self, owner: str, type_: str) -> None:
        """Note what is withheld whether there is any or not: else it would tell that there is."""
        if owner == NOBODY or not self._in_scope(type_):
            return
        ruling = await self.ruling(Interaction.SEARCH, owner, type_)
        open_ = ruling.permitted and type_ not in ruling.withheld_types
        if not open_ and not ruling.hidden:
            self._not_included |= {type_}

    async def _sources(self, owner: str, type_: str) -> list[Stored]:
        """Return the rows that can point to something of this owner: theirs, or anybody's."""
        if owner != NOBODY:
            return await self._unit.of_owner(owner, [type_])
        rows = await self._unit.scan(type_, SCAN_LIMIT)
        if rows is None:
            raise Fault(
                Category.TOO_COSTLY,
                f"this _revinclude would open over {SCAN_LIMIT:,} resources; search them by patient",
                at=("_revinclude",),
            )
        return rows

    async def _seen(self, rows: Sequence[Stored]) -> list[Hit]:
        """Return those of these rows that the caller may see."""
        seen = []
        await self.look_through(rows)
        for row in rows:
            if row.body is None or not self._in_scope(row.type):
                continue
            meaning = meaning_of(row.body)
            ruling = await self.ruling(Interaction.SEARCH, row.owner, row.type)
            if ruling.admits_stored(row):
                seen.append(Hit(row, meaning, ruling.basis))
        return seen

    def _in_scope(self, type_: str) -> bool:
        return reaches_some(self._caller.principal.scopes, type_, Interaction.READ.letter)


def _require_few(added: Sequence[Hit]) -> None:
    _require_number(len(added))
    if sum(len(hit.stored.body or b"") for hit in added) > MAX_BYTES:
        raise _too_many(f"{MAX_BYTES // 1024 // 1024} MB")


def _require_number(count: int) -> None:
    if count > MAX_INCLUDED:
        raise _too_many(f"{MAX_INCLUDED:,} resources")


def _too_many(limit: str) -> Fault:
    return Fault(
        Category.TOO_COSTLY,
        f"the includes add over {limit} to one page; ask for smaller pages with _count",
        at=("_include",),
    )
