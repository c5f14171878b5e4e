"""Finding people through the gate: by compound look-up keys, never by a name alone.

Tokens are cut short, so whatever they point to is opened and compared before it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.derived import person_keys
from tasuki.shared.access.finding import NO_ONE
from tasuki.shared.access.reading import Opened
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.shared.access.derived import PersonKeys


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """The Patients that fit and that the caller may see.

    Attributes:
        people: By id; empty where they are too many to be shown.
        count: How many fit.
    """

    people: tuple[Opened, ...]
    count: int


class People(AtTheGate):
    """Whom a caller may find."""

    async def find_people(self, keys: PersonKeys, *, most: int, query: str) -> FoundPeople:
        """Return the Patients with any of these keys.

        Args:
            keys: (index, parts) as `derived.person_keys` makes them.
            most: Above this number only the number is told.
            query: What was asked, for the sealed audit record.

        Raises:
            Fault: FORBIDDEN without the scope to search.
        """
        self.require_scope("Patient", Interaction.SEARCH)
        self.require_one_person(())
        found = {one.stored.id: (one, basis) async for one, basis in self._carriers(keys)}
        if not found or len(found) > most:
            basis = "too-many" if found else "no-match"
            await self.leave_leaf(Action.MATCH, NOBODY, (), basis, query=query)
            return FoundPeople((), len(found))
        for id_, (one, basis) in found.items():
            await self.leave_leaf(
                Action.MATCH, one.stored.owner, (f"Patient/{id_}",), basis, query=query
            )
        return FoundPeople(tuple(one for one, _ in found.values()), len(found))

    async def sought_for_override(self, keys: PersonKeys, *, query: str) -> str | None:
        """Return the id of the one Patient with any of these keys; None where it is not exactly one.

        For an emergency override of somebody whose record is not even shown to be there. Nothing
        leaves but the id, which opens nothing by itself; that it was asked for is recorded.

        Raises:
            Fault: FORBIDDEN without the scope to search.
        """
        self.require_scope("Patient", Interaction.SEARCH)
        owners = {one.stored.owner async for one in self._who_carry(keys)}
        owner = next(iter(owners)) if len(owners) == 1 else NOBODY
        basis = "override-sought" if owner != NOBODY else "no-match"
        await self.leave_leaf(Action.MATCH, owner, (), basis, query=query)
        return owner or None

    async def other_records(self, patient: str) -> list[str]:
        """Return the ids of this person's further Patient records here, linked by exact identity."""
        tokens = await self._unit.tokens_of_owner(patient)
        owners = await self._unit.owners_of_tokens(tokens) if tokens else []
        return [owner for owner in owners if owner != patient]

    async def _carriers(self, keys: PersonKeys) -> AsyncIterator[tuple[Opened, str]]:
        """Yield the permitted Patients that really carry a key, each with the ruling's basis."""
        async for one in self._who_carry(keys):
            ruling = await self.ruling(Interaction.SEARCH, one.stored.owner, "Patient")
            if ruling.admits(one.resource):
                yield one, ruling.basis

    async def _who_carry(self, keys: PersonKeys) -> AsyncIterator[Opened]:
        """Yield the Patients that really carry a key, permitted or not."""
        pointed = {
            id_ for index, parts in keys for id_ in await self._unit.by_person_key(index, parts)
        }
        for stored in await self._unit.by_ids("Patient", sorted(pointed) or [NO_ONE]):
            if stored.body is None:
                continue
            resource = parse_resource(stored.body)
            if set(keys) & set(person_keys(resource)):
                yield Opened(stored, resource)
