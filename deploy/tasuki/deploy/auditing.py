"""`tasuki audit verify`: reads every log whole and says whether anything was altered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import select

from tasuki.deploy.demo import house_for
from tasuki.deploy.folder import read_json
from tasuki.shared.audit.checkpoint import verify_checkpoint
from tasuki.shared.audit.verify import StoredLeaf, Verdict, verify_log
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.crypto.keys import CannotOpen
from tasuki.shared.store import leaves
from tasuki.shared.store.schema import CHECKPOINT, LEAF
from tasuki.shared.store.stamper import log_origin
from tasuki.shared.store.store import checkpoint_key, engine_for
from tasuki.shared.store.vault import AUDIT, KeyVault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.deploy.composing import House
    from tasuki.deploy.folder import DataFolder
    from tasuki.shared.crypto.keys import DataKey


async def verify_all(folder: DataFolder, said: Callable[[str], None]) -> bool:
    """Verify the log of every service of a demo; return whether all are whole.

    PostgreSQL is started where it does not run, and stopped again then.
    """
    port = int(read_json(folder.demo)["base_url"].rpartition(":")[2])
    house = house_for(folder, port)
    ours = not house.postgres.running
    await asyncio.to_thread(house.postgres.start)
    good = True
    try:
        for tenant in house.tenants:
            if tenant == "auth":
                continue
            verdict = await verify_one(house, tenant)
            good = good and verdict.ok
            said(f"{tenant:<10} {told(verdict)}")
    finally:
        # A demo that was started meanwhile took the server over.
        if ours and not folder.pid.exists():
            await asyncio.to_thread(house.postgres.stop)
    return good


async def verify_one(house: House, tenant: str) -> Verdict:
    """Verify one service's log: leaves, tree and signed checkpoints."""
    ring = FileKeyRing(house.folder.ring).tenant(tenant)
    engine = engine_for(house.postgres.url(house.database(tenant)))
    keys_engine = engine_for(house.postgres.url(house.database("keys")))
    try:
        vault = KeyVault(keys_engine, ring, tenant, house.clock)
        key = (await vault.ensured([""], AUDIT))[""]
        async with engine.connect() as connection:
            rows = (
                await connection.execute(
                    select(LEAF.c.seq, LEAF.c.leaf, LEAF.c.sealed)
                    .where(LEAF.c.tenant == tenant, LEAF.c.seq.is_not(None))
                    .order_by(LEAF.c.seq)
                )
            ).all()
            notes = (
                await connection.execute(
                    select(CHECKPOINT.c.note)
                    .where(CHECKPOINT.c.tenant == tenant)
                    .order_by(CHECKPOINT.c.size)
                )
            ).scalars()
            public = checkpoint_key(ring, tenant).public_key()
            origin = log_origin(tenant)
            heads = [verify_checkpoint(note, public, origin=origin) for note in notes]
    finally:
        await engine.dispose()
        await keys_engine.dispose()
    stored = [_stored(row.seq, row.leaf, row.sealed, key, tenant) for row in rows]
    return verify_log(stored, heads)


def told(verdict: Verdict) -> str:
    """Return a verdict in words."""
    if verdict.ok:
        return f"whole: {verdict.size:,} records, {verdict.sealed:,} of them sealed"
    return f"{verdict.damage}: first bad record {verdict.first}"


def _stored(seq: int, leaf: bytes, sealed: bytes, key: DataKey, tenant: str) -> StoredLeaf:
    try:
        body = leaves.opened(sealed, leaf, key=key, tenant=tenant)
    except CannotOpen:
        # A body that does not open was altered: nothing it says can be believed.
        return StoredLeaf(seq, leaf, b"\0" * 16, b"")
    return StoredLeaf(seq, leaf, body.salt, body.event)
