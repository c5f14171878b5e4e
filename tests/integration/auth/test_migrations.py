"""Migrations make exactly the tables the code speaks of, and can be undone.

https://alembic.sqlalchemy.org/en/latest/autogenerate.html
"""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from tasuki.auth.migrate import downgrade, migrate, upgrade
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


OLD = (
    "INSERT INTO sign_in (id, at, client_id, outcome)"
    " VALUES ('s1', now(), 'demo', 'signed-in'), ('s2', now(), 'demo', 'wrong-code')"
)
LEAF = "INSERT INTO audit_leaf (tenant, at, leaf, sealed) VALUES ('auth', now(), '', '')"


async def test_what_was_recorded_before_the_log_is_kept(empty_url: str) -> None:
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
        await connection.run_sync(downgrade, "0009")
        await connection.execute(text(OLD))
        await connection.run_sync(upgrade)
    async with engine.begin() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert {"sign_in_before_log"} == {one for one in tables if one.endswith("_before_log")}
        assert await connection.scalar(text("SELECT count(*) FROM sign_in_before_log")) == 2
        await connection.run_sync(downgrade, "0009")
        assert await connection.scalar(text("SELECT count(*) FROM sign_in")) == 2
        await connection.execute(text("DELETE FROM sign_in"))
        await connection.run_sync(upgrade)
    await engine.dispose()


async def test_a_log_with_records_is_not_taken_away(empty_url: str) -> None:
    engine = create_async_engine(empty_url)
    await migrate(engine)
    async with engine.connect() as connection:
        await connection.execute(text(LEAF))
        with pytest.raises(RuntimeError, match="must not be lost"):
            await connection.run_sync(downgrade, "0009")
        await connection.rollback()
    await engine.dispose()
