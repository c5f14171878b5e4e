"""Histories through the gate: page by page, each row ruled on anew and written into the audit log.

https://hl7.org/fhir/R4/http.html#history

One version that must not be seen hides its whole resource: a gap would tell of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasuki.shared.access.base import Left
from tasuki.shared.access.cursors import Asked, Cursor
from tasuki.shared.access.pages import Pages, not_kept
from tasuki.shared.access.principal import ONE_PERSONS
from tasuki.shared.access.reach import reaches_some
from tasuki.shared.access.records import NOBODY, Selection
from tasuki.shared.access.refusals import not_found, out_of_scope
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tasuki.shared.access.records import Position, Stored
    from tasuki.shared.access.rulings import Ruling
    from tasuki.shared.access.subjects import Key

SHELF = "history"
# Versions opened for one page. Where nearly all are withheld, a page may hold fewer than asked for,
# or none; the next one goes on from there.
OPENED_AT_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some versions of a history.

    Attributes:
        total: How many versions there are, where that can be told.
        more: The name of the next page, for this caller and an hour; None after the last.
    """

    asked: Asked
    versions: list[Stored]
    total: int | None
    more: str | None


class Histories(Pages):
    """What a caller may see of the past."""

    async def history(self, asked: Asked, served: Sequence[str]) -> Page:
        """Return the first page of a history.

        Args:
            asked: Of what.
            served: Every resource type of this server.

        Raises:
            Fault: FORBIDDEN; NOT_FOUND for a resource that never was, or not for this caller.
        """
        return await self._page(asked, served, None)

    async def history_after(self, name: str, path: str, served: Sequence[str]) -> Page:
        """Return a further page.

        Raises:
            Fault: GONE where there is no such page for this caller (any more); as `history`.
        """
        cursor = Cursor.of(await self.taken_up(SHELF, name))
        if cursor.asked.path != path:
            raise not_kept()
        return await self._page(cursor.asked, served, cursor.after)

    async def _page(self, asked: Asked, served: Sequence[str], after: Position | None) -> Page:
        selection = Selection(
            types=self._readable(asked, served),
            id=asked.id,
            owner=self._confined_to(),
            since=asked.since,
            current=asked.current,
            after=after,
        )
        owner, total = self._confined_to() or NOBODY, None
        if asked.id is None:
            self.require_one_person(())
        else:
            owner, total = await self._require_one(asked)
        shown: list[Stored] = []
        opened = 0
        more = True
        while more and len(shown) < asked.count and opened < OPENED_AT_MOST:
            wanted = asked.count - len(shown)
            rows, more = await self._unit.history(selection, wanted)
            opened += len(rows)
            shown += await self._admitted(rows)
            if rows:
                selection = replace(selection, after=_position(rows[-1]))
            if more and shown and len(rows) < wanted:
                break  # they are large, so the page ends here
        await self._leave_history_leaves(asked, shown, owner)
        name = None
        if more:
            name = await self.lay_aside(SHELF, Cursor(asked, selection.after).told())
        return Page(asked, shown, total, name)

    def _readable(self, asked: Asked, served: Sequence[str]) -> tuple[str, ...]:
        """Return the types a history is of; of the whole server, those there is a scope for."""
        if asked.type is not None:
            self.require_some_scope(asked.type, Interaction.HISTORY)
            return (asked.type,)
        scopes = self._caller.principal.scopes
        types = tuple(
            t for t in sorted(served) if reaches_some(scopes, t, Interaction.HISTORY.letter)
        )
        if not types:
            raise out_of_scope("*.r")
        return types

    def _confined_to(self) -> str | None:
        """Return whose resources alone this caller is shown: a resident's own, a proxy's person's."""
        principal = self._caller.principal
        if principal.role not in ONE_PERSONS:
            return None
        return (principal.patient or "Patient/").removeprefix("Patient/") or "-"

    async def _require_one(self, asked: Asked) -> tuple[str, int | None]:
        """Refuse a resource that is not the caller's to know; return whose, how many versions."""
        type_, id_ = str(asked.type), str(asked.id)
        head = await self._unit.head(type_, id_)
        if head is None:
            raise not_found("absent", entities=(f"{type_}/{id_}",))
        ruling = await self.require(Interaction.HISTORY, head.owner, type_)
        if await self._hidden({(type_, id_): ruling}):
            raise not_found("label", owner=head.owner, entities=(f"{type_}/{id_}",))
        filtered = asked.since is not None or asked.current is not None
        return head.owner, None if filtered else head.version

    async def _admitted(self, rows: Sequence[Stored]) -> list[Stored]:
        """Return those versions that may leave."""
        permitted: dict[Key, Ruling] = {}
        for row in rows:
            ruling = await self.ruling(Interaction.HISTORY, row.owner, row.type)
            if ruling.permitted:
                permitted[(row.type, row.id)] = ruling
        hidden = await self._hidden(permitted)
        return [
            row for row in rows if (key := (row.type, row.id)) in permitted and key not in hidden
        ]

    async def _hidden(self, rulings: dict[Key, Ruling]) -> set[Key]:
        """Return those resources of which one version at least must not be seen."""
        screened = {key: ruling for key, ruling in rulings.items() if ruling.screen is not None}
        hidden: set[Key] = set()
        for type_ in sorted({type_ for type_, _ in screened}):
            ids = sorted(id_ for of_type, id_ in screened if of_type == type_)
            async for version in self._all_versions(type_, ids):
                key = (type_, version.id)
                body = version.body
                if body is not None and not screened[key].admits(parse_resource(body)):
                    hidden.add(key)
        return hidden

    async def _all_versions(self, type_: str, ids: Sequence[str]) -> AsyncIterator[Stored]:
        """Yield every version of these, of each as many at a time as may be opened at once."""
        together = await self._unit.all_versions(type_, ids)
        await self.look_through(together or ())
        for version in together or ():
            yield version
        for id_ in ids if together is None else ():
            selection, more = Selection((type_,), id_), True
            while more:
                rows, more = await self._unit.history(selection, OPENED_AT_MOST)
                await self.look_through(rows)
                for version in rows:
                    yield version
                if rows:
                    selection = replace(selection, after=_position(rows[-1]))

    async def _leave_history_leaves(
        self, asked: Asked, shown: Sequence[Stored], about: str
    ) -> None:
        entities: dict[tuple[str, str], list[str]] = {}
        for one in shown:
            ruling = await self.ruling(Interaction.HISTORY, one.owner, one.type)
            name = f"{one.type}/{one.id}/_history/{one.version}"
            entities.setdefault((one.owner, ruling.basis), []).append(name)
        left = [
            Left(Action.HISTORY, owner, tuple(names), basis)
            for (owner, basis), names in sorted(entities.items())
        ]
        await self.leave_each(left or [Left(Action.HISTORY, about, (asked.path,), "no-match")])


def _position(row: Stored) -> Position:
    return row.at, row.type, row.id, row.version
