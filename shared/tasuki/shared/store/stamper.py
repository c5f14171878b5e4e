"""The one stamper of a tenant: numbers committed changes and audit leaves, and seals the log.

Changes and leaves are inserted inside the transactions they belong to; their numbers are given
here, after the commit, by whoever holds an advisory lock. A number is therefore never smaller than
one a reader has already seen, which raw sequences and timestamps cannot promise. The Merkle tree
(RFC 9162) grows in the same order, and a signed checkpoint follows within a second.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tasuki.shared.audit.checkpoint import sign_checkpoint
from tasuki.shared.audit.merkle import KEPT_LEVELS, Frontier
from tasuki.shared.store.hot import DRIVER_ERRORS, Hot, begun
from tasuki.shared.store.logkeys import checkpoint_key, log_origin, mark_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from tasuki.shared.clock import Clock
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.ids import IdSource
    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.schema import AnyRow

LOG = structlog.get_logger()

BATCH = 5_000  # changes or leaves numbered in one transaction
POLL_SECONDS = 0.25  # how soon leaves, and the work of other processes, are noticed
GATHER_SECONDS = 0.02  # our own changes wake us; what happens within it shares one transaction
RETRY_SECONDS = 1.0  # pause while the database does not answer
SIGN_EVERY = timedelta(seconds=1)  # a head a second bounds both the gap and the table
LONG_AGO = datetime.min.replace(tzinfo=UTC)

# In a statement of its own: what comes after sees what the last holder has committed.
_TRY_LOCK = Hot(
    text(
        "SELECT pg_try_advisory_xact_lock("
        "hashtextextended('stamper:' || CAST(:tenant AS text), 0)) AS got"
    )
)
_STAMP_CHANGES = Hot(
    text(
        """
        WITH waiting AS (
          SELECT local, row_number() OVER (ORDER BY local) AS place
          FROM change WHERE tenant = CAST(:tenant AS text) AND seq IS NULL
          ORDER BY local LIMIT CAST(:batch AS bigint)
        ), stamped AS (
          UPDATE change SET seq = feed_state.head + waiting.place
          FROM waiting, feed_state
          WHERE change.local = waiting.local AND feed_state.tenant = CAST(:tenant AS text)
          RETURNING 1
        ), moved AS (
          UPDATE feed_state SET head = head + (SELECT count(*) FROM stamped)
          WHERE tenant = CAST(:tenant AS text) AND EXISTS (SELECT 1 FROM waiting)
        )
        SELECT count(*) AS stamped FROM stamped
        """
    )
)
_WAITING_LEAVES = Hot(
    text(
        "SELECT local, leaf FROM audit_leaf WHERE tenant = CAST(:tenant AS text) AND seq IS NULL"
        " ORDER BY local LIMIT CAST(:batch AS bigint)"
    )
)
_TREE = Hot(text("SELECT size, frontier FROM audit_tree WHERE tenant = CAST(:tenant AS text)"))
_STAMP_LEAVES = Hot(
    text(
        """
        WITH stamped AS (
          UPDATE audit_leaf SET seq = t.seq, mark = t.mark
          FROM unnest(
            CAST(:locals AS bigint[]), CAST(:seqs AS bigint[]), CAST(:marks AS bytea[])
          ) AS t(local, seq, mark)
          WHERE audit_leaf.local = t.local
        ), grown AS (
          INSERT INTO audit_node (tenant, level, number, hash)
          SELECT CAST(:tenant AS text), t.level, t.number, t.hash
          FROM unnest(
            CAST(:levels AS smallint[]), CAST(:numbers AS bigint[]), CAST(:hashes AS bytea[])
          ) AS t(level, number, hash)
          ON CONFLICT DO NOTHING
        )
        UPDATE audit_tree SET size = CAST(:size AS bigint), frontier = CAST(:frontier AS bytea)
        WHERE tenant = CAST(:tenant AS text)
        """
    )
)
_SIGN = Hot(
    text(
        "INSERT INTO audit_checkpoint (tenant, size, at, note)"
        " VALUES (CAST(:tenant AS text), CAST(:size AS bigint), CAST(:at AS timestamptz),"
        " CAST(:note AS text)) ON CONFLICT DO NOTHING"
    )
)

_FEED = text(
    "INSERT INTO feed_state (tenant, epoch, head) VALUES (:tenant, :epoch, 0)"
    " ON CONFLICT DO NOTHING"
)
_SIZE = text("SELECT size FROM audit_tree WHERE tenant = :tenant")
_KEPT = text("SELECT count(*) FROM audit_node WHERE tenant = :tenant AND level = 8")
_LEAVES = text(
    "SELECT leaf FROM audit_leaf WHERE tenant = :tenant AND seq IS NOT NULL ORDER BY seq"
)
_KEEP = text(
    "INSERT INTO audit_node (tenant, level, number, hash)"
    " VALUES (:tenant, :level, :number, :hash) ON CONFLICT DO NOTHING"
)


class Stamper:
    """Numbers and seals what others have committed.

    Args:
        engine: Of the database that holds the log.
        tenant: Whose.
        ring: The tenant's keys.
        clock: The time.
        ids: Fresh ids, for the epoch of a feed; None where there is a log and no feed.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        tenant: str,
        ring: KeyRing,
        clock: Clock,
        ids: IdSource | None,
    ) -> None:
        self._engine = engine
        self._by_hand = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._tenant = tenant
        self._of_tenant = {"tenant": tenant}
        self._ring = ring
        self._key = checkpoint_key(ring, tenant)
        self._clock = clock
        self._ids = ids
        self._wake = asyncio.Event()
        self._moved = asyncio.Condition()
        self._one = asyncio.Lock()  # the database's lock is tried, not waited for
        self._signed_at = LONG_AGO
        self._unsigned = True  # until it is known that the newest head is signed
        self.stamps = 0  # batches numbered here so far

    def notice(self) -> None:
        """Tell the stamper that there are changes; leaves alone wait for its next look."""
        self._wake.set()

    async def wait_for_stamp(self, seen: int, seconds: float) -> None:
        """Return when `stamps` is no longer what the caller has seen, or when the time is up."""
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self.stamps != seen)
        except TimeoutError:
            return

    async def prepare(self) -> None:
        """Give the feed an epoch and the log an empty tree where they have none."""
        async with self._engine.begin() as connection:
            if self._ids is not None:
                epoch = {**self._of_tenant, "epoch": self._ids.new()}
                await connection.execute(_FEED, epoch)
            await connection.execute(
                text(
                    "INSERT INTO audit_tree (tenant, size, frontier) VALUES (:tenant, 0, :empty)"
                    " ON CONFLICT DO NOTHING"
                ),
                {"tenant": self._tenant, "empty": Frontier().to_bytes()},
            )
            await self._complete(connection)

    async def _complete(self, connection: AsyncConnection) -> None:
        """Keep the hashes to prove from where a log has grown without them."""
        size = (await connection.execute(_SIZE, self._of_tenant)).scalar_one()
        kept = (await connection.execute(_KEPT, self._of_tenant)).scalar_one()
        if kept == size >> KEPT_LEVELS:
            return
        frontier = Frontier()
        async for row in await connection.stream(_LEAVES, self._of_tenant):
            for level, number, node in frontier.append(row.leaf):
                values = {"level": level, "number": number, "hash": node}
                await connection.execute(_KEEP, {**self._of_tenant, **values})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep stamping while inside; stamp what is left on the way out."""
        await self.prepare()
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.finish()

    async def run(self) -> None:
        """Stamp until cancelled; a database that does not answer is asked again."""
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            await asyncio.sleep(GATHER_SECONDS)
            if not await self.try_stamp():
                await asyncio.sleep(RETRY_SECONDS)

    async def finish(self) -> None:
        """Number and sign what is left, if the database lets us."""
        self._signed_at = LONG_AGO
        await self.try_stamp()

    async def try_stamp(self) -> bool:
        """Number all there is by now; return False, and log it, where the database fails."""
        try:
            await self.stamp_all()
        except (SQLAlchemyError, *DRIVER_ERRORS, OSError):
            LOG.warning("stamper.failed", tenant=self._tenant)
            return False
        return True

    async def stamp_all(self) -> None:
        """Number all there is by now."""
        while await self.stamp():
            pass

    async def stamp(self) -> bool:
        """Number one batch; return whether there may be more."""
        async with self._one, begun(self._by_hand) as line:
            began = self._clock.now()  # whatever was left before is among what is sealed by it
            if not (await _TRY_LOCK.rows(line, self._of_tenant))[0].got:
                return False
            batch = {**self._of_tenant, "batch": BATCH}
            changes = await self._stamp_changes(line, batch)
            leaves = await self._stamp_leaves(line, await _WAITING_LEAVES.rows(line, batch))
            unsigned = self._unsigned or leaves > 0
            due = unsigned and began - self._signed_at >= SIGN_EVERY
            if due:
                await self._checkpoint(line, self._clock.now())
        self._unsigned = unsigned and not due
        self._signed_at = began if due else self._signed_at
        if changes:
            async with self._moved:
                self.stamps += 1
                self._moved.notify_all()
        return BATCH in (changes, leaves)

    async def _stamp_changes(self, line: Line, batch: Mapping[str, object]) -> int:
        if self._ids is None:
            return 0
        return int((await _STAMP_CHANGES.rows(line, batch))[0].stamped)

    async def _stamp_leaves(self, line: Line, waiting: Sequence[AnyRow]) -> int:
        if not waiting:
            return 0
        size, frontier = await self._tree(line)
        grown = [node for row in waiting for node in frontier.append(row.leaf)]
        seqs = range(size, size + len(waiting))  # positions, from 0
        values = {
            **self._of_tenant,
            "locals": [row.local for row in waiting],
            "seqs": list(seqs),
            "marks": [
                mark_of(self._ring, seq, row.leaf) for seq, row in zip(seqs, waiting, strict=True)
            ],
            "levels": [level for level, _, _ in grown],
            "numbers": [number for _, number, _ in grown],
            "hashes": [node for _, _, node in grown],
            "size": frontier.size,
            "frontier": frontier.to_bytes(),
        }
        await _STAMP_LEAVES.run(line, [values])
        return len(waiting)

    async def _tree(self, line: Line) -> tuple[int, Frontier]:
        row = (await _TREE.rows(line, self._of_tenant))[0]
        return int(row.size), Frontier.from_bytes(row.frontier)

    async def _checkpoint(self, line: Line, at: datetime) -> None:
        size, frontier = await self._tree(line)
        if not size:
            return
        note = sign_checkpoint(
            origin=log_origin(self._tenant), size=size, root=frontier.root(), key=self._key, at=at
        )
        await _SIGN.run(line, [{**self._of_tenant, "size": size, "at": at, "note": note}])
