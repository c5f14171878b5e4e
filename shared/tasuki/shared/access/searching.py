"""Searching through the gate: every match is ruled on, screened and written into the audit log.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.base import Left
from tasuki.shared.access.finding import SUBJECT_LIMIT, Within, candidates, within
from tasuki.shared.access.pages import Pages
from tasuki.shared.access.reading import Opened
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.refusals import not_found
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import meaning_of, parse_resource
from tasuki.shared.fhir.search.sorting import in_order as sort_in_order
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search import Chain, Query, Reverse

BREATH = 200  # rows judged at a stretch before other requests get their turn
# References by which a resource says whom it is about: what they lead to is the owner.
_TO_THE_OWNER = frozenset({"patient", "subject", "beneficiary"})


@dataclass(frozen=True, slots=True)
class Hit:
    """A row the caller may see.

    Attributes:
        meaning: Its content with numbers as plain floats; what is sent is `stored.body`.
        basis: What the permission rests on.
    """

    stored: Stored
    meaning: Resource
    basis: str

    @property
    def key(self) -> tuple[str, str]:
        """Its (type, id)."""
        return self.stored.type, self.stored.id


@dataclass(frozen=True, slots=True)
class Wanted:
    """One search, on one type or several.

    Attributes:
        queries: One for each type, in the same words.
        patient: The Patient whose compartment is searched; None for no compartment.
        operation: What asks, where it is not the plain search, e.g. `$lastn`.
    """

    queries: tuple[Query, ...]
    patient: str | None = None
    operation: str = ""

    @property
    def types(self) -> tuple[str, ...]:
        """The types searched."""
        return tuple(query.resource_type for query in self.queries)

    @property
    def asked(self) -> str:
        """What was asked, for the sealed audit record."""
        place = "" if self.patient is None else f"Patient/{self.patient}/"
        types = ",".join(self.types) + (f"/{self.operation}" if self.operation else "")
        return f"{place}{types}?{self.queries[0].canonical()}"


class Searching(Pages):
    """What a caller may find."""

    # Whom the search that is going on has come down to, so that no match is an answer about them.
    _sought: frozenset[str] = frozenset()
    # Those of them whom the caller named, or was let see.
    _confined: frozenset[str] = frozenset()

    async def search(self, query: Query) -> list[Opened]:
        """Return every match the caller may see, in the order the query asks for.

        Raises:
            Fault: FORBIDDEN, TOO_COSTLY.
        """
        wanted = Wanted((query,))
        hits = await self.find(wanted)
        await self.leave_search_leaves(wanted, hits, found=hits)
        return [Opened(hit.stored, parse_resource(hit.stored.body or b"")) for hit in hits]

    async def find(self, wanted: Wanted) -> list[Hit]:
        """Return every match the caller may see, in order; the caller of this leaves the leaf.

        Raises:
            Fault: FORBIDDEN, TOO_COSTLY; NOT_FOUND for the compartment of nobody.
        """
        self._sought = self._confined = frozenset()
        for query in wanted.queries:
            self.require_some_scope(query.resource_type, Interaction.SEARCH)
            if OWNERSHIP[query.resource_type].element is not None:
                self.require_one_person(_named(replace(wanted, queries=(query,))))
        where = Within()
        if wanted.patient is not None:
            head = await self._unit.head("Patient", wanted.patient)
            if head is None or head.deleted:
                raise not_found("absent", entities=(f"Patient/{wanted.patient}",))
            await self.require(Interaction.SEARCH, wanted.patient, *wanted.types)
            where = Within(owners=frozenset({wanted.patient}))
        hits: list[Hit] = []
        confined = frozenset[str]()
        for query in wanted.queries:
            hits += await self._hits(query, where, wanted)
            confined |= self._confined
        self._confined = confined
        if not hits and wanted.patient is None:
            await self._say_refusal(wanted)
        return in_order(wanted, hits)

    async def again(self, wanted: Wanted, keys: Sequence[tuple[str, str, int]]) -> list[Hit]:
        """Return those of these versions that the caller may see now, in this order."""
        for query in wanted.queries:
            self.require_some_scope(query.resource_type, Interaction.SEARCH)
        found = {(one.type, one.id): one for one in await self._unit.versions(keys)}
        rulings = {
            key: await self.ruling(Interaction.SEARCH, one.owner, *wanted.types)
            for key, one in found.items()
        }
        await self.look_through(found.values())
        hidden = await self.withdrawn(rulings)
        hits = []
        for type_, id_, _ in keys:
            stored = found.get((type_, id_))
            if stored is None or stored.body is None or (type_, id_) in hidden:
                continue
            meaning, ruling = meaning_of(stored.body), rulings[(type_, id_)]
            if ruling.admits_stored(stored):
                hits.append(Hit(stored, meaning, ruling.basis))
        return hits

    async def leave_search_leaves(
        self, wanted: Wanted, shown: Sequence[Hit], *, found: Sequence[Hit] | None = None
    ) -> None:
        """Leave a leaf for everybody of whom something is shown, or counted, or was asked for.

        Args:
            wanted: The search.
            shown: What leaves.
            found: All that the number tells of; None on further pages, which tell nothing new.
        """
        about = {
            hit.stored.owner: Left(Action.SEARCH, hit.stored.owner, (), hit.basis, wanted.asked)
            for hit in reversed((*shown, *(found or ())))
        }
        entities: dict[str, list[str]] = {}
        for hit in shown:
            entities.setdefault(hit.stored.owner, []).append(f"{hit.stored.type}/{hit.stored.id}")
        for owner, named in entities.items():
            about[owner] = replace(about[owner], entities=tuple(named))
        left_for = [about[owner] for owner in sorted(about)]
        counted = [hit for hit in found or () if hit not in shown]
        for hit in counted:
            one = Left(Action.SEARCH, NOBODY, ("/".join(hit.key),), hit.basis)
            left_for += [replace(each, entities=()) for each in self.for_members(one)]
        if found is not None or not about:
            left_for += await self._absences(wanted, about.keys())
        await self.leave_each(left_for)

    async def kept_back(self, wanted: Wanted) -> frozenset[str]:
        """Return the types of which consent lets nothing of somebody out whom the search names.

        So that "withheld" does not read as "none"; whoever is refused openly could ask for it alone.
        """
        types: set[str] = set()
        for owner in sorted((_named(wanted) | self._confined) - {NOBODY}):
            ruling = await self.ruling(Interaction.SEARCH, owner, *wanted.types)
            if ruling.permitted:
                types |= ruling.withheld_types & frozenset(wanted.types)
            elif not ruling.hidden:
                types |= frozenset(wanted.types)
        return frozenset(types)

    async def _absences(self, wanted: Wanted, told: Collection[str]) -> list[Left]:
        """That there is nothing is told too, and about the people who were named."""
        asked = [
            (owner, await self.ruling(Interaction.SEARCH, owner, *wanted.types))
            for owner in sorted((_named(wanted) | self._sought) - {NOBODY, *told})
        ]
        about = [owner for owner, ruling in asked if ruling.permitted]
        if not about and not told:
            about = [NOBODY]
        return [Left(Action.SEARCH, owner, (), "no-match", wanted.asked) for owner in about]

    async def _say_refusal(self, wanted: Wanted) -> None:
        """Asked of one person by name, a refusal is said and not shown as an empty record."""
        subjects = _named(wanted)
        if len(subjects) == 1:
            await self.require(Interaction.SEARCH, next(iter(subjects)), *wanted.types)

    async def _hits(self, query: Query, where: Within, wanted: Wanted) -> list[Hit]:
        mine = within(query, self._caller.principal)
        where = where.narrowed(owners=mine.owners, ids=mine.ids)
        accepts: list[Callable[[Resource], bool]] = []
        if query.chains or query.reverses:
            where, accepts = await self._followed(query, where)
        rows = await candidates(self._unit, query, where, self._shown)
        # Last by the search itself, after its chains; who comes for one person asks about them anyway.
        self._confined = where.owners or mine.owners or frozenset()
        self._sought |= self._confined
        if query.identifier_tokens():
            self._sought |= {row.owner for row in rows}
        matched = await _matching(rows, [query.matches, *accepts])
        await self.look_through(stored for stored, _ in matched)
        hits: list[Hit] = []
        for stored, meaning in matched:
            ruling = await self.ruling(Interaction.SEARCH, stored.owner, *wanted.types)
            if ruling.admits_stored(stored):
                hits.append(Hit(stored, meaning, ruling.basis))
        return hits

    async def _shown(self, rows: Sequence[Stored]) -> list[Stored]:
        """Return those of these rows that the caller may see."""
        await self.look_through(rows)
        return [
            row
            for row in rows
            if (await self.ruling(Interaction.SEARCH, row.owner, row.type)).admits_stored(row)
        ]

    async def _followed(
        self, query: Query, where: Within
    ) -> tuple[Within, list[Callable[[Resource], bool]]]:
        """Return where the matches of the chains are, and what each match must point to.

        A chain sees what its caller may see and nothing else, since each link is a search of its
        own behind this gate.
        """
        people = await self._people_of(query, where)
        self._sought |= people or frozenset()
        accepts: list[Callable[[Resource], bool]] = []
        for chain in query.chains:
            pointed = await self._pointed(chain, people)
            accepts.append(_points_to(chain, pointed))
            if chain.parameter.code in _TO_THE_OWNER or not pointed:
                owners = frozenset(id_ for type_, id_ in pointed if type_ == "Patient")
                where = where.narrowed(owners=owners)
        for reverse in query.reverses:
            where = where.narrowed(ids=await self._pointing(reverse, people))
        return where, accepts

    async def _pointed(
        self, chain: Chain, people: frozenset[str] | None
    ) -> frozenset[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        to_owner = chain.parameter.code in _TO_THE_OWNER
        for inner in chain.queries:
            # A Patient may point to another Patient, or to somebody's through them.
            inside = people if to_owner or inner.resource_type != "Patient" else None
            if to_owner and inner.identifier_tokens():
                inside = None  # found at once, and asked for by name: so it is known who was
            found.update(hit.key for hit in await self._linked(inner, inside))
        return frozenset(found)

    async def _pointing(self, reverse: Reverse, people: frozenset[str] | None) -> frozenset[str]:
        hits = await self._linked(reverse.query, people)
        return frozenset(id_ for hit in hits for _, id_ in reverse.targets_of(hit.meaning))

    async def _linked(self, query: Query, people: frozenset[str] | None) -> list[Hit]:
        self.require_some_scope(query.resource_type, Interaction.SEARCH)
        about_nobody = OWNERSHIP[query.resource_type].element is None
        inside = Within() if about_nobody else Within(owners=people)
        return await self._hits(query, inside, Wanted((query,)))

    async def _people_of(self, query: Query, where: Within) -> frozenset[str] | None:
        """Return the only people the matches can be about, where the rest of the query says so."""
        if not query.terms and where.ids is None:
            return where.owners
        try:
            found = await candidates(self._unit, query, where, self._shown)
        except Fault as fault:
            if fault.category is Category.TOO_COSTLY:
                return where.owners  # the chains may narrow it
            raise
        people = frozenset(
            one.owner for one in found if one.body and query.matches(meaning_of(one.body))
        )
        return where.owners if NOBODY in people or len(people) > SUBJECT_LIMIT else people


def in_order(wanted: Wanted, hits: list[Hit]) -> list[Hit]:
    """Return the hits in the order the search asks for."""
    keys = {query.resource_type: query.results.sort for query in wanted.queries}
    ordered = sort_in_order(keys, [hit.meaning for hit in hits])
    order = {id(one): rank for rank, one in enumerate(ordered)}
    return sorted(hits, key=lambda hit: order[id(hit.meaning)])


def _named(wanted: Wanted) -> frozenset[str]:
    """Return the people a search is about by its own words; empty where it names none."""
    if wanted.patient is not None:
        return frozenset({wanted.patient})
    named = [query.subject_ids() for query in wanted.queries]
    return frozenset().union(*(ids for ids in named if ids is not None))


async def _matching(
    rows: Sequence[Stored], accepts: Sequence[Callable[[Resource], bool]]
) -> list[tuple[Stored, Resource]]:
    """Return the rows that all of these accept, each with its meaning."""
    matched: list[tuple[Stored, Resource]] = []
    for count, stored in enumerate(rows, start=1):
        if count % BREATH == 0:
            await asyncio.sleep(0)
        meaning = meaning_of(stored.body or b"{}")
        if stored.body is not None and all(accept(meaning) for accept in accepts):
            matched.append((stored, meaning))
    return matched


def _points_to(chain: Chain, pointed: frozenset[tuple[str, str]]) -> Callable[[Any], bool]:
    return lambda meaning: not pointed.isdisjoint(chain.targets_of(meaning))
