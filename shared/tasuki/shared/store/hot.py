"""The few statements of every request, sent to the driver underneath.

Each is written once as a Core expression and compiled when the module is imported. What Core does
at every execution besides costs more than the database does: 180 µs a statement against 65.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sqlalchemy import ClauseElement, CursorResult, Executable
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from tasuki.shared.store.schema import AnyRow

    Values = Mapping[str, object] | Sequence[Mapping[str, object]]

_DIALECT = dialect()  # type: ignore[no-untyped-call]
# What the driver raises besides OSError; the last where a connection ended between two statements.
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Fields(asyncpg.Record):  # type: ignore[misc]  # asyncpg ships no types
    """A row whose columns are attributes, but for `get`, `items`, `keys` and `values`."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class Line:
    """One connection, and the transaction on it, which begins when it is needed.

    In READ COMMITTED every statement sees the database as it is then, inside a transaction or not.
    So what only looks at rows may come before it, and what is the last may be one by itself.
    """

    def __init__(self, connection: AsyncConnection, driver: Any, *, still: bool = False) -> None:
        self.connection = connection
        self.driver = driver  # asyncpg ships no types
        self.transaction: Any | None = None
        self._still = still
        self._last: dict[Hot, list[Mapping[str, object]]] = {}

    def at_last(self, statement: Hot, rows: Sequence[Mapping[str, object]]) -> None:
        """Change rows at the very end, where nothing has gone wrong before."""
        self._last.setdefault(statement, []).extend(rows)

    async def finish(self) -> None:
        """Make the last changes, and commit."""
        if len(self._last) > 1:
            await self.begin()
        for statement, rows in self._last.items():
            await statement.run(self, rows)
        if self.transaction is not None:
            await self.transaction.commit()

    async def begin(self) -> None:
        """Begin the transaction, unless it has begun."""
        if self.transaction is None:
            isolation = "repeatable_read" if self._still else None
            transaction = self.transaction = self.driver.transaction(isolation=isolation)
            await transaction.start()

    async def execute(
        self, statement: Executable, values: Values | None = None
    ) -> CursorResult[Any]:
        """Execute a statement by Core, inside the transaction."""
        await self.begin()
        return await self.connection.execute(statement, values)


class Hot:
    """A statement without lists of varying length, ready for the driver.

    Args:
        statement: A query or a change of rows.
        looks: It only looks at rows, locks none and calls nothing: it needs no transaction.
    """

    def __init__(self, statement: ClauseElement, *, looks: bool = False) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only queries and changes of rows are hot")
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._looks = looks

    async def rows(self, line: Line, values: Mapping[str, object]) -> Sequence[AnyRow]:
        """Return the rows."""
        if not self._looks:
            await line.begin()
        found: Sequence[AnyRow] = await line.driver.fetch(
            self._sql, *self._in_order(values), record_class=Fields
        )
        return found

    async def run(self, line: Line, rows: Sequence[Mapping[str, object]]) -> None:
        """Execute it once for each of these, all or nothing.

        https://magicstack.github.io/asyncpg/current/api/index.html#asyncpg.connection.Connection.executemany
        """
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
        line = Line(connection, await _driver(connection), still=still)
        done = False
        try:
            if still:
                await line.begin()
            yield line
            await line.finish()
            done = True
        finally:
            if not done:
                await _undo(line)


async def _driver(connection: AsyncConnection) -> Any:
    """Return the driver's connection, a new one where the server has closed the old."""
    while True:
        driver = (await connection.get_raw_connection()).driver_connection
        # One left inside a transaction would make ours a part of it, and no commit durable.
        if driver is None or not (driver.is_closed() or driver.is_in_transaction()):
            return driver
        await connection.invalidate()


async def _undo(line: Line) -> None:
    """Roll back, or else close the connection, which does the same; the pool opens another."""
    undone = False
    try:
        # Without a transaction this asks whether the connection is free for others.
        await (line.transaction.rollback() if line.transaction else line.driver.execute("SELECT"))
        undone = True
    except (*DRIVER_ERRORS, OSError):
        pass  # what went wrong before is what the caller hears of
    finally:
        if not undone:
            line.driver.terminate()
            await line.connection.invalidate()
