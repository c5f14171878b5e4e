"""A tenant's audit log read whole, past the gate, for who holds database and keys: to verify it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from tasuki.shared.audit.checkpoint import BadCheckpoint, verify_checkpoint, verify_cosignature
from tasuki.shared.audit.leaf import SALT_BYTES
from tasuki.shared.audit.verify import StoredLeaf
from tasuki.shared.crypto.keys import CannotOpen
from tasuki.shared.store import leaves
from tasuki.shared.store.logkeys import checkpoint_key, log_origin, marked_number
from tasuki.shared.store.schema import CHECKPOINT, LEAF, WITNESSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.shared.audit.checkpoint import Checkpoint
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.crypto.keys import DataKey

FORGED = -1


@dataclass(frozen=True, slots=True)
class Heads:
    """The signed heads among some notes, and how many notes nobody signed as they should."""

    good: tuple[Checkpoint, ...]
    forged: int


async def stored_leaves(
    connection: AsyncConnection, ring: KeyRing, key: DataKey, tenant: str
) -> list[StoredLeaf]:
    """Return every numbered leaf of a log, in stored order; what does not open holds nothing."""
    rows = await connection.execute(
        select(LEAF.c.seq, LEAF.c.leaf, LEAF.c.sealed, LEAF.c.mark)
        .where(LEAF.c.tenant == tenant, LEAF.c.seq.is_not(None))
        .order_by(LEAF.c.seq)
    )
    stored = []
    for row in rows:
        try:
            body = leaves.opened(row.sealed, row.leaf, key=key, tenant=tenant)
            salt, event = body.salt, body.event
        except CannotOpen:
            # A body that does not open was altered: nothing it says can be believed.
            salt, event = b"\0" * SALT_BYTES, b""
        stored.append(StoredLeaf(row.seq, row.leaf, salt, event, _number(ring, row.mark, row.leaf)))
    return stored


def _number(ring: KeyRing, mark: bytes | None, leaf: bytes) -> int | None:
    if mark is None:  # numbered before there were marks
        return None
    number = marked_number(ring, mark, leaf)
    return FORGED if number is None else number


async def own_heads(connection: AsyncConnection, ring: KeyRing, tenant: str) -> Heads:
    """Return the heads a log keeps of itself."""
    notes = await connection.execute(
        select(CHECKPOINT.c.note).where(CHECKPOINT.c.tenant == tenant).order_by(CHECKPOINT.c.size)
    )
    return signed_heads(
        notes.scalars(), log_origin(tenant), checkpoint_key(ring, tenant).public_key()
    )


async def witnessed_notes(connection: AsyncConnection, witness: str) -> dict[str, list[str]]:
    """Return the notes a witness keeps of others' logs, by origin; those that contradict too."""
    rows = await connection.execute(
        select(WITNESSED.c.origin, WITNESSED.c.note, WITNESSED.c.forked).where(
            WITNESSED.c.tenant == witness
        )
    )
    return {
        row.origin: [note for note in (row.note, row.forked) if note is not None] for row in rows
    }


def signed_heads(notes: Iterable[str], origin: str, public: Ed25519PublicKey) -> Heads:
    """Return the heads among notes that the log of this name and key signed."""
    good, forged = [], 0
    for note in notes:
        try:
            good.append(verify_checkpoint(note, public, origin=origin))
        except BadCheckpoint:
            forged += 1
    return Heads(tuple(good), forged)


def seen_by(note: str, witnesses: Mapping[str, Ed25519PublicKey]) -> list[str]:
    """Return the names of the witnesses whose cosignatures a note bears."""
    names = []
    for name, public in witnesses.items():
        try:
            verify_cosignature(note, public, name=name)
        except BadCheckpoint:
            continue
        names.append(name)
    return names
