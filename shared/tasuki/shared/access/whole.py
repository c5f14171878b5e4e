"""One person's whole record through the gate, for `Patient/$everything`.

A stored body is opened once, read only where somebody must look into it (a screen, a care date),
and leaves as it lies. Pages are of the versions that were there when the first one was asked for;
each page is ruled on anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasuki.shared.access.pages import Pages, not_kept
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.refusals import not_found
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.care_dates import within
from tasuki.shared.fhir.json import meaning_of
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from tasuki.shared.access.records import Stored
    from tasuki.shared.access.rulings import Ruling
    from tasuki.shared.fhir.dates import Interval

SHELF = "everything"
LARGEST_PAGE = 5_000  # resources
HOPS = 4  # from a record to its practitioner's role, to the organisation, to what that is part of
_REFERENCE = re.compile(rb'"reference"\s*:\s*"([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})[/"]')
_ABOUT_NOBODY = frozenset(type_ for type_, one in OWNERSHIP.items() if not one.required)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a record is asked for.

    Attributes:
        since: Only what was written after this.
        care: Only care that overlaps with this; what has no date is in.
        count: Resources of a page; None for all of them on one.
        around: Types about nobody of which what is referred to is added; None for all.
    """

    types: tuple[str, ...]
    since: datetime | None = None
    care: Interval | None = None
    count: int | None = None
    around: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A page of a record, or the whole of it.

    Attributes:
        matches: What is the person's.
        around: What that refers to and is about nobody.
        withheld: Types of which something is withheld; of a part, where that may be said.
        total: How many matches there are on all pages.
        next: The name of the pages, and the number of the next one; None on the last.
    """

    matches: tuple[Stored, ...]
    around: tuple[Stored, ...]
    withheld: frozenset[str]
    total: int
    next: tuple[str, int] | None


class WholeRecord(Pages):
    """What a caller may see of one person."""

    async def whole_record(self, patient: str, wanted: Wanted) -> Part:
        """Return the first page of what this caller may see of a person's record.

        Raises:
            Fault: NOT_FOUND, FORBIDDEN; a type without a scope is a refusal, not an omission.
        """
        for type_ in wanted.types:
            self.require_scope(type_, Interaction.READ)
        head = await self._unit.head("Patient", patient)
        if head is None or head.deleted:
            raise not_found("absent", entities=(f"Patient/{patient}",))
        ruling = await self.require(Interaction.READ, patient, *wanted.types)
        rows = await self._unit.of_owner(patient, wanted.types)
        await self.look_through(rows)
        found = [row for row in rows if _wanted(row, wanted) and _admits(ruling, row)]
        count = wanted.count or len(found) or 1
        next_ = None
        if len(found) > count:
            next_ = (await self._keep_pages(patient, wanted, found, count), 2)
        masked = {row.type for row in rows if _wanted(row, wanted) and _masks(ruling, row)}
        part = await self._part(patient, ruling, wanted, found[:count], len(found), next_)
        return replace(part, withheld=part.withheld | masked)

    async def more_of_record(self, patient: str, pages: str, number: int) -> Part:
        """Return a further page, ruled on as of now.

        Raises:
            Fault: GONE for pages that are not this caller's, or are over.
        """
        told = await self.taken_up(SHELF, pages)
        if told["patient"] != patient:
            raise not_kept()
        around = told["around"]
        wanted = Wanted(
            tuple(told["types"]),
            count=told["count"],
            around=None if around is None else tuple(around),
        )
        count = told["count"]
        for type_ in wanted.types:
            self.require_scope(type_, Interaction.READ)
        ruling = await self.require(Interaction.READ, patient, *wanted.types)
        listed = told["listed"][(number - 1) * count : number * count]
        if not listed:
            raise not_kept()
        rows = await self._listed(listed)
        await self.look_through(rows)
        hidden = await self.withdrawn({(row.type, row.id): ruling for row in rows})
        seen = [row for row in rows if (row.type, row.id) not in hidden]
        found = [row for row in seen if _admits(ruling, row)]
        total = len(told["listed"])
        next_ = (pages, number + 1) if number * count < total else None
        return await self._part(patient, ruling, wanted, found, total, next_)

    async def _part(
        self,
        patient: str,
        ruling: Ruling,
        wanted: Wanted,
        found: Sequence[Stored],
        total: int,
        next_: tuple[str, int] | None,
    ) -> Part:
        entities = (f"Patient/{patient}", *sorted({one.type for one in found}))
        await self.leave_leaf(Action.READ, patient, entities, ruling.basis)
        return Part(
            matches=tuple(found),
            around=tuple(await self._around(found, wanted)),
            withheld=ruling.withheld_types & frozenset(wanted.types),
            total=total,
            next=next_,
        )

    async def _keep_pages(
        self, patient: str, wanted: Wanted, found: Sequence[Stored], count: int
    ) -> str:
        told = {
            "patient": patient,
            "types": list(wanted.types),
            "around": None if wanted.around is None else list(wanted.around),
            "count": count,
            "listed": [[one.type, one.id, one.version] for one in found],
        }
        return await self.lay_aside(SHELF, told)

    async def _listed(self, listed: Sequence[Sequence[str | int]]) -> list[Stored]:
        """Return these (type, id, version), by type and id as they were listed."""
        keys = [(str(type_), str(id_), int(version)) for type_, id_, version in listed]
        return await self._unit.versions(keys)

    async def _around(self, found: Sequence[Stored], wanted: Wanted) -> list[Stored]:
        """Return what these refer to and is about nobody, and what that refers to in turn."""
        named = None if wanted.around is None else frozenset(wanted.around)
        around: dict[tuple[str, str], Stored] = {}
        asked: set[tuple[str, str]] = set()
        newest: Sequence[Stored] = found
        for _ in range(HOPS):
            led = {key for key in _referred(newest) if named is None or key[0] in named} - asked
            asked |= led
            newest = [one for type_ in _types_of(led) for one in await self._common(type_, led)]
            around |= {(one.type, one.id): one for one in newest}
            if not newest:
                break
        return [around[key] for key in sorted(around)]

    async def _common(self, type_: str, wanted: set[tuple[str, str]]) -> list[Stored]:
        """Return those of a type that are about nobody, where scope and ruling allow."""
        if not self._caller.principal.scopes.allows(type_, Interaction.READ.letter):
            return []
        ruling = await self.ruling(Interaction.READ, NOBODY, type_)
        if not ruling.permitted:
            return []
        ids = sorted(id_ for of_type, id_ in wanted if of_type == type_)
        rows = await self._unit.by_ids(type_, ids)
        await self.look_through(rows)
        return [row for row in rows if row.owner == NOBODY and _admits(ruling, row)]


def _wanted(row: Stored, wanted: Wanted) -> bool:
    if row.body is None or (wanted.since is not None and row.at <= wanted.since):
        return False
    return wanted.care is None or within(meaning_of(row.body), wanted.care)


def _admits(ruling: Ruling, row: Stored) -> bool:
    if not ruling.permitted or row.type in ruling.withheld_types:
        return False
    return ruling.admits_stored(row)


def _masks(ruling: Ruling, row: Stored) -> bool:
    return ruling.masks_stored(row)


def _referred(rows: Iterable[Stored]) -> set[tuple[str, str]]:
    """Return what rows refer to, of the types that may be about nobody.

    Read off the bytes: within a JSON string the quotation marks of this pattern would be escaped.
    """
    return {
        (type_, match[2].decode())
        for row in rows
        for match in _REFERENCE.finditer(row.body or b"")
        if (type_ := match[1].decode()) in _ABOUT_NOBODY
    }


def _types_of(wanted: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({type_ for type_, _ in wanted})
