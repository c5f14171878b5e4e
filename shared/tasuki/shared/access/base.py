"""What reading and writing at the gate have in common: the scope, the ruling, the audit leaf."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.refusals import forbidden, not_found, out_of_scope
from tasuki.shared.access.rulings import Ask, Interaction
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.json import meaning_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import Stored, Unit
    from tasuki.shared.access.rulings import Caller, Decider, Ruling
    from tasuki.shared.ids import IdSource


_ACTIONS = MappingProxyType(
    {
        Interaction.READ: Action.READ,
        Interaction.VREAD: Action.VREAD,
        Interaction.HISTORY: Action.HISTORY,
        Interaction.SEARCH: Action.SEARCH,
        Interaction.CREATE: Action.CREATE,
        Interaction.UPDATE: Action.UPDATE,
        Interaction.DELETE: Action.DELETE,
    }
)


@dataclass(frozen=True, slots=True)
class Left:
    """What an audit leaf says of something permitted, besides who did it and when."""

    action: Action
    owner: str
    entities: tuple[str, ...]
    basis: str
    query: str | None = None


class AtTheGate:
    """One caller in one transaction."""

    def __init__(
        self, unit: Unit, caller: Caller, decider: Decider, desk: Desk, ids: IdSource
    ) -> None:
        self._unit = unit
        self._caller = caller
        self._decider = decider
        self._desk = desk
        self._ids = ids
        self._rulings: dict[tuple[Interaction, str, tuple[str, ...]], Ruling] = {}

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return self._caller

    def require_scope(self, type_: str, interaction: Interaction) -> None:
        """Refuse a token without a scope for this.

        A scope with a query part (`?category=…`) is refused too: this server would have to check
        every resource against it, and does not do so yet.
        """
        if not self._caller.principal.scopes.allows(type_, interaction.letter):
            raise out_of_scope(f"{type_}.{interaction.letter}")

    async def ruling(self, interaction: Interaction, owner: str, *types: str) -> Ruling:
        """Return the ruling for one person, asked once per transaction."""
        key = (interaction, owner, types)
        if key not in self._rulings:
            ask = Ask(self._caller, interaction, owner, types)
            self._rulings[key] = await self._decider.rule(self._unit, ask)
        return self._rulings[key]

    async def require(self, interaction: Interaction, owner: str, *types: str) -> Ruling:
        """Return the ruling, or refuse in the way it says."""
        ruling = await self.ruling(interaction, owner, *types)
        if ruling.permitted:
            return ruling
        refused = not_found if ruling.hidden else forbidden
        raise refused(ruling.basis, owner=owner, entities=types)

    async def _may_be_seen(self, found: Stored, ruling: Ruling, by: Interaction) -> bool:
        """Return whether a version passes the screen, and what was last said of its resource too.

        Who was told something once and is not to know it any more finds no older version, and who
        was never told finds no deletion.
        """
        head = found
        if by is Interaction.VREAD:
            head = await self._unit.head(found.type, found.id) or found
        last: Stored | None = head
        if head.body is None:
            last = await self._unit.version(head.type, head.id, head.version - 1)
        said = {one.version: one.body for one in (found, last) if one is not None and one.body}
        return bool(said) and all(ruling.admits(meaning_of(body)) for body in said.values())

    def tried(self) -> list[Left]:
        """Return what was permitted of people's records in this transaction so far.

        Where it ends in a fault this is what the fault may tell of: that something was deleted, is
        another version, matches, or does not.
        """
        permitted = {
            (_ACTIONS[interaction], owner, types): ruling.basis
            for (interaction, owner, types), ruling in self._rulings.items()
            if ruling.permitted and owner != NOBODY
        }
        return [
            Left(action, owner, types, basis)
            for (action, owner, types), basis in sorted(
                permitted.items(), key=lambda one: (one[0][1], one[0][0].value, one[0][2])
            )
        ]

    async def leave_leaf(
        self,
        action: Action,
        owner: str,
        entities: tuple[str, ...],
        basis: str,
        *,
        query: str | None = None,
    ) -> None:
        """Append the audit leaf of something permitted."""
        record = replace(
            self._desk.entry(self._caller, action, Outcome.PERMITTED, basis),
            patient=f"Patient/{owner}" if owner != NOBODY else None,
            entities=entities,
            query=query,
        )
        await self._unit.record([record])

    async def leave_each(self, left: Iterable[Left]) -> None:
        """Append these audit leaves, all in one statement."""
        await self._unit.record(
            [
                replace(
                    self._desk.entry(self._caller, one.action, Outcome.PERMITTED, one.basis),
                    patient=f"Patient/{one.owner}" if one.owner != NOBODY else None,
                    entities=one.entities,
                    query=one.query,
                )
                for one in left
            ]
        )

    async def leave_leaves(
        self, action: Action, by_owner: Mapping[str, Sequence[str]], basis: str
    ) -> None:
        """Append one audit leaf for each person, all in one statement."""
        entry = self._desk.entry(self._caller, action, Outcome.PERMITTED, basis)
        await self._unit.record(
            [
                replace(
                    entry,
                    patient=f"Patient/{owner}" if owner != NOBODY else None,
                    entities=tuple(entities),
                )
                for owner, entities in sorted(by_owner.items())
            ]
        )
