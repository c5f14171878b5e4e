"""The audit log to the outside: heads with proofs and cosignatures; heads of others, cosigned.

See `tasuki.shared.access.ledger.Ledger` for what each method promises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from tasuki.shared.access.ledger import Forked
from tasuki.shared.audit.checkpoint import (
    BadCheckpoint,
    cosign_checkpoint,
    only_signed_by,
    verify_checkpoint,
)
from tasuki.shared.audit.merkle import verify_consistency
from tasuki.shared.audit.notes import Extended
from tasuki.shared.store.answering import answering
from tasuki.shared.store.hot import begun
from tasuki.shared.store.logkeys import (
    checkpoint_key,
    log_keys,
    log_origin,
    witness_key,
    witness_name,
)
from tasuki.shared.store.proofs import Proofs
from tasuki.shared.store.schema import CHECKPOINT, COSIGNATURE, WITNESSED
from tasuki.shared.store.whole_log import seen_by

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.shared.audit.checkpoint import Checkpoint
    from tasuki.shared.audit.notes import VerifierKey
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.store.hot import Line


class SealedLedger:
    """One tenant's audit log, and the heads of others it witnesses."""

    def __init__(self, engine: AsyncEngine, ring: KeyRing, tenant: str) -> None:
        self._engine = engine  # in AUTOCOMMIT mode
        self._tenant = tenant
        self._origin = log_origin(tenant)
        self._public = checkpoint_key(ring, tenant).public_key()
        self._name = witness_name(tenant)
        self._witness = witness_key(ring, tenant)
        self._keys = log_keys(ring, tenant)

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """See `Ledger.keys`."""
        return self._keys

    async def checkpoint(self, old: int) -> Extended | None:
        """See `Ledger.checkpoint`."""
        async with answering(), begun(self._engine, still=True) as line:
            note = await newest_note(line, self._tenant)
            if note is None:
                return None
            size = verify_checkpoint(note, self._public, origin=self._origin).size
            if old > size:
                return Extended(size, (), note)
            proof = await Proofs(line, self._tenant).consistency(old, size)
            return Extended(old, proof, note)

    async def take(self, note: str, witnesses: Mapping[str, Ed25519PublicKey]) -> None:
        """See `Ledger.take`."""
        head = verify_checkpoint(note, self._public, origin=self._origin)
        names = seen_by(note, witnesses)
        if not names:
            raise BadCheckpoint("no witness known here signed it")
        async with answering(), begun(self._engine) as line:
            for name in names:
                await self._keep(line, head.size, name, only_signed_by(note, self._origin, name))

    async def _keep(self, line: Line, size: int, name: str, note: str) -> None:
        """Keep a witness's newest cosignature; older ones say nothing that it does not."""
        mine = (COSIGNATURE.c.tenant == self._tenant) & (COSIGNATURE.c.name == name)
        await line.execute(delete(COSIGNATURE).where(mine, COSIGNATURE.c.size < size))
        await line.execute(
            insert(COSIGNATURE)
            .values(tenant=self._tenant, name=name, size=size, note=note)
            .on_conflict_do_nothing()
        )

    async def known(self, origin: str) -> int:
        """See `Ledger.known`."""
        async with answering(), begun(self._engine) as line:
            found = await line.execute(
                select(WITNESSED.c.size).where(
                    WITNESSED.c.tenant == self._tenant, WITNESSED.c.origin == origin
                )
            )
            return int(found.scalar_one_or_none() or 0)

    async def cosign(self, key: VerifierKey, offered: Extended, at: datetime) -> str:
        """See `Ledger.cosign`."""
        head = verify_checkpoint(offered.note, key.public, origin=key.name)
        async with answering(), begun(self._engine) as line:
            note = await self._last(line, key.name)
            if note is None:
                return await self._sign(line, key.name, head, offered.note, at)
            last = verify_checkpoint(note, key.public, origin=key.name)
            if head == last:
                return note
            how = contradiction(last, head, offered)
            if how is None:
                return await self._sign(line, key.name, head, offered.note, at)
            await line.execute(
                update(WITNESSED)
                .where(WITNESSED.c.tenant == self._tenant, WITNESSED.c.origin == key.name)
                .values(forked=only_signed_by(offered.note, key.name))
            )
        raise Forked(how)

    async def _last(self, line: Line, origin: str) -> str | None:
        found = await line.execute(
            select(WITNESSED.c.note)
            .where(WITNESSED.c.tenant == self._tenant, WITNESSED.c.origin == origin)
            .with_for_update()
        )
        return found.scalar_one_or_none()

    async def _sign(
        self, line: Line, origin: str, head: Checkpoint, note: str, at: datetime
    ) -> str:
        bare = only_signed_by(note, origin)
        signed = cosign_checkpoint(bare, self._name, self._witness, at)
        values = {"size": head.size, "at": at, "note": signed}
        statement = insert(WITNESSED).values(tenant=self._tenant, origin=origin, **values)
        # Two that meet a log for the first time at once: the one that comes later tries again.
        await line.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant", "origin"],
                set_=values,
                where=WITNESSED.c.size < head.size,
            )
        )
        return signed


def contradiction(last: Checkpoint, head: Checkpoint, offered: Extended) -> str | None:
    """Return how a head contradicts the last one we signed; None where it extends it.

    Raises:
        BadCheckpoint: The proof begins at another size than that of our last one.
    """
    if head.size == last.size:
        return None if head.root == last.root else "split"
    if head.size < last.size:
        return "shrunk"
    if offered.old != last.size:
        raise BadCheckpoint("the proof does not begin where we last signed")
    extends = verify_consistency(last.size, head.size, offered.proof, last.root, head.root)
    return None if extends else "unproven"


async def newest_note(line: Line, tenant: str) -> str | None:
    """Return the newest signed head of a log, with the cosignatures it has."""
    found = await line.execute(
        select(CHECKPOINT.c.size, CHECKPOINT.c.note)
        .where(CHECKPOINT.c.tenant == tenant)
        .order_by(CHECKPOINT.c.size.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else row.note + await _cosigned(line, tenant, row.size)


async def witnessed_note(line: Line, tenant: str) -> str | None:
    """Return the newest head of a log that a witness signed, with all their lines."""
    found = await line.execute(
        select(COSIGNATURE.c.size, COSIGNATURE.c.note)
        .where(COSIGNATURE.c.tenant == tenant)
        .order_by(COSIGNATURE.c.size.desc())
        .limit(1)
    )
    row = found.one_or_none()
    if row is None:
        return None
    bare = "".join(row.note.splitlines(keepends=True)[:-1])
    return bare + await _cosigned(line, tenant, row.size)


async def _cosigned(line: Line, tenant: str, size: int) -> str:
    """Return the lines of the witnesses that signed the head of this size."""
    notes = await line.execute(
        select(COSIGNATURE.c.note)
        .where(COSIGNATURE.c.tenant == tenant, COSIGNATURE.c.size == size)
        .order_by(COSIGNATURE.c.name)
    )
    return "".join(note.splitlines(keepends=True)[-1] for note in notes.scalars())
