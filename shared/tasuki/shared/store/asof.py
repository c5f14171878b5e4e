"""What was current at a moment that is past: read in pages, whatever is written meanwhile.

Versions are never changed, so what was current at a moment stays the same for ever, once every
transaction that could still add a version dated before it has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Text, any_, bindparam, func, select, text, true

from tasuki.shared.access.asof import Sketch
from tasuki.shared.access.records import NOBODY
from tasuki.shared.store.schema import HEAD, VERSION

if TYPE_CHECKING:
    from tasuki.shared.access.asof import Slice
    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.schema import Statement

# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
_OPEN = text(
    "SELECT pid, xact_start FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend'"
    " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
)


class AsOf:
    """One tenant's past, inside one transaction."""

    def __init__(self, line: Line, tenant: str) -> None:
        self._line = line
        self._tenant = tenant

    async def open_elsewhere(self) -> frozenset[str]:
        """See `Unit.open_elsewhere`."""
        rows = (await self._line.execute(_OPEN)).all()
        return frozenset(f"{row.pid}/{row.xact_start.isoformat()}" for row in rows)

    async def current_at(self, asked: Slice, limit: int) -> list[Sketch]:
        """See `Unit.current_at`."""
        rows = await self._line.execute(
            _page(asked),
            {
                "tenant": self._tenant,
                "type_": asked.type,
                "after": asked.after,
                "until": asked.until,
                "limit": limit,
                **({} if asked.since is None else {"since": asked.since}),
                **({} if asked.owners is None else {"owners": list(asked.owners)}),
            },
        )
        return [
            Sketch(id=row.id, owner=row.owner, version=row.version, size=row.size) for row in rows
        ]


def _page(asked: Slice) -> Statement:
    """Return the statement of a page: the newest versions by then, by id, without their bodies.

    Heads are walked in their order and each one's version is one look-up, so that a page costs
    what it holds: newest versions alone would be sorted anew, all of them, for every page.
    """
    newest = (
        select(
            VERSION.c.version,
            VERSION.c.at,
            func.octet_length(VERSION.c.sealed).label("size"),
        )
        .where(
            VERSION.c.tenant == HEAD.c.tenant,
            VERSION.c.type == HEAD.c.type,
            VERSION.c.id == HEAD.c.id,
            VERSION.c.at <= bindparam("until"),
        )
        .order_by(VERSION.c.version.desc())
        .limit(1)
        .correlate(HEAD)
        .lateral("newest")
    )
    page = (
        select(HEAD.c.id, HEAD.c.owner, newest.c.version, newest.c.size)
        .select_from(HEAD.join(newest, true()))
        .where(
            HEAD.c.tenant == bindparam("tenant"),
            HEAD.c.type == bindparam("type_"),
            HEAD.c.id > bindparam("after"),
        )
    )
    if asked.owners is not None:
        page = page.where(HEAD.c.owner == any_(bindparam("owners", type_=ARRAY(Text))))
    if asked.people_only:
        page = page.where(HEAD.c.owner != NOBODY)
    if asked.since is None:
        page = page.where(newest.c.size.is_not(None))
    else:
        page = page.where(newest.c.at > bindparam("since"))
    return page.order_by(HEAD.c.id).limit(bindparam("limit"))
