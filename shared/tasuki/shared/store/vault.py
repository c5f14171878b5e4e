"""Data keys, one per person and class, wrapped by the key ring and kept in a database of their own.

A key is made before the first row it seals, so a crash between the two leaves an orphan key, which
is harmless; the other order would leave a row nobody can open. A destroyed key leaves an empty row:
without it the next write would make another key, as if nothing had been erased.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Text, any_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from tasuki.shared.crypto.keys import new_data_key, open_data_key
from tasuki.shared.crypto.lengths import length_prefixed
from tasuki.shared.faults import Category, Fault
from tasuki.shared.store.schema import DATA_KEY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.shared.clock import Clock
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.crypto.keys import DataKey

RECORD = "record"
AUDIT = "audit"

CACHED_KEYS = 10_000  # opened keys held in memory; about 300 bytes each
# How long a key that another process destroyed may still open here.
HELD = timedelta(minutes=5)

_FIND = select(
    DATA_KEY.c.owner, DATA_KEY.c.version, DATA_KEY.c.wrapped, DATA_KEY.c.commitment
).where(
    DATA_KEY.c.tenant == bindparam("tenant"),
    DATA_KEY.c["class"] == bindparam("class_"),
    DATA_KEY.c.owner == any_(bindparam("owners", type_=ARRAY(Text))),
)


def _bound_to(tenant: str, owner: str, class_: str, version: int) -> bytes:
    return length_prefixed((tenant, owner, class_, str(version)))


def _destroyed() -> Fault:
    return Fault(Category.GONE, "the key of this record has been destroyed")


class KeyVault:
    """Opens, makes and destroys the data keys of one tenant."""

    def __init__(self, engine: AsyncEngine, ring: KeyRing, tenant: str, clock: Clock) -> None:
        self._engine = engine
        self._ring = ring
        self._tenant = tenant
        self._clock = clock
        self._cache: OrderedDict[tuple[str, str], tuple[DataKey, datetime]] = OrderedDict()

    async def opened(self, owners: Collection[str], class_: str = RECORD) -> Mapping[str, DataKey]:
        """Return the keys of these owners, by owner.

        Raises:
            Fault: GONE where an owner has no key (never had one, or it was destroyed).
        """
        keys = self._cached(owners, class_)
        missing = [owner for owner in owners if owner not in keys]
        if missing:
            keys.update(await self._load(missing, class_))
        if len(keys) < len(set(owners)):
            raise _destroyed()
        return keys

    async def ensured(self, owners: Collection[str], class_: str = RECORD) -> Mapping[str, DataKey]:
        """Return the keys of these owners, making those that do not exist yet.

        Raises:
            Fault: GONE where an owner's key was destroyed.
        """
        keys = self._cached(owners, class_)
        missing = [owner for owner in set(owners) if owner not in keys]
        if missing:
            keys.update(await self._load(missing, class_))
            absent = [owner for owner in missing if owner not in keys]
            if absent:
                await self._make(absent, class_)
                keys.update(await self._load(absent, class_))
        return keys

    async def destroy(self, owner: str, class_: str = RECORD) -> None:
        """Destroy a person's key of a class: what it sealed can never be opened again."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(DATA_KEY)
                .where(
                    DATA_KEY.c.tenant == self._tenant,
                    DATA_KEY.c["class"] == class_,
                    DATA_KEY.c.owner == owner,
                )
                .values(wrapped=b"", commitment=b"", at=self._clock.now())
            )
        self._cache.pop((owner, class_), None)

    def _cached(self, owners: Collection[str], class_: str) -> dict[str, DataKey]:
        found: dict[str, DataKey] = {}
        oldest = self._clock.now() - HELD
        for owner in owners:
            key, since = self._cache.get((owner, class_), (None, oldest))
            if key is not None and since > oldest:
                self._cache.move_to_end((owner, class_))
                found[owner] = key
        return found

    async def _load(self, owners: Collection[str], class_: str) -> dict[str, DataKey]:
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                _FIND, {"tenant": self._tenant, "class_": class_, "owners": list(owners)}
            )
            newest = {row.owner: row for row in sorted(rows, key=lambda row: row.version)}
        found = {}
        for owner, row in newest.items():
            if not row.wrapped:
                self._cache.pop((owner, class_), None)
                raise _destroyed()
            bound_to = _bound_to(self._tenant, owner, class_, row.version)
            found[owner] = open_data_key(
                self._ring.unwrap(row.wrapped, bound_to=bound_to),
                version=row.version,
                commitment=row.commitment,
            )
            self._cache[(owner, class_)] = (found[owner], self._clock.now())
        while len(self._cache) > CACHED_KEYS:
            self._cache.popitem(last=False)
        return found

    async def _make(self, owners: Collection[str], class_: str) -> None:
        at = self._clock.now()
        rows = []
        for owner in owners:
            made = new_data_key()
            bound_to = _bound_to(self._tenant, owner, class_, made.key.version)
            rows.append(
                {
                    "tenant": self._tenant,
                    "owner": owner,
                    "class": class_,
                    "version": made.key.version,
                    "wrapped": self._ring.wrap(made.secret, bound_to=bound_to),
                    "commitment": made.key.commitment,
                    "at": at,
                }
            )
        async with self._engine.begin() as connection:
            await connection.execute(insert(DATA_KEY).on_conflict_do_nothing(), rows)
