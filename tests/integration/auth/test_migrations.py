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


ONE = (
    "INSERT INTO account (id, username_mac, username_sealed, password_hash, totp_sealed, role,"
    " failures, disabled, created_at) VALUES ('a', 'm', 's', 'h', 't', 'nurse', 0, false, now())"
)
BEFORE = (
    "INSERT INTO proxy (id, patient, given_by, basis, relationship, name_sealed, person_sealed,"
    " classes, writes, wishes, made_at, ends_at, code_mac, offered_until, accepted_at) VALUES"
    " ('accepted', 'Patient/1', 'a', 'papers', 'parent', 'n', 'p', '{}', false, false, now(), now(),"
    " NULL, NULL, now()),"
    " ('offered', 'Patient/1', 'a', 'papers', 'parent', 'n', 'p', '{}', false, false, now(), now(),"
    " 'c', now() + interval '30 minutes', NULL)"
)
STATE = "SELECT id, code_mac, offered_until, accepted_at FROM proxy ORDER BY id"
SECOND = "SELECT count(*) FROM proxy WHERE coalesce(waits_until, confirmed_at) IS NOT NULL"


async def test_what_one_person_recorded_before_stays_as_it_is(empty_url: str) -> None:
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
        await connection.run_sync(downgrade, "0010")
        for statement in (ONE, BEFORE):
            await connection.execute(text(statement))
        before = (await connection.execute(text(STATE))).all()
        await connection.run_sync(upgrade)
        assert (await connection.execute(text(STATE))).all() == before
        assert await connection.scalar(text(SECOND)) == 0
        await connection.run_sync(downgrade, "0010")
        assert (await connection.execute(text(STATE))).all() == before
        await connection.rollback()
    await migrate(engine)
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
