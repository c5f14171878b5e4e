"""The sealed record store of one tenant.

See `tasuki.shared.access.records.RecordStore` for what each method promises.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from tasuki.shared.access.records import Change, FeedPage
from tasuki.shared.store.answering import answering
from tasuki.shared.store.consulted import Remembered
from tasuki.shared.store.hot import begun
from tasuki.shared.store.kept import KeptShelf
from tasuki.shared.store.ledger import SealedLedger
from tasuki.shared.store.replica import Replicas
from tasuki.shared.store.schema import CHANGE, FEED, LEAF, NETWORK
from tasuki.shared.store.stamper import Stamper
from tasuki.shared.store.unit import SealedUnit
from tasuki.shared.store.vault import KeyVault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.shared.clock import Clock
    from tasuki.shared.crypto.keyring import KeyRing, NetworkKeys
    from tasuki.shared.ids import IdSource

RECHECK_SECONDS = 0.5  # how long a stamp by another process may go unnoticed

_PAGE = (
    select(CHANGE)
    .where(CHANGE.c.tenant == bindparam("tenant"), CHANGE.c.seq > bindparam("since"))
    .order_by(CHANGE.c.seq)
    .limit(bindparam("limit"))
)
_TYPED_PAGE = _PAGE.where(CHANGE.c.type.in_(bindparam("types", expanding=True)))
_UNSTAMPED = select(
    select(func.count())
    .where(CHANGE.c.tenant == bindparam("tenant"), CHANGE.c.seq.is_(None))
    .scalar_subquery()
    .label("change"),
    select(func.count())
    .where(LEAF.c.tenant == bindparam("tenant"), LEAF.c.seq.is_(None))
    .scalar_subquery()
    .label("audit"),
)
_STATE = select(FEED.c.epoch, FEED.c.head).where(FEED.c.tenant == bindparam("tenant"))
_TOKENS = (
    select(NETWORK.c.owner, NETWORK.c.token)
    .where(
        NETWORK.c.tenant == bindparam("tenant"),
        NETWORK.c.owner.in_(bindparam("owners", expanding=True)),
    )
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Databases:
    """Where a tenant's sealed records are, and, apart from them, its wrapped data keys."""

    records: AsyncEngine
    keys: AsyncEngine

    async def dispose(self) -> None:
        """Close the connections."""
        await self.records.dispose()
        await self.keys.dispose()


class SealedStore:
    """Records of one tenant, their feed, their audit log, and copies of others' feeds."""

    def __init__(
        self,
        databases: Databases,
        ring: KeyRing,
        tenant: str,
        *,
        network: NetworkKeys | None = None,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self.tenant = tenant
        self.databases = databases
        self.engine = databases.records
        self._by_hand = databases.records.execution_options(isolation_level="AUTOCOMMIT")
        self.ring = ring
        self.network = network
        self._clock = clock
        self.vault = KeyVault(databases.keys, ring, tenant, clock)
        self.replicas = Replicas(self.engine, self.vault, tenant)
        self.ledger = SealedLedger(self._by_hand, ring, tenant)
        self.stamper = Stamper(self.engine, tenant, ring, clock, ids)
        self._remembered = Remembered()

    @asynccontextmanager
    async def unit(self, *, still: bool = False) -> AsyncIterator[SealedUnit]:
        """See `RecordStore.unit`."""
        async with answering(), begun(self._by_hand, still=still) as line:
            unit = SealedUnit(
                line, self.vault, self.ring, self.tenant, self.network, self._remembered
            )
            yield unit
        if unit.changed:
            self.stamper.notice()

    async def forget_old(self) -> None:
        """Forget what was kept for a while and is over."""
        async with answering(), begun(self._by_hand) as line:
            shelf = KeptShelf(line, self.vault, self.tenant)
            await shelf.forget_old(self._clock.now())

    async def feed(self, since: int, limit: int, types: Sequence[str]) -> FeedPage:
        """See `RecordStore.feed`."""
        values: dict[str, object] = {"tenant": self.tenant, "since": since, "limit": limit}
        statement = _PAGE
        if types:
            statement, values["types"] = _TYPED_PAGE, list(types)
        async with answering(), self.engine.connect() as connection:
            state = (await connection.execute(_STATE, {"tenant": self.tenant})).one()
            rows = (await connection.execute(statement, values)).all()
            people = sorted({row.owner for row in rows if row.type == "Patient"})
            tokens: dict[str, list[str]] = {}
            if people:
                carried = await connection.execute(
                    _TOKENS, {"tenant": self.tenant, "owners": people}
                )
                for owner, token in carried:
                    tokens.setdefault(owner, []).append(token.hex())
        changes = tuple(
            Change(
                seq=row.seq,
                type=row.type,
                id=row.id,
                owner=row.owner,
                version=row.version,
                deleted=row.deleted,
                tokens=tuple(sorted(tokens.get(row.owner, ()))) if row.type == "Patient" else (),
            )
            for row in rows
        )
        return FeedPage(epoch=state.epoch, head=state.head, changes=changes)

    async def unstamped(self) -> dict[str, int]:
        """Return how many committed changes and audit leaves have no number yet, by kind."""
        async with answering(), self.engine.connect() as connection:
            row = (await connection.execute(_UNSTAMPED, {"tenant": self.tenant})).one()
        return {"change": row.change, "audit": row.audit}

    async def wait_for_change(self, since: int, seconds: float) -> None:
        """See `RecordStore.wait_for_change`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            seen = self.stamper.stamps
            async with answering(), self.engine.connect() as connection:
                state = (await connection.execute(_STATE, {"tenant": self.tenant})).one()
            if state.head > since:
                return
            # Bounded, because another process may be the one that stamps.
            await self.stamper.wait_for_stamp(seen, min(left, RECHECK_SECONDS))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the stamper going while inside; stamp what is left on the way out."""
        async with self.stamper.running():
            yield
