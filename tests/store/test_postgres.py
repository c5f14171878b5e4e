"""The embedded server: nothing about a person in its log, nobody else at its socket, durable."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tasuki.deploy.postgres import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.store.world import Server


async def _ask(postgres: EmbeddedPostgres, database: str, statement: str) -> str:
    connection = await asyncpg.connect(
        user="postgres", database=database, host=postgres.socket_folder
    )
    try:
        return str(await connection.fetchval(statement))
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("log_statement", "none"),
        ("log_min_error_statement", "panic"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
        ("log_error_verbosity", "terse"),
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
    ],
)
def test_settings_are_in_force(server: Server, setting: str, value: str) -> None:
    shown = asyncio.run(_ask(server.postgres, "postgres", f"SHOW {setting}"))
    assert shown == value


def test_only_the_server_s_user_reaches_its_socket_and_files(server: Server) -> None:
    sockets = list(Path(server.postgres.socket_folder).glob(".s.PGSQL.5432"))
    assert [oct(path.stat().st_mode & 0o077) for path in sockets] == ["0o0"]
    assert server.folder.stat().st_mode & 0o077 == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tasuki-test-") as made:
        yield Path(made)


def test_a_stopped_server_starts_again_with_what_it_had(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / "data")
    postgres.start()
    assert asyncio.run(_ask(postgres, "postgres", "SHOW fsync")) == "on"
    assert asyncio.run(_ask(postgres, "postgres", "SHOW synchronous_commit")) == "on"
    asyncio.run(postgres.ensure_database("kept"))
    asyncio.run(postgres.ensure_database("kept"))
    asyncio.run(_ask(postgres, "kept", "CREATE TABLE here ()"))
    postgres.stop()
    with pytest.raises(OSError, match=r"."):
        asyncio.run(_ask(postgres, "kept", "SELECT 1"))
    again = EmbeddedPostgres(folder / "data")
    again.start()
    assert asyncio.run(_ask(again, "kept", "SELECT count(*) FROM here")) == "0"
    assert (folder / "data" / "postgresql.conf").read_text().count("# tasuki:") == 2
    again.stop()
