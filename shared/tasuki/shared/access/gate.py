"""The gate: the one door through which any row leaves or enters.

    scopes  ∩  the service's decider (role, compartment, consent, declaration)  ∩  labels

Interactions get a `Records`, never the store. Whatever passes leaves an audit leaf in the same
transaction, before a byte of the answer is sent; a refusal leaves one too. An empty, missing or
unknown answer anywhere is a refusal.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.base import Left
from tasuki.shared.access.conditional import Conditional
from tasuki.shared.access.exports.exporting import Exporting
from tasuki.shared.access.histories import Histories
from tasuki.shared.access.including import Including
from tasuki.shared.access.lastn import LatestObservations
from tasuki.shared.access.loading import Loading
from tasuki.shared.access.people import People
from tasuki.shared.access.principal import Role
from tasuki.shared.access.reading import Reading
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.refusals import Refused
from tasuki.shared.access.sets.collecting import Collecting
from tasuki.shared.access.whole import WholeRecord
from tasuki.shared.audit.events import AuditRecord, Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tasuki.shared.access.records import RecordStore, Unit
    from tasuki.shared.access.rulings import Caller, Decider
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource


@dataclass(frozen=True, slots=True)
class Desk:
    """Where audit records are filed: the service and its region."""

    service: str
    region: str
    clock: Clock

    def entry(self, caller: Caller, action: Action, outcome: Outcome, basis: str) -> AuditRecord:
        """Return an audit record of this caller doing this now, about nobody yet."""
        return self.told(caller, Left(action, NOBODY, (), basis), outcome)

    def told(self, caller: Caller, left: Left, outcome: Outcome) -> AuditRecord:
        """Return an audit record of what this caller does now, and how it ends."""
        principal = caller.principal
        return AuditRecord(
            action=left.action,
            outcome=outcome,
            basis=left.basis,
            patient=f"Patient/{left.owner}" if left.owner != NOBODY else None,
            entities=left.entities,
            query=left.query,
            at=self.clock.now(),
            service=self.service,
            region=self.region,
            actor=principal.subject,
            actor_role=principal.role.value,
            actor_name=principal.display if principal.role is Role.PROXY else None,
            client_id=principal.client_id,
            purpose=principal.purpose,
            request_id=caller.request_id,
            on_behalf_of=principal.organization,
            address=caller.address,
        )


class Records(
    Reading,
    Conditional,
    Including,
    Histories,
    People,
    Loading,
    Collecting,
    Exporting,
    WholeRecord,
    LatestObservations,
):
    """What one caller may do with the records in one transaction."""


class Gate:
    """Opens `Records` for callers."""

    def __init__(self, store: RecordStore, decider: Decider, desk: Desk, *, ids: IdSource) -> None:
        self._store = store
        self._decider = decider
        self._desk = desk
        self._ids = ids

    @asynccontextmanager
    async def enter(self, caller: Caller, *, still: bool = False) -> AsyncIterator[Records]:
        """Open a transaction for this caller; a still one reads the records of one moment.

        On a refusal nothing of it remains but the leaf that records the refusal; on any other fault,
        leaves for those whose records the caller was permitted to look at, since it may tell of them.
        """
        tried: list[Left] = []
        try:
            async with self._store.unit(still=still) as unit:
                records = self._records(unit, caller)
                try:
                    yield records
                except Fault:
                    tried = records.tried()
                    raise
        except Refused as refusal:
            left = [
                # What was searched for before may show in that it came to the refusal.
                one
                for one in tried
                if one.owner != refusal.owner or one.action is Action.SEARCH
            ]
            await self._record(
                [self._denial(caller, refusal), *(self._failure(caller, one) for one in left)]
            )
            raise
        except Fault:
            await self._record([self._failure(caller, one) for one in tried])
            raise

    async def _record(self, leaves: Sequence[AuditRecord]) -> None:
        if leaves:
            async with self._store.unit() as unit:
                await unit.record(leaves)

    def _records(self, unit: Unit, caller: Caller) -> Records:
        return Records(unit, caller, self._decider, self._desk, self._ids)

    def _denial(self, caller: Caller, refusal: Refused) -> AuditRecord:
        left = Left(Action.DENIED, refusal.owner or NOBODY, refusal.entities, refusal.basis)
        return self._desk.told(caller, left, Outcome.DENIED)

    def _failure(self, caller: Caller, left: Left) -> AuditRecord:
        return self._desk.told(caller, left, Outcome.FAILED)
