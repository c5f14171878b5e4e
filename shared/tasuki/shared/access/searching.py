"""Searching through the gate: every match is ruled on, screened and written into the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.finding import candidates
from tasuki.shared.access.reading import Opened
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.fhir.search import Query


class Searching(AtTheGate):
    """What a caller may find."""

    async def search(self, query: Query) -> list[Opened]:
        """Return every match the caller may see, in the order the query asks for.

        Raises:
            Fault: FORBIDDEN, TOO_COSTLY.
        """
        self.require_scope(query.resource_type, Interaction.SEARCH)
        found = await candidates(self._unit, query, self._caller.principal)
        matches: list[Opened] = []
        bases: dict[str, str] = {}
        for stored in found:
            ruling = await self.ruling(Interaction.SEARCH, stored.owner, query.resource_type)
            if not ruling.permitted or stored.body is None:
                continue
            resource = parse_resource(stored.body)
            if query.matches(resource) and ruling.admits(resource):
                matches.append(Opened(stored, resource))
                bases[stored.owner] = ruling.basis
        subjects = query.subject_ids()
        if not matches and subjects and len(subjects) == 1:
            # Asked of one person by name: a refusal is said, not shown as an empty record.
            await self.require(Interaction.SEARCH, next(iter(subjects)), query.resource_type)
        await self._leave_search_leaves(query, matches, bases)
        order = {
            id(one): rank for rank, one in enumerate(query.sorted([m.resource for m in matches]))
        }
        return sorted(matches, key=lambda match: order[id(match.resource)])

    async def _leave_search_leaves(
        self, query: Query, matches: Sequence[Opened], bases: dict[str, str]
    ) -> None:
        asked = f"{query.resource_type}?{query.canonical()}"
        for owner, basis in sorted(bases.items()):
            entities = tuple(
                f"{one.stored.type}/{one.stored.id}" for one in matches if one.stored.owner == owner
            )
            await self.leave_leaf(Action.SEARCH, owner, entities, basis, query=asked)
        if not bases:
            await self.leave_leaf(Action.SEARCH, "", (), "no-match", query=asked)
