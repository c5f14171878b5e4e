"""Opens the store a service's settings name, and keeps it running while the service is up."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.engines import engine_for
from tasuki.shared.store.migrate import migrate_keys, migrate_records
from tasuki.shared.store.store import Databases, SealedStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shared.settings import ServiceSettings


def store_for(
    settings: ServiceSettings, *, clock: Clock, ids: IdSource, links_people: bool
) -> SealedStore:
    """Return the store of a service; it connects at its first use.

    Args:
        settings: Where the databases and the key file are.
        clock: The time.
        ids: Fresh ids.
        links_people: Whether the service holds the network key; the locator must not.
    """
    ring = FileKeyRing(settings.key_file)
    return SealedStore(
        Databases(
            records=engine_for(settings.database_url), keys=engine_for(settings.keys_database_url)
        ),
        ring.tenant(settings.tenant),
        settings.tenant,
        network=ring.network if links_people else None,
        clock=clock,
        ids=ids,
    )


@asynccontextmanager
async def running(store: SealedStore) -> AsyncIterator[None]:
    """Bring the databases up to date, stamp while inside, and close the connections after."""
    await migrate_keys(store.databases.keys)
    await migrate_records(store.databases.records)
    try:
        async with store.running():
            yield
    finally:
        await store.databases.dispose()
