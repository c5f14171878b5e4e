"""A sealed record store on an embedded PostgreSQL, and short ways to write into it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from tests.scratch import scratch

from tasuki.deploy.postgres import EmbeddedPostgres
from tasuki.shared.access.records import NOBODY, Method, NewVersion
from tasuki.shared.audit import Action, AuditRecord, Outcome
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.engines import engine_for
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.migrate import migrate_keys, migrate_records
from tasuki.shared.store.store import Databases, SealedStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

TENANT = "noto"
OTHER_TENANT = "kaga"
TENANTS = (TENANT, OTHER_TENANT, *(f"t{number}" for number in range(60)))
AT = datetime(2026, 1, 5, 1, 2, 3, 456_000, tzinfo=UTC)
_NUMBERS = itertools.count(1)


class Server:
    """One PostgreSQL server, with migrated databases on demand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "data"
        self.postgres = EmbeddedPostgres(self.folder)
        self.postgres.start()

    async def run(self, statement: str, *, database: str = "postgres") -> list[Any]:
        """Run one statement as the superuser, past the store."""
        connection = await asyncpg.connect(
            user="postgres", database=database, host=self.postgres.socket_folder
        )
        try:
            rows: list[Any] = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    async def prepare(self) -> None:
        """Make two templates and what tenants share; nothing outlives the session, or is synced."""
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            await self.run(f"ALTER SYSTEM SET {setting} = off")
        await self.run("SELECT pg_reload_conf()")
        for name, migrate in (
            ("records_template", migrate_records),
            ("keys_template", migrate_keys),
        ):
            await self.postgres.ensure_database(name)
            engine = engine_for(self.postgres.url(name))
            await migrate(engine)
            await engine.dispose()
            shared = name.replace("template", "shared")
            await self.run(f'CREATE DATABASE "{shared}" TEMPLATE "{name}"')

    async def fresh(self, template: str) -> str:
        """Return the name of a new copy of a template (`template0` for an empty one)."""
        name = f"{template}_{next(_NUMBERS)}"
        await self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    async def fresh_urls(self) -> dict[str, Any]:
        """Return where two new databases are, as a service's settings name them."""
        names = (await self.fresh("records_template"), await self.fresh("keys_template"))
        records, keys = map(self.postgres.url, names)
        return {"database_url": records, "keys_database_url": keys}


@contextlib.contextmanager
def server_for_session() -> Iterator[Server]:
    """Run a server in a folder of its own.

    Not under pytest's: that is closed to others whenever a session starts, and the server may run
    as a user of its own.
    """
    with tempfile.TemporaryDirectory(prefix="tasuki-test-", dir=scratch()) as folder:
        server = Server(Path(folder))
        asyncio.run(server.prepare())
        try:
            yield server
        finally:
            server.postgres.stop()


@dataclass
class World:
    """A store and what stands around it."""

    server: Server
    database: str
    keys_database: str
    ring: FileKeyRing
    clock: FixedClock
    store: SealedStore
    tenant: str = TENANT

    def another_process(
        self, tenant: str | None = None, *, links_people: bool = True
    ) -> SealedStore:
        """Return a store as another process would open it, with caches of its own."""
        tenant = tenant or self.tenant
        return SealedStore(
            Databases(
                records=engine_for(self.server.postgres.url(self.database)),
                keys=engine_for(self.server.postgres.url(self.keys_database)),
            ),
            self.ring.tenant(tenant),
            tenant,
            network=self.ring.network if links_people else None,
            clock=self.clock,
            ids=RandomIds(),
        )

    async def rows(self, statement: str) -> list[Any]:
        """Return what a thief of the records database would read."""
        return await self.server.run(statement, database=self.database)

    async def count(self, table: str) -> int:
        """Return how many rows of this tenant a table has."""
        found = await self.rows(f"SELECT count(*) AS n FROM {table} WHERE tenant = '{self.tenant}'")
        return int(found[0]["n"])


@contextlib.asynccontextmanager
async def world_on(server: Server, folder: Path) -> AsyncIterator[World]:
    """Open a store on two fresh databases."""
    names = (await server.fresh("records_template"), await server.fresh("keys_template"))
    ring = FileKeyRing.create(folder / "keys.json", TENANTS)
    async with _opened(server, names, ring, TENANT) as world:
        yield world
    for name in names if server.postgres.running else ():  # memory is not for ever
        await server.run(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.asynccontextmanager
async def tenant_on(server: Server, folder: Path) -> AsyncIterator[World]:
    """Open the store of a fresh tenant on databases it shares with others: sooner there."""
    tenant = f"tenant-{next(_NUMBERS)}"
    ring = FileKeyRing.create(folder / "keys.json", [tenant])
    async with _opened(server, ("records_shared", "keys_shared"), ring, tenant) as world:
        yield world


@contextlib.asynccontextmanager
async def _opened(
    server: Server, names: tuple[str, str], ring: FileKeyRing, tenant: str
) -> AsyncIterator[World]:
    world = World(
        server=server,
        database=names[0],
        keys_database=names[1],
        ring=ring,
        clock=FixedClock(AT),
        store=None,  # type: ignore[arg-type]  # made from the world in the next line
        tenant=tenant,
    )
    world.store = world.another_process()
    await world.store.stamper.prepare()
    yield world
    await world.store.databases.dispose()


def body(type_: str, id_: str, **more: object) -> bytes:
    """Return a body as the gate would hand it over."""
    resource = {"resourceType": type_, "id": id_, **more}
    return json.dumps(resource, ensure_ascii=False).encode()


def new(type_: str, id_: str, owner: str = NOBODY, **more: Any) -> NewVersion:
    """Return a version to write; the first one unless `expected` says otherwise."""
    expected = more.pop("expected", 0)
    given = {
        "body": body(type_, id_),
        "at": AT,
        "method": Method.PUT if expected else Method.POST,
        **more,
    }
    return NewVersion(type=type_, id=id_, owner=owner, expected=expected, **given)


def patient(id_: str, **more: Any) -> NewVersion:
    """Return the first version of a Patient."""
    return new("Patient", id_, id_, **more)


def seen(owner: str = "p1", **more: Any) -> AuditRecord:
    """Return an audit record of somebody reading a person's record."""
    given: dict[str, Any] = {
        "action": Action.READ,
        "outcome": Outcome.PERMITTED,
        "basis": "test-policy",
        "at": AT,
        "service": "ehr",
        "region": TENANT,
        "actor": "dr-1",
        "client_id": "viewer",
        "request_id": "r1",
        "patient": f"Patient/{owner}",
        **more,
    }
    return AuditRecord(**given)
