"""A seeded authorization server on a database of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.integration.auth.world import BY_NAME, ISSUER, PHR, World, seed

from tasuki.auth.app import create_app
from tasuki.auth.migrate import migrate
from tasuki.auth.sealing import KeyRingBox
from tasuki.auth.settings import AuthSettings
from tasuki.auth.signing import rotate_keys
from tasuki.auth.tables import METADATA
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine
    from tests.store.world import Server

SEEDED = ("account", "person_link", "client")


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> KeyRingBox:
    ring = FileKeyRing.create(tmp_path_factory.mktemp("ring") / "ring.json", ["auth"])
    return KeyRingBox(ring.tenant("auth"))


@pytest.fixture(scope="session")
def database_url(server: Server) -> str:
    return server.postgres.url(asyncio.run(server.fresh("template0")))


@pytest.fixture(scope="session")
def empty_url(server: Server) -> str:
    return server.postgres.url(asyncio.run(server.fresh("template0")))


@pytest.fixture(scope="session")
def accounts(database_url: str, box: KeyRingBox) -> dict[str, str]:
    """Account ids by user name; everybody is kept in a schema to start each test from."""

    async def fill() -> dict[str, str]:
        engine = create_async_engine(database_url)
        await migrate(engine)
        async with engine.begin() as connection:
            made = await seed(connection, box)
            await connection.execute(text("CREATE SCHEMA seed"))
            for table in SEEDED:
                await connection.execute(text(f"CREATE TABLE seed.{table} AS TABLE {table}"))
        await engine.dispose()
        return made

    return asyncio.run(fill())


async def start_anew(engine: AsyncEngine) -> None:
    every = ", ".join(table.name for table in METADATA.sorted_tables)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {every}"))
        for table in SEEDED:
            await connection.execute(text(f"INSERT INTO {table} SELECT * FROM seed.{table}"))


@pytest.fixture(scope="session")
def signing_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "signing.json"
    rotate_keys(path)
    return path


@asynccontextmanager
async def running(
    issuer: str,
    url: str,
    keys: Path,
    box: KeyRingBox,
    accounts: dict[str, str],
    **more: Any,
) -> AsyncIterator[World]:
    """The server mounted at `/auth`, as the launcher does, and a browser in front of it.

    With `beside`, the PHR is there, and goes by the same clock. What else is said is a setting.
    """
    beside: FastAPI | None = more.pop("beside", None)
    phr_url = None if beside is None else PHR
    settings = AuthSettings(
        issuer=issuer,
        database_url=SecretStr(url),
        signing_keys=keys,
        phr_url=phr_url,
        **more,
    )
    clock = FixedClock() if beside is None else beside.state.clock
    outside = None
    if beside is not None:
        outside = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=beside))
    auth = create_app(settings, clock=clock, ids=RandomIds(), ring=box.ring, outside=outside)
    site = FastAPI()
    site.mount("/auth", auth)
    engine = create_async_engine(url)
    await start_anew(engine)
    async with (
        auth.router.lifespan_context(auth),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=site)) as http,
    ):
        yield World(http, engine, clock, box, accounts, issuer=issuer)
        await engine.dispose()


@pytest.fixture
async def world(
    database_url: str, signing_keys: Path, accounts: dict[str, str], box: KeyRingBox
) -> AsyncIterator[World]:
    async with running(ISSUER, database_url, signing_keys, box, accounts) as made:
        yield made


@pytest.fixture
async def by_name(
    database_url: str, signing_keys: Path, accounts: dict[str, str], box: KeyRingBox
) -> AsyncIterator[World]:
    """The same server under a host name, where there can be passkeys."""
    async with running(BY_NAME, database_url, signing_keys, box, accounts) as made:
        yield made
