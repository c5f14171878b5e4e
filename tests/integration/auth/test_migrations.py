"""Migrations make exactly the tables the code speaks of, and can be undone.

https://alembic.sqlalchemy.org/en/latest/autogenerate.html
"""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from tasuki.auth.migrate import downgrade, migrate
from tasuki.auth.tables import METADATA

pytestmark = pytest.mark.anyio


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"version_table": "auth_version"})
    return list(compare_metadata(context, METADATA))


async def test_up_makes_the_tables_and_down_takes_them_away(empty_url: str) -> None:
    engine = create_async_engine(empty_url)
    await migrate(engine)
    await migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    async with engine.begin() as connection:
        await connection.run_sync(downgrade, "base")
    async with engine.connect() as connection:
        left = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert left == ["auth_version"]
    await migrate(engine)
    await engine.dispose()
