"""Conditional interactions: what is written depends on what is found, and exactly one writer wins.

https://hl7.org/fhir/R4/http.html#ccreate and #cond-update

Matching goes through the gate: what the caller may not see does not match. Whoever asks under the
same criteria, or sends or names the same identifier, waits until the other is done; so of many at
once one creates, and the others find it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from tasuki.shared.access.rehearsing import Rehearsing
from tasuki.shared.access.searching import Searching
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.identifiers import identifiers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search import Query

# Locks are shared out over so many places: a transaction with thousands of conditions must not fill
# the lock table of the database, which has some thousands of places for all its connections.
PLACES = 256


class Conditional(Searching, Rehearsing):
    """What a caller may write on a condition."""

    async def hold(self, queries: Sequence[Query], bodies: Sequence[Resource] = ()) -> None:
        """Wait for others who may be about the same resources, and keep them waiting in turn.

        To be called once, before anything else in the transaction is looked at.

        Args:
            queries: The criteria.
            bodies: What will be written where nothing matches.
        """
        places = {_place(key) for key in _keys(queries, bodies)}
        for place in sorted(places):  # in one order everywhere, against deadlocks
            await self._unit.lock("conditional", str(place))

    async def matched(self, query: Query) -> Stored | None:
        """Return the one live resource that matches; None where none does.

        Raises:
            Fault: PRECONDITION where several match; FORBIDDEN, TOO_COSTLY.
        """
        found = await self.search(query)
        if len(found) > 1:
            raise Fault(Category.PRECONDITION, "several resources match the condition")
        return found[0].stored if found else None

    async def create_unless(self, query: Query, resource: Resource) -> tuple[Stored, bool]:
        """Write a new resource unless one matches; return it, or the match, and whether it is new.

        Raises:
            Fault: As `matched` and `create`.
        """
        await self.hold([query], [resource])
        found = await self.matched(query)
        if found is not None:
            return found, False
        return await self.create(resource), True

    async def update_where(
        self, query: Query, resource: Resource, *, if_match: int | None = None
    ) -> tuple[Stored, bool]:
        """Write a further version of the match, else a new resource; return it and whether it is.

        Raises:
            Fault: As `matched`, `create` and `update`; INVALID for another id than the match's;
                NOT_SUPPORTED for an id where nothing matches.
        """
        await self.hold([query], [resource])
        found = await self.matched(query)
        require_own_id(resource, found)
        if found is not None:
            return await self.update(found.id, resource, if_match=if_match), False
        if if_match is not None:
            raise _no_match()
        return await self.create(resource), True

    async def patch_where(
        self,
        query: Query,
        change: Callable[[Resource], Resource],
        *,
        if_match: int | None = None,
    ) -> Stored:
        """Patch the match.

        Raises:
            Fault: As `matched` and `patch`; NOT_FOUND where nothing matches.
        """
        await self.hold([query])
        found = await self.matched(query)
        if found is None:
            raise Fault(Category.NOT_FOUND, "no resource matches the condition")
        return await self.patch(found.type, found.id, change, if_match=if_match)

    async def delete_where(self, query: Query, *, if_match: int | None = None) -> Stored | None:
        """Delete the match and return its deletion; None where nothing matches.

        Raises:
            Fault: As `matched` and `delete`.
        """
        await self.hold([query])
        found = await self.matched(query)
        if found is not None:
            return await self.delete(found.type, found.id, if_match=if_match)
        if if_match is not None:
            raise _no_match()
        return None


def require_own_id(resource: Resource, found: Stored | None) -> None:
    """Refuse a body whose id is not that of the match; new ids are the server's to give."""
    given = resource.get("id")
    if given is None or (found is not None and given == found.id):
        return
    if found is not None:
        raise Fault(Category.INVALID, "the id in the body is not the id of the match", at=("id",))
    raise Fault(
        Category.NOT_SUPPORTED,
        "nothing matches, and this server assigns the ids of new resources: send it without an id",
        at=("id",),
    )


def _no_match() -> Fault:
    return Fault(Category.PRECONDITION, "no resource matches the condition, so no version does")


def _keys(queries: Sequence[Query], bodies: Sequence[Resource]) -> Iterator[tuple[str, ...]]:
    """Yield what two requests have in common if they may be about one resource.

    An identifier counts by its value: one may name its system and another not.
    """
    for query in queries:
        yield ("criteria", query.resource_type, *(f"{n}={v}" for n, v in sorted(query.used)))
        for term in query.terms:
            if term.parameter.code == "identifier":
                for token in term.tokens:
                    yield ("identifier", query.resource_type, str(token.code))
    for body in bodies:
        for _, value in identifiers_of(body):
            yield ("identifier", str(body["resourceType"]), value)


def _place(key: tuple[str, ...]) -> int:
    return int.from_bytes(sha256("\x1f".join(key).encode()).digest()[:8], "big") % PLACES
