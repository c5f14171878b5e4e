"""Asking whether something could be written, without writing it.

The answer tells what the interaction itself would tell, so the rules are the same ones, and the
question leaves an audit leaf. A yes is of this moment: only the interaction itself is sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.access.proposals import Proposed
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.writing import Writing
from tasuki.shared.audit.shapes import Action

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource


class Rehearsing(Writing):
    """What a caller may write, and may ask about before."""

    async def could_create(self, resource: Resource) -> None:
        """Raise what `create` would raise."""
        proposed = Proposed.creation(resource, self._ids.new())
        ready = await self._prepared([proposed])
        # A Patient is a person who is not here yet.
        about = NOBODY if proposed.type == "Patient" else ready.owners[proposed.key]
        asked = f"{proposed.type}/$validate?mode=create"
        await self._leave_question(about, asked, ready.bases[proposed.key])

    async def could_update(self, id_: str, resource: Resource, *, if_match: int | None) -> None:
        """Raise what `update` would raise."""
        proposed = Proposed.update(resource, id_, if_match=if_match)
        ready = await self._prepared([proposed])
        asked = f"{proposed.type}/{id_}/$validate?mode=update"
        await self._leave_question(ready.owners[proposed.key], asked, ready.bases[proposed.key])

    async def could_delete(self, type_: str, id_: str, *, if_match: int | None) -> None:
        """Raise what `delete` would raise."""
        head, basis = await self._deletable(type_, id_, if_match)
        await self._leave_question(head.owner, f"{type_}/{id_}/$validate?mode=delete", basis)

    async def _leave_question(self, owner: str, asked: str, basis: str) -> None:
        await self.leave_leaf(Action.SEARCH, owner, (), basis, query=asked)
