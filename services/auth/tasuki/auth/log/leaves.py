"""The log as sealed leaves in this service's own database; numbered and signed by the stamper.

The one module here, besides `app`, that knows how the shared store keeps a log.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from tasuki.auth.log.asking import ASKING
from tasuki.auth.log.events import ACTIONS, NOBODY, What
from tasuki.shared.audit.events import AuditRecord
from tasuki.shared.store.answering import answering
from tasuki.shared.store.leaves import opened, owner_tag, row_of
from tasuki.shared.store.logkeys import body_key
from tasuki.shared.store.schema import LEAF, LOG_TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.auth.log.events import Event
    from tasuki.shared.clock import Clock
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.ids import IdSource

SERVICE = "auth"
_SIGNING = frozenset({What.SIGN_IN, What.SIGN_OUT})


class SealedAuthLog:
    """An `AuthLog` of sealed leaves, under a tenant's keys."""

    def __init__(self, ring: KeyRing, tenant: str, clock: Clock, ids: IdSource) -> None:
        self._ring = ring
        self._tenant = tenant
        self._clock = clock
        self._ids = ids
        self._key = body_key(ring, tenant)

    def record(self, connection: Connection, event: Event) -> None:
        """See `AuthLog.record`."""
        # Made for nobody as well: a sign-in without an account takes as long as one with.
        tag = self._tag(event.account or "", event.what)
        row = row_of(
            self._record(event),
            None if event.account is None else tag,
            key=self._key,
            tenant=self._tenant,
        )
        connection.execute(insert(LEAF).inline().values(row))

    def sign_ins(
        self, connection: Connection, accounts: Sequence[str], *, limit: int, skip: int = 0
    ) -> list[dict[str, Any]]:
        """See `AuthLog.sign_ins`."""
        tags = [self._tag(account, What.SIGN_IN) for account in accounts]
        rows = connection.execute(
            select(LEAF.c.leaf, LEAF.c.sealed)
            .where(LEAF.c.tenant == self._tenant, LEAF.c.owner_tag.in_(tags))
            .order_by(LEAF.c.local.desc())
            .limit(limit)
            .offset(skip)
        )
        bodies = (opened(row.sealed, row.leaf, key=self._key, tenant=self._tenant) for row in rows)
        return [json.loads(body.event) for body in bodies]

    def _tag(self, account: str, what: What) -> bytes:
        # Apart, since tokens outnumber sign-ins, and only sign-ins are looked up.
        kind = "sign-in" if what in _SIGNING else "account"
        return owner_tag(self._ring, self._tenant, f"{kind}/{account}")

    def _record(self, event: Event) -> AuditRecord:
        asking = ASKING.get()
        id_ = self._ids.new()
        return AuditRecord(
            action=ACTIONS[event.what],
            outcome=event.outcome,
            at=self._clock.now(),
            service=SERVICE,
            region=self._tenant,
            actor=event.actor,
            actor_role=event.role,
            client_id=event.client_id,
            purpose=event.purpose,
            patient=event.patient,
            basis=event.basis,
            request_id=id_ if asking is None else asking.id,
            on_behalf_of=event.organization,
            address=None if asking is None else asking.address,
            event_id=id_,
            kind=event.what.value,
            account=event.account or (NOBODY if event.details else None),
            details=event.details,
        )


class Waiting:
    """How many leaves wait for their number; a `metrics.Log`."""

    def __init__(self, engine: AsyncEngine, tenant: str) -> None:
        self._engine = engine
        self._count = (
            select(func.count())
            .select_from(LEAF)
            .where(LEAF.c.tenant == tenant, LEAF.c.seq.is_(None))
        )

    async def unstamped(self) -> dict[str, int]:
        """See `metrics.Log.unstamped`."""
        async with answering(), self._engine.connect() as connection:
            return {"audit": int(await connection.scalar(self._count) or 0)}


def add_log_tables(metadata: MetaData) -> None:
    """Add the tables of a log to this service's own."""
    for table in LOG_TABLES:
        table.to_metadata(metadata)
