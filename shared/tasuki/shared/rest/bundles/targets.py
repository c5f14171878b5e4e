"""What the entries of a transaction end at: found under their conditions before anything is done.

https://hl7.org/fhir/R4/http.html#trules

Two entries that end at the same resource fail the whole: one of them would be lost unseen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.conditional import require_own_id
from tasuki.shared.access.subjects import placed
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.identifiers import identifiers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasuki.shared.access.gate import Records
    from tasuki.shared.access.records import Stored
    from tasuki.shared.access.subjects import Key
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search import Query
    from tasuki.shared.ids import IdSource
    from tasuki.shared.rest.bundles.entries import Entry

COMPARED_AT_MOST = 250_000  # resources of one Bundle asked whether they meet its conditions


@dataclass(frozen=True, slots=True)
class Target:
    """What an entry that writes ends at.

    Attributes:
        id: Empty where a deletion finds nothing.
        is_new: Whether the entry makes it.
        found: What a condition found.
    """

    entry: Entry
    id: str
    is_new: bool
    found: Stored | None = None

    @property
    def key(self) -> Key:
        """Type and logical id."""
        return self.entry.type, self.id

    @property
    def is_kept(self) -> bool:
        """Whether a conditional create has nothing to do."""
        return self.entry.method == "POST" and not self.is_new


class Coming:
    """Resources that come with a Bundle, asked whether they meet criteria."""

    def __init__(self, bodies: Mapping[Key, Resource]) -> None:
        self._bodies = bodies
        self._compared = 0
        self._of_type: defaultdict[str, list[Key]] = defaultdict(list)
        self._by_value: defaultdict[tuple[str, str], list[Key]] = defaultdict(list)
        for key, body in bodies.items():
            self._of_type[key[0]].append(key)
            for _, value in identifiers_of(body):
                self._by_value[key[0], value].append(key)

    def matching(self, query: Query) -> set[Key]:
        """Return those that meet the criteria.

        Raises:
            Fault: TOO_COSTLY where too many would have to be compared for one Bundle.
        """
        values = {value for _, value in query.identifier_tokens()}
        pool = (
            [key for value in values for key in self._by_value[query.resource_type, value]]
            if values
            else self._of_type[query.resource_type]
        )
        self._compared += len(pool)
        if self._compared > COMPARED_AT_MOST:
            raise Fault(
                Category.TOO_COSTLY, "the conditions of this Bundle are too many; use identifiers"
            )
        return {key for key in pool if query.matches(self._bodies[key])}


async def find_targets(records: Records, ids: IdSource, entries: Sequence[Entry]) -> list[Target]:
    """Return what each writing entry ends at, in their order; nothing is written yet.

    Raises:
        Fault: PRECONDITION where several resources match; INVALID where two entries end at the
            same; others as `Conditional.matched`, with the place.
    """
    conditional = [entry for entry in entries if entry.query is not None]
    if conditional:
        await records.hold(
            [entry.query for entry in conditional if entry.query is not None],
            [
                entry.resource
                for entry in conditional
                if entry.resource is not None and entry.method != "PATCH"
            ],
        )
    targets = [await _target(records, ids, entry) for entry in entries]
    require_distinct(targets)
    return targets


async def _target(records: Records, ids: IdSource, entry: Entry) -> Target:
    if entry.query is None:
        is_new = entry.method == "POST"
        return Target(entry, ids.new() if is_new else entry.id, is_new)
    with placed(entry.place):
        found = await records.matched(entry.query)
        if entry.method == "PUT" and entry.resource is not None:
            require_own_id(entry.resource, found)
        if found is not None:
            return Target(entry, found.id, is_new=False, found=found)
        if entry.if_match is not None:
            raise Fault(Category.PRECONDITION, "no resource matches the condition")
        if entry.method == "PATCH":
            raise Fault(Category.NOT_FOUND, "no resource matches the condition")
    if entry.method == "DELETE":
        return Target(entry, "", is_new=False)
    return Target(entry, ids.new(), is_new=True)


def require_distinct(targets: Sequence[Target]) -> None:
    """Refuse entries that end at the same resource, also where one would match what another makes.

    Raises:
        Fault: INVALID.
    """
    counted = Counter(target.key for target in targets if target.id)
    full_urls = Counter(target.entry.full_url for target in targets if target.entry.full_url)
    if any(n > 1 for n in (*counted.values(), *full_urls.values())):
        raise _same()
    coming = Coming(bodies_of(targets))
    for target in targets:
        query = target.entry.query
        if query is not None and coming.matching(query) - {target.key}:
            raise _same(target.entry.place)


def bodies_of(targets: Iterable[Target]) -> dict[Key, Resource]:
    """Return what the entries bring, as it came, by what it will be."""
    return {
        target.key: target.entry.resource
        for target in targets
        if target.entry.resource is not None
        and target.entry.method != "PATCH"
        and not target.is_kept
    }


def _same(place: str = "") -> Fault:
    at = (place,) if place else ("entry",)
    return Fault(Category.INVALID, "two entries of a transaction name the same resource", at=at)
