"""The latest Observations of a person through the gate, for `Observation/$lastn`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.shared.access.searching import Searching, Wanted
from tasuki.shared.fhir.latest import latest

if TYPE_CHECKING:
    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.search import Query


class LatestObservations(Searching):
    """What a caller may see of how somebody is now."""

    async def last_observations(self, query: Query, most: int) -> list[Stored]:
        """Return the `most` latest of each kind among what the query finds of one person.

        What is withheld does not count: the latest is the latest this caller may see.

        Raises:
            Fault: NOT_FOUND, FORBIDDEN.
        """
        wanted = Wanted((query,))
        found = {id(hit.meaning): hit for hit in await self.find(wanted)}
        last = latest([hit.meaning for hit in found.values()], most)
        shown = [found[id(one)] for one in last]
        await self.leave_search_leaves(replace(wanted, operation="$lastn"), shown, found=shown)
        return [hit.stored for hit in shown]
