"""`tasuki audit verify`: reads every log whole and says whether anything was altered."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.deploy.composing import verifier_keys
from tasuki.deploy.demo import house_for
from tasuki.deploy.folder import read_json
from tasuki.shared.audit.verify import Damage, Verdict, verify_log
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.engines import engine_for
from tasuki.shared.store.logkeys import body_key, checkpoint_key, log_origin
from tasuki.shared.store.store import Databases
from tasuki.shared.store.vault import AUDIT, KeyVault
from tasuki.shared.store.whole_log import (
    own_heads,
    signed_heads,
    stored_leaves,
    witnessed_notes,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.deploy.composing import House
    from tasuki.deploy.folder import DataFolder
    from tasuki.shared.clock import Clock
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.crypto.keys import DataKey


@dataclass(frozen=True, slots=True)
class Findings:
    """What verifying one log found.

    Attributes:
        verdict: Against all heads.
        alone: Against the heads the log keeps of itself.
        forged: Heads kept under its name that its key did not sign.
        witnessed: Size of the largest head that others kept; None where nobody did.
    """

    verdict: Verdict
    alone: Verdict
    forged: int
    witnessed: int | None

    @property
    def ok(self) -> bool:
        """Return whether nothing bad was found."""
        return self.verdict.ok and not self.forged


async def verify_all(
    folder: DataFolder, said: Callable[[str], None], notes: Sequence[Path] = ()
) -> bool:
    """Verify the log of every service of a demo; return whether all are whole.

    Args:
        folder: The demo's. PostgreSQL is started where it does not run, and stopped again then.
        said: Takes one line for each log.
        notes: Files with checkpoints that were kept elsewhere.
    """
    async with opened_house(folder) as house:
        kept = [await asyncio.to_thread(path.read_text, encoding="utf-8") for path in notes]
        kept += await witnessed_in(house)
        good = True
        for tenant in audited(house):
            found = await verify_one(house, tenant, kept)
            good = good and found.ok
            said(f"{tenant:<10} {told(found)}")
    return good


@asynccontextmanager
async def opened_house(folder: DataFolder) -> AsyncIterator[House]:
    """Yield the demo's house with its PostgreSQL answering."""
    port = int(read_json(folder.demo)["base_url"].rpartition(":")[2])
    house = house_for(folder, port)
    ours = not house.postgres.running
    await asyncio.to_thread(house.postgres.start)
    try:
        yield house
    finally:
        # A demo that was started meanwhile took the server over.
        if ours and not folder.pid.exists():
            await asyncio.to_thread(house.postgres.stop)


def public_keys(folder: DataFolder) -> list[str]:
    """Return the verifier keys of every log and witness of a demo."""
    port = int(read_json(folder.demo)["base_url"].rpartition(":")[2])
    house = house_for(folder, port)
    keys = [verifier_keys(house, tenant) for tenant in audited(house)]
    return [str(key) for pair in keys for key in pair]


def audited(house: House) -> list[str]:
    """Return the tenants that keep an audit log; all of them."""
    return list(house.tenants)


def record_keepers(house: House) -> list[str]:
    """Return the tenants that keep records, and may witness others; auth does neither."""
    return [tenant for tenant in house.tenants if tenant != "auth"]


async def witnessed_in(house: House) -> list[str]:
    """Return every note that a service of the house keeps as a witness."""
    found: list[str] = []
    for tenant in record_keepers(house):
        engine = engine_for(house.postgres.url(house.database(tenant)))
        try:
            async with engine.connect() as connection:
                for notes in (await witnessed_notes(connection, tenant)).values():
                    found += notes
        finally:
            await engine.dispose()
    return found


async def verify_one(house: House, tenant: str, kept: Sequence[str] = ()) -> Findings:
    """Verify one service's log: leaves, tree, signed heads, and the heads others kept of it."""
    databases = Databases(
        records=engine_for(house.postgres.url(house.database(tenant))),
        keys=engine_for(house.postgres.url(house.database("keys"))),
    )
    ring = FileKeyRing(house.folder.ring).tenant(tenant)
    try:
        if tenant == "auth":  # it keeps no wrapped data keys
            key = body_key(ring, tenant)
            return await verified_with(key, databases.records, ring, tenant, kept)
        return await verified(databases, ring, tenant, kept, house.clock)
    finally:
        await databases.dispose()


async def verified(
    databases: Databases, ring: KeyRing, tenant: str, kept: Sequence[str], clock: Clock
) -> Findings:
    """Return what verifying a tenant's log against its own heads and those `kept` finds."""
    vault = KeyVault(databases.keys, ring, tenant, clock)
    key = (await vault.ensured([""], AUDIT))[""]
    return await verified_with(key, databases.records, ring, tenant, kept)


async def verified_with(
    key: DataKey, records: AsyncEngine, ring: KeyRing, tenant: str, kept: Sequence[str]
) -> Findings:
    """Return what verifying a log whose leaves this key opens finds; see `verified`."""
    async with records.connect() as connection:
        stored = await stored_leaves(connection, ring, key, tenant)
        own = await own_heads(connection, ring, tenant)
    origin = log_origin(tenant)
    ours = [note for note in kept if note.partition("\n")[0] == origin]
    seen = signed_heads(ours, origin, checkpoint_key(ring, tenant).public_key())
    return Findings(
        verdict=verify_log(stored, [*own.good, *seen.good]),
        alone=verify_log(stored, own.good),
        forged=own.forged + seen.forged,
        witnessed=max((head.size for head in seen.good), default=None),
    )


def told(found: Findings) -> str:
    """Return findings in words."""
    verdict = found.verdict
    if not verdict.ok:
        return f"{_damage(found)}: first bad record {_where(verdict)}{_how(found)}"
    if found.forged:
        return f"{found.forged} heads are kept that this log did not sign"
    witnessed = "" if found.witnessed is None else f", {found.witnessed:,} witnessed"
    return f"whole: {verdict.size:,} records, {verdict.sealed:,} of them sealed{witnessed}"


def _damage(found: Findings) -> str:
    damage = found.verdict.damage
    return damage.value if isinstance(damage, Damage) else ""


def _where(verdict: Verdict) -> str:
    first, upto = verdict.first or 0, verdict.upto or 0
    return str(first) if upto == first + 1 else f"between {first} and {upto - 1}"


def _how(found: Findings) -> str:
    """Return what only a head kept elsewhere shows: the whole database was set back or rewritten."""
    if not found.alone.ok:
        return ""
    return f" (rolled back or rewritten: others saw it at {found.witnessed:,} records)"
