"""What a database that does not answer is to a caller."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tasuki.shared.faults import Category, Fault
from tasuki.shared.store.hot import DRIVER_ERRORS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# The database gave way to another transaction, or is shutting down: asking again may help.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
CONNECTION_CLASS = "08"
ASK_AGAIN = frozenset({"40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03"})


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn a database that does not answer into the fault it is for a caller.

    Raises:
        Fault: UNAVAILABLE; a defect in a statement stays what it is.
    """
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", "") in ASK_AGAIN:
            raise _no_answer() from error
        raise
    except DRIVER_ERRORS as error:
        if _is_defect(error):
            raise
        raise _no_answer() from error
    except (OSError, PoolTimeout) as error:
        raise _no_answer() from error


def _is_defect(error: Exception) -> bool:
    """Return whether the driver tells of a wrong statement or value, not of the connection."""
    if isinstance(error, asyncpg.PostgresError):
        state = getattr(error, "sqlstate", None) or ""
        return state not in ASK_AGAIN and not state.startswith(CONNECTION_CLASS)
    return isinstance(error, ValueError)


def _no_answer() -> Fault:
    return Fault(Category.UNAVAILABLE, "the database does not answer; try again")
