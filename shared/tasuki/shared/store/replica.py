"""Sealed copies of other services' feeds: what a service needs of them when they are down.

One mechanism for consents, declarations and source records: entries by key, found by network
token, with a cursor and the time at which the copy was last known to be complete.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, literal_column, select, true
from sqlalchemy.dialects.postgresql import insert

from tasuki.shared.access.copies import Cursor
from tasuki.shared.access.records import NOBODY
from tasuki.shared.crypto.seal import Place, seal, unseal
from tasuki.shared.store.hot import Hot
from tasuki.shared.store.schema import CURSOR, NETWORK, REPLICA, REPLICA_TOKEN
from tasuki.shared.store.vault import RECORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from tasuki.shared.access.copies import Entry
    from tasuki.shared.store.schema import AnyRow, Statement
    from tasuki.shared.store.vault import KeyVault

MARK_BITS = 63  # a positive bigint

_BY_TOKEN = (
    select(REPLICA.c.key, REPLICA.c.seq, REPLICA.c.sealed)
    .join_from(
        REPLICA_TOKEN,
        REPLICA,
        and_(
            REPLICA.c.tenant == REPLICA_TOKEN.c.tenant,
            REPLICA.c.feed == REPLICA_TOKEN.c.feed,
            REPLICA.c.key == REPLICA_TOKEN.c.key,
        ),
    )
    .where(
        REPLICA_TOKEN.c.tenant == bindparam("tenant"),
        REPLICA_TOKEN.c.feed == bindparam("feed"),
        REPLICA_TOKEN.c.token.in_(bindparam("tokens", expanding=True)),
    )
    .distinct()
)


# Each a look-up by primary key, in this order: OFFSET keeps the planner from another. Without fresh
# statistics, after a load, it read all Consents there are for every record that was read.
_NAMED = (
    select(REPLICA_TOKEN.c.key)
    .where(
        REPLICA_TOKEN.c.tenant == NETWORK.c.tenant,
        REPLICA_TOKEN.c.feed == bindparam("feed"),
        REPLICA_TOKEN.c.token == NETWORK.c.token,
    )
    .correlate(NETWORK)
    .offset(literal_column("0"))
    .lateral("named")
)
_HELD = (
    select(REPLICA.c.key, REPLICA.c.seq, REPLICA.c.sealed)
    .where(
        REPLICA.c.tenant == NETWORK.c.tenant,
        REPLICA.c.feed == bindparam("feed"),
        REPLICA.c.key == _NAMED.c.key,
    )
    .correlate(NETWORK, _NAMED)
    .offset(literal_column("0"))
    .lateral("entry")
)


def copies_of(owner: ColumnElement[str]) -> Statement:
    """Return the query for what is held of a feed (parameters `tenant`, `feed`) about a Patient."""
    return (
        select(*_HELD.c)
        .select_from(NETWORK.join(_NAMED, true()).join(_HELD, true()))
        .where(NETWORK.c.tenant == bindparam("tenant"), NETWORK.c.owner == owner)
        .distinct()
        .order_by(_HELD.c.key)
    )


COPIES = Hot(copies_of(bindparam("owner")), looks=True)
COPIES_UNDER = (
    select(REPLICA.c.feed, REPLICA.c.key, REPLICA.c.seq, REPLICA.c.sealed)
    .join_from(
        REPLICA_TOKEN,
        REPLICA,
        and_(
            REPLICA.c.tenant == REPLICA_TOKEN.c.tenant,
            REPLICA.c.feed == REPLICA_TOKEN.c.feed,
            REPLICA.c.key == REPLICA_TOKEN.c.key,
        ),
    )
    .where(
        REPLICA_TOKEN.c.tenant == bindparam("tenant"),
        REPLICA_TOKEN.c.feed.in_(bindparam("feeds", expanding=True)),
        REPLICA_TOKEN.c.token.in_(bindparam("tokens", expanding=True)),
    )
    .distinct()
    .order_by(REPLICA.c.feed, REPLICA.c.key)
)
_ALL = select(REPLICA.c.key, REPLICA.c.seq, REPLICA.c.sealed).where(
    REPLICA.c.tenant == bindparam("tenant"), REPLICA.c.feed == bindparam("feed")
)
_ONE = _ALL.where(REPLICA.c.key == bindparam("key"))
_TOKENS = select(REPLICA_TOKEN.c.token).where(
    REPLICA_TOKEN.c.tenant == bindparam("tenant"),
    REPLICA_TOKEN.c.feed == bindparam("feed"),
    REPLICA_TOKEN.c.key == bindparam("key"),
)
_CURSOR = select(CURSOR.c.epoch, CURSOR.c.seq, CURSOR.c.fresh_at).where(
    CURSOR.c.tenant == bindparam("tenant"), CURSOR.c.feed == bindparam("feed")
)


class Replicas:
    """The copies one tenant keeps."""

    def __init__(self, engine: AsyncEngine, vault: KeyVault, tenant: str) -> None:
        self._engine = engine
        self._vault = vault
        self._tenant = tenant

    async def cursor(self, feed: str) -> Cursor | None:
        """See `Copies.cursor`."""
        async with self._engine.connect() as connection:
            row = (
                await connection.execute(_CURSOR, {"tenant": self._tenant, "feed": feed})
            ).one_or_none()
        return None if row is None else Cursor(row.epoch, row.seq, row.fresh_at)

    async def apply(self, feed: str, entries: Sequence[Entry], cursor: Cursor) -> None:
        """See `Copies.apply`."""
        key = (await self._vault.ensured([NOBODY], RECORD))[NOBODY]
        last = {entry.key: entry for entry in entries}
        async with self._engine.begin() as connection:
            await self._remove(connection, feed, list(last))
            kept = [entry for entry in last.values() if entry.body is not None]
            if kept:
                await connection.execute(
                    insert(REPLICA),
                    [
                        {
                            "tenant": self._tenant,
                            "feed": feed,
                            "key": entry.key,
                            "seq": entry.seq,
                            "sealed": seal(
                                entry.body or b"",
                                key=key,
                                place=copy_place(self._tenant, feed, entry.key, entry.seq),
                            ),
                        }
                        for entry in kept
                    ],
                )
            tokens = [
                {"tenant": self._tenant, "feed": feed, "token": bytes.fromhex(t), "key": entry.key}
                for entry in kept
                for t in sorted(set(entry.tokens))
            ]
            if tokens:
                await connection.execute(insert(REPLICA_TOKEN), tokens)
            moved = {"epoch": cursor.epoch, "seq": cursor.seq, "fresh_at": cursor.fresh_at}
            if entries:
                moved["mark"] = secrets.randbits(MARK_BITS)
            await connection.execute(
                insert(CURSOR)
                .values(tenant=self._tenant, feed=feed, **moved)
                .on_conflict_do_update(index_elements=["tenant", "feed"], set_=moved)
            )

    async def forget(self, feed: str) -> None:
        """See `Copies.forget`."""
        async with self._engine.begin() as connection:
            for table in (REPLICA, REPLICA_TOKEN, CURSOR):
                await connection.execute(
                    delete(table).where(table.c.tenant == self._tenant, table.c.feed == feed)
                )

    async def of_person(self, feed: str, tokens: Sequence[str]) -> list[bytes]:
        """See `Copies.of_person`."""
        values = {"feed": feed, "tokens": [bytes.fromhex(token) for token in tokens]}
        async with self._engine.connect() as connection:
            rows = await connection.execute(_BY_TOKEN, {"tenant": self._tenant, **values})
            return await self._opened(feed, rows.all())

    async def all(self, feed: str) -> list[bytes]:
        """See `Copies.all`."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_ALL, {"tenant": self._tenant, "feed": feed})
            return await self._opened(feed, rows.all())

    async def one(self, feed: str, key: str) -> bytes | None:
        """See `Copies.one`."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                _ONE, {"tenant": self._tenant, "feed": feed, "key": key}
            )
            found = await self._opened(feed, rows.all())
        return found[0] if found else None

    async def tokens(self, feed: str, key: str) -> tuple[str, ...]:
        """See `Copies.tokens`."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                _TOKENS, {"tenant": self._tenant, "feed": feed, "key": key}
            )
            return tuple(sorted(row.token.hex() for row in rows))

    async def _remove(self, connection: AsyncConnection, feed: str, keys: Sequence[str]) -> None:
        for table in (REPLICA, REPLICA_TOKEN):
            await connection.execute(
                delete(table).where(
                    table.c.tenant == self._tenant, table.c.feed == feed, table.c.key.in_(keys)
                )
            )

    async def _opened(self, feed: str, rows: Sequence[AnyRow]) -> list[bytes]:
        if not rows:
            return []
        key = (await self._vault.opened([NOBODY], RECORD))[NOBODY]
        return [
            unseal(row.sealed, key=key, place=copy_place(self._tenant, feed, row.key, row.seq))
            for row in sorted(rows, key=lambda row: row.key)
        ]


def copy_place(tenant: str, feed: str, key: str, seq: int) -> Place:
    """Return where a sealed copy belongs."""
    return Place(tenant=tenant, owner=NOBODY, type=f"replica:{feed}", id=key, version=seq)
