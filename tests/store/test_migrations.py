"""Migrations: up gives the tables as described, down takes them all away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic import command

from tasuki.shared.engines import engine_for
from tasuki.shared.store.migrate import (
    KEYS,
    RECORDS,
    configuration,
    migrate_keys,
    migrate_records,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

FOLDERS = [
    pytest.param(RECORDS, "alembic_version_records", migrate_records, id="records"),
    pytest.param(KEYS, "alembic_version_keys", migrate_keys, id="keys"),
]


@pytest.mark.parametrize(("folder", "table", "migrate"), FOLDERS)
async def test_up_is_as_described_and_down_leaves_nothing(
    server: Server,
    folder: Path,
    table: str,
    migrate: Callable[[AsyncEngine], Awaitable[None]],
) -> None:
    name = await server.fresh("template0")
    engine = engine_for(server.postgres.url(name))
    await migrate(engine)
    await migrate(engine)  # a second start changes nothing

    def check(connection: Connection) -> None:
        command.check(configuration(folder, connection, table))

    def down(connection: Connection) -> None:
        command.downgrade(configuration(folder, connection, table), "base")

    async with engine.begin() as connection:
        await connection.run_sync(check)
        await connection.run_sync(down)
    await engine.dispose()
    left = await server.run(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name
    )
    assert [row["tablename"] for row in left] == [table]


async def test_both_can_share_a_database(server: Server) -> None:
    name = await server.fresh("template0")
    engine = engine_for(server.postgres.url(name))
    await migrate_records(engine)
    await migrate_keys(engine)

    def check(connection: Connection) -> None:
        command.check(configuration(RECORDS, connection, "alembic_version_records"))
        command.check(configuration(KEYS, connection, "alembic_version_keys"))

    async with engine.begin() as connection:
        await connection.run_sync(check)
    await engine.dispose()
