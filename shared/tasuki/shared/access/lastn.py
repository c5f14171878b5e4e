"""The latest Observations of a person through the gate, for `Observation/$lastn`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.latest import latest

if TYPE_CHECKING:
    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.search import Query

OBSERVATION = "Observation"


class LatestObservations(AtTheGate):
    """What a caller may see of how somebody is now."""

    async def last_observations(self, query: Query, most: int) -> list[Stored]:
        """Return the `most` latest of each kind among what the query finds of one person.

        What is withheld does not count: the latest is the latest this caller may see.

        Raises:
            Fault: NOT_FOUND, FORBIDDEN.
        """
        self.require_scope(OBSERVATION, Interaction.SEARCH)
        (patient,) = query.subject_ids() or ("",)
        ruling = await self.require(Interaction.SEARCH, patient, OBSERVATION)
        found = {
            id(resource): (resource, stored)
            for stored in await self._unit.of_owner(patient, [OBSERVATION])
            if stored.body is not None
            and query.matches(resource := parse_resource(stored.body))
            and ruling.admits(resource)
        }
        shown = [
            found[id(one)][1] for one in latest([resource for resource, _ in found.values()], most)
        ]
        entities = tuple(f"{OBSERVATION}/{one.id}" for one in shown)
        asked = f"{OBSERVATION}/$lastn?{query.canonical()}"
        await self.leave_leaf(Action.SEARCH, patient, entities, ruling.basis, query=asked)
        return shown
