"""Versions in the order of a history: those of a resource, a type, a person or everything.

https://hl7.org/fhir/R4/http.html#history

Newest first by the time they were written; a page begins where the one before ended, so that what
is written meanwhile neither shifts nor doubles anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Text, and_, any_, bindparam, exists, select, tuple_

from tasuki.shared.store import bounds
from tasuki.shared.store.bounds import all_or_none, first_opened, first_that_fit
from tasuki.shared.store.hot import Hot
from tasuki.shared.store.schema import HEAD, VERSION
from tasuki.shared.store.versions import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from tasuki.shared.access.records import Selection, Stored
    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.schema import AnyRow, Statement

# All versions of some resources, oldest first.
_ALL_OF = Hot(
    all_or_none(
        select(*COLUMNS).where(
            VERSION.c.tenant == bindparam("tenant"),
            VERSION.c.type == bindparam("type_"),
            VERSION.c.id == any_(bindparam("ids", type_=ARRAY(Text))),
        ),
        "id",
        "version",
    )
)
_POSITION = tuple_(VERSION.c.at, VERSION.c.type, VERSION.c.id, VERSION.c.version)
_ORDER = ("at", "type", "id", "version")
_LATER = VERSION.alias("later")


class Histories:
    """One tenant's versions, inside one transaction."""

    def __init__(
        self,
        line: Line,
        tenant: str,
        opened: Callable[[Sequence[AnyRow]], Awaitable[Iterator[Stored]]],
    ) -> None:
        self._line = line
        self._tenant = tenant
        self._opened = opened

    async def history(self, asked: Selection, limit: int) -> tuple[list[Stored], bool]:
        """See `Unit.history`."""
        order = ("version",) if asked.id is not None else _ORDER
        found = first_that_fit(statement(self._tenant, asked, limit + 1), *order)
        values = {"most": bounds.STRETCH_SEALED}
        rows = (await self._line.execute(found, values)).all()
        fitting = [row for row in rows[:limit] if row.fits]
        opened = first_opened(await self._opened(fitting), bounds.STRETCH_OPENED)
        return opened, len(opened) < len(rows)

    async def all_versions(self, type_: str, ids: Sequence[str]) -> list[Stored] | None:
        """See `Unit.all_versions`."""
        most = bounds.STRETCH_SEALED
        values = {"tenant": self._tenant, "type_": type_, "ids": list(ids), "most": most}
        rows = await _ALL_OF.rows(self._line, values)
        if rows and rows[0].total > most:
            return None
        opened: list[Stored] = []
        size = 0
        for stored in await self._opened(rows):
            size += len(stored.body or b"")
            if size > bounds.STRETCH_OPENED:
                return None
            opened.append(stored)
        return opened


def statement(tenant: str, asked: Selection, limit: int) -> Statement:
    """Return the statement that finds these versions."""
    found = select(*COLUMNS).where(VERSION.c.tenant == tenant).limit(limit)
    if len(asked.types) == 1:  # equal to one, and not one of an array: an index gives the order
        found = found.where(VERSION.c.type == asked.types[0])
    else:
        found = found.where(VERSION.c.type.in_(asked.types))
    if asked.owner is not None:
        found = found.join(
            HEAD,
            and_(
                HEAD.c.tenant == VERSION.c.tenant,
                HEAD.c.type == VERSION.c.type,
                HEAD.c.id == VERSION.c.id,
            ),
        ).where(HEAD.c.owner == asked.owner)
    if asked.since is not None:
        found = found.where(VERSION.c.at >= asked.since)
    if asked.current is not None:
        found = _current(found, asked)
    return _after(found, asked)


def _current(found: Statement, asked: Selection) -> Statement:
    """Keep versions that were the newest at some moment of a stretch of time."""
    if asked.current is None:
        return found
    start, end = asked.current
    superseded = exists().where(
        _LATER.c.tenant == VERSION.c.tenant,
        _LATER.c.type == VERSION.c.type,
        _LATER.c.id == VERSION.c.id,
        _LATER.c.version == VERSION.c.version + 1,
        _LATER.c.at <= start,
    )
    return found.where(VERSION.c.at < end, ~superseded)


def _after(found: Statement, asked: Selection) -> Statement:
    """Put versions in order, and begin after the last one shown."""
    if asked.id is not None:
        found = found.where(VERSION.c.id == asked.id).order_by(VERSION.c.version.desc())
        return found if asked.after is None else found.where(VERSION.c.version < asked.after[3])
    found = found.order_by(
        VERSION.c.at.desc(), VERSION.c.type.desc(), VERSION.c.id.desc(), VERSION.c.version.desc()
    )
    return found if asked.after is None else found.where(tuple_(*asked.after) > _POSITION)
