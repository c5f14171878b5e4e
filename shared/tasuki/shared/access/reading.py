"""Reading through the gate: every row is ruled on, filtered and written into the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.base import NOT_BY_THEMSELVES
from tasuki.shared.access.refusals import not_found
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.access.untold import Untold
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.audit.proven import Evidence
    from tasuki.shared.fhir.json import Resource


@dataclass(frozen=True, slots=True)
class Opened:
    """A version that may leave, with its content parsed."""

    stored: Stored
    resource: Resource


class Reading(Untold):
    """What a caller may read."""

    # Whose compartment held something of which type that may not pass, and of which that may be said.
    _masked: frozenset[tuple[str, str]] = frozenset()

    async def read(self, type_: str, id_: str) -> Stored:
        """Return the current version.

        Raises:
            Fault: NOT_FOUND, FORBIDDEN; GONE where it was deleted.
        """
        self.require_some_scope(type_, Interaction.READ)
        found = await self._unit.head(type_, id_, self._decider.feed)
        return await self._disclosed(found, type_, Interaction.READ)

    async def vread(self, type_: str, id_: str, version: int) -> Stored:
        """Return one version; see `read`."""
        self.require_some_scope(type_, Interaction.VREAD)
        found = await self._unit.version(type_, id_, version)
        return await self._disclosed(found, type_, Interaction.VREAD)

    async def compartment(self, patient: str, types: Sequence[str], action: Action) -> list[Opened]:
        """Return the person's live resources of these types that the caller may see.

        Types the token has no scope for are a refusal, not an omission. What the ruling withholds
        is left out; the caller learns so from `withheld`.
        """
        for type_ in types:
            self.require_scope(type_, Interaction.READ)
        head = await self._unit.head("Patient", patient)
        if head is None or head.deleted:
            raise not_found("absent", entities=(f"Patient/{patient}",))
        ruling = await self.require(Interaction.READ, patient, *types)
        rows = await self._unit.of_owner(patient, types)
        await self.look_through(rows)
        opened = [
            Opened(stored, parse_resource(stored.body))
            for stored in rows
            if stored.body is not None
        ]
        admitted = [one for one in opened if ruling.admits(one.resource)]
        self._masked |= {(patient, one.stored.type) for one in opened if ruling.masks(one.resource)}
        entities = (f"Patient/{patient}", *sorted({one.stored.type for one in admitted}))
        await self.leave_leaf(action, patient, tuple(dict.fromkeys(entities)), ruling.basis)
        return admitted

    async def withheld(self, patient: str, types: Sequence[str]) -> frozenset[str]:
        """Return of which of these types something is withheld about this person.

        Wholly, by the ruling; or a part of what `compartment` looked at, where that may be said.
        """
        ruling = await self.ruling(Interaction.READ, patient, *types)
        masked = {type_ for of, type_ in self._masked if of == patient}
        return (ruling.withheld_types | masked) & frozenset(types)

    async def network_tokens(self, patient: str) -> tuple[str, ...]:
        """Return the tokens (hex) under which other regions know this person."""
        return await self._unit.tokens_of_owner(patient)

    async def unreadable(self, patient: str) -> int:
        """Return how many entries about this person lie in quarantine."""
        return await self._unit.quarantine_count(patient)

    async def disclosures(
        self, tokens: Sequence[str], limit: int, skip: int = 0
    ) -> tuple[int, list[Resource]]:
        """Return audit events about whoever carries these network tokens: how many, and a page.

        Newest first; looking is recorded once, with the first page.
        """
        owners = await self._who_looked_at(tokens, first=not skip)
        total = await self._unit.audit_count(owners)
        events = await self._unit.audit_events(owners, limit, skip)
        return total, await self.without_untold([parse_resource(event) for event in events])

    async def proven_disclosures(
        self, tokens: Sequence[str], limit: int, skip: int = 0
    ) -> tuple[int, list[Resource], Evidence]:
        """Return the same, and what proves each event of the page, in its order."""
        owners = await self._who_looked_at(tokens, first=not skip)
        total = await self._unit.audit_count(owners)
        evidence = await self._unit.audit_proven(owners, limit, skip)
        events = [parse_resource(one.event) for one in evidence.events]
        return total, await self.without_untold(events), evidence

    async def _who_looked_at(self, tokens: Sequence[str], *, first: bool) -> list[str]:
        """Return the people under these tokens; that they are asked about is recorded once."""
        owners = await self._unit.owners_of_tokens(tokens)
        for owner in owners:
            ruling = await self.require(Interaction.SEARCH, owner, "AuditEvent")
            if first:
                await self.leave_leaf(Action.READ, owner, ("AuditEvent",), ruling.basis)
        return owners

    async def about_nobody(self, references: Sequence[tuple[str, str]]) -> list[Opened]:
        """Return live resources that are about no person (Organization …), where scope allows."""
        opened: list[Opened] = []
        for type_ in sorted({type_ for type_, _ in references} - NOT_BY_THEMSELVES):
            if not self._caller.principal.scopes.allows(type_, Interaction.READ.letter):
                continue
            ids = [id_ for of_type, id_ in references if of_type == type_]
            opened.extend(
                Opened(stored, parse_resource(stored.body))
                for stored in await self._unit.by_ids(type_, ids)
                if not stored.owner and stored.body is not None
            )
        return opened

    async def _disclosed(
        self, found: Stored | None, type_: str, interaction: Interaction
    ) -> Stored:
        if found is None:
            raise not_found("absent")
        entity = f"{type_}/{found.id}/_history/{found.version}"
        ruling = await self.require(interaction, found.owner, type_)
        if ruling.screen is not None and not await self._may_be_seen(found, ruling, interaction):
            raise not_found("label", owner=found.owner, entities=(entity,))
        if found.body is None:
            raise Fault(Category.GONE, "the resource has been deleted")
        action = Action.READ if interaction is Interaction.READ else Action.VREAD
        await self.leave_leaf(action, found.owner, (entity,), ruling.basis)
        return found
