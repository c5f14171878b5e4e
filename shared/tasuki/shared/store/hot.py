"""The few statements of every request, sent to the driver underneath.

Each is written once as a Core expression and compiled when the module is imported. What Core does
at every execution besides costs more than the database does: 180 µs a statement against 65.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sqlalchemy import ClauseElement
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from tasuki.shared.store.schema import AnyRow

_DIALECT = dialect()  # type: ignore[no-untyped-call]
# What the driver raises besides OSError; the last where a connection ended between two statements.
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Fields(asyncpg.Record):  # type: ignore[misc]  # asyncpg ships no types
    """A row whose columns are attributes, but for `get`, `items`, `keys` and `values`."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


@dataclass(frozen=True, slots=True)
class Line:
    """One connection inside a transaction: as Core sees it, and the driver's own."""

    core: AsyncConnection
    driver: Any  # asyncpg ships no types


class Hot:
    """A statement without lists of varying length, ready for the driver."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only queries and changes of rows are hot")
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())

    async def rows(self, line: Line, values: Mapping[str, object]) -> Sequence[AnyRow]:
        """Return the rows."""
        found: Sequence[AnyRow] = await line.driver.fetch(
            self._sql, *self._in_order(values), record_class=Fields
        )
        return found

    async def run(self, line: Line, rows: Sequence[Mapping[str, object]]) -> None:
        """Execute it once for each of these."""
        if len(rows) == 1:
            await line.driver.execute(self._sql, *self._in_order(rows[0]))
        else:
            await line.driver.executemany(self._sql, [self._in_order(row) for row in rows])

    def _in_order(self, values: Mapping[str, object]) -> list[object]:
        return [values[name] for name in self._names]


@asynccontextmanager
async def begun(engine: AsyncEngine, *, still: bool = False) -> AsyncIterator[Line]:
    """Open a transaction; leaving it without an exception commits, durably.

    Args:
        engine: In AUTOCOMMIT mode, so that the transaction is begun and ended here alone.
        still: Whether all its statements see the database as the first one found it.
    """
    async with engine.connect() as connection:
        line = Line(connection, await _driver(connection))
        transaction = line.driver.transaction(isolation="repeatable_read" if still else None)
        done = False
        try:
            await transaction.start()
            yield line
            await transaction.commit()
            done = True
        finally:
            if not done:
                await _undo(line, transaction)


async def _driver(connection: AsyncConnection) -> Any:
    """Return the driver's connection, a new one where the server has closed the old."""
    while True:
        driver = (await connection.get_raw_connection()).driver_connection
        # One left inside a transaction would make ours a part of it, and no commit durable.
        if driver is None or not (driver.is_closed() or driver.is_in_transaction()):
            return driver
        await connection.invalidate()


async def _undo(line: Line, transaction: Any) -> None:
    """Roll back, or else close the connection, which does the same; the pool opens another."""
    undone = False
    try:
        await transaction.rollback()
        undone = True
    except (*DRIVER_ERRORS, OSError):
        pass  # what went wrong before is what the caller hears of
    finally:
        if not undone:
            line.driver.terminate()
            await line.core.invalidate()
