"""Brings a database to the newest schema with Alembic; each room has migrations of its own.

A folder of migrations keeps its own version table, so that the record store and a room's own
tables live in one database and move independently. https://alembic.sqlalchemy.org
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

RECORDS = Path(__file__).parent / "migrations" / "records"
KEYS = Path(__file__).parent / "migrations" / "keys"


def configuration(folder: Path, connection: Connection, version_table: str) -> Config:
    """Return the Alembic configuration of one folder of migrations on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = version_table
    return config


async def migrate(engine: AsyncEngine, folder: Path, version_table: str) -> None:
    """Upgrade to the newest version; does nothing where it is there already."""

    def upgrade(connection: Connection) -> None:
        command.upgrade(configuration(folder, connection, version_table), "head")

    async with engine.begin() as connection:
        # One process at a time: several of a service may start together.
        await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(817264)")
        await connection.run_sync(upgrade)


async def migrate_records(engine: AsyncEngine) -> None:
    """Upgrade the tables of the sealed record store."""
    await migrate(engine, RECORDS, "alembic_version_records")


async def migrate_keys(engine: AsyncEngine) -> None:
    """Upgrade the key database."""
    await migrate(engine, KEYS, "alembic_version_keys")
