"""The rest of a long answer, laid aside for its caller alone.

A page is named by a random id in a link. What it stands for is sealed in the database with the
caller it was made for: another account, client, purpose or scope finds nothing under that name, as
does everybody when its time is up. What is on it is ruled on again when it is asked for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.base import AtTheGate
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.access.principal import Principal

KEPT_FOR = timedelta(hours=1)


class Pages(AtTheGate):
    """What a caller left for later."""

    async def lay_aside(self, shelf: str, rest: Mapping[str, Any]) -> str:
        """Keep the rest of an answer and return the name it is asked for by."""
        name = self._ids.new()
        body = render({"for": _bound_to(self._caller.principal), "rest": rest})
        await self._unit.keep(shelf, name, body, self._desk.clock.now() + KEPT_FOR)
        return name

    async def taken_up(self, shelf: str, name: str) -> Any:
        """Return what was laid aside under this name.

        Raises:
            Fault: GONE where it is over, was never there, or was kept for somebody else.
        """
        body = await self._unit.kept(shelf, name, self._desk.clock.now())
        kept = None if body is None else parse(body)
        if kept is None or kept["for"] != _bound_to(self._caller.principal):
            raise Fault(Category.GONE, "this page is not kept any longer; ask again from the start")
        return kept["rest"]


def _bound_to(principal: Principal) -> list[str | None]:
    return [
        principal.issuer,
        principal.subject,
        principal.client_id,
        principal.role.value,
        principal.purpose,
        principal.patient,
        principal.organization,
        principal.region,
        str(principal.scopes),
    ]
