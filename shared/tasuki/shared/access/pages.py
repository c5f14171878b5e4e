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
    from tasuki.shared.access.rulings import Ruling

KEPT_FOR = timedelta(hours=1)


class Pages(AtTheGate):
    """What a caller left for later."""

    async def lay_aside(self, shelf: str, rest: Mapping[str, Any]) -> str:
        """Keep the rest of an answer and return the name it is asked for by."""
        name = self._ids.new()
        body = render({"for": self._holder(), "rest": rest})
        await self._unit.keep(shelf, name, body, self._desk.clock.now() + KEPT_FOR)
        return name

    async def taken_up(self, shelf: str, name: str) -> Any:
        """Return what was laid aside under this name.

        Raises:
            Fault: GONE where it is over, was never there, or was kept for somebody else.
        """
        body = await self._unit.kept(shelf, name, self._desk.clock.now())
        kept = None if body is None else parse(body)
        if kept is None or kept["for"] != self._holder():
            raise not_kept()
        return kept["rest"]

    def _holder(self) -> list[str]:
        return [*bound_to(self._caller.principal), str(self._caller.principal.scopes)]

    async def withdrawn(self, rulings: Mapping[tuple[str, str], Ruling]) -> set[tuple[str, str]]:
        """Return those of these (type, id) that must not be seen as they are now.

        Who may see all but some may not be shown an older version of what is one of those by now,
        or is no more.
        """
        screened = {key: ruling for key, ruling in rulings.items() if ruling.screen is not None}
        hidden = set(screened)
        for type_ in sorted({type_ for type_, _ in screened}):
            ids = sorted(id_ for of_type, id_ in screened if of_type == type_)
            heads = await self._unit.by_ids(type_, ids)
            await self.look_through(heads)
            for head in heads:
                key = (type_, head.id)
                if screened[key].admits_stored(head):
                    hidden.discard(key)
        return hidden


def not_kept() -> Fault:
    """Return the answer about a page that is not here: over, never made, or somebody else's."""
    return Fault(Category.GONE, "this page is not kept any longer; ask again from the start")


def bound_to(principal: Principal) -> list[str]:
    """Return who somebody is to what is kept for them: the same with every token of theirs."""
    return [
        principal.issuer,
        principal.subject,
        principal.client_id,
        principal.role.value,
        principal.purpose,
        principal.patient or "",
        principal.organization or "",
        principal.region or "",
        *principal.actor,
    ]
