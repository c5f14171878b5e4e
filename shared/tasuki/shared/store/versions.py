"""Many versions of many resources in one look-up, each by its primary key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Integer, Text, bindparam, column, func, select

from tasuki.shared.store.hot import Hot
from tasuki.shared.store.schema import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    VERSION.c.type,
    VERSION.c.id,
    VERSION.c.owner,
    VERSION.c.version,
    VERSION.c.at,
    VERSION.c.method,
    VERSION.c.sealed,
)
"""What a version is read as."""

_WANTED = (
    func.unnest(
        bindparam("types", type_=ARRAY(Text)),
        bindparam("ids", type_=ARRAY(Text)),
        bindparam("versions", type_=ARRAY(Integer)),
    )
    .table_valued(
        column("type", Text), column("id", Text), column("version", Integer), name="wanted"
    )
    .render_derived()
)
SOME_VERSIONS = Hot(
    select(*COLUMNS)
    .join_from(
        _WANTED,
        VERSION,
        (VERSION.c.type == _WANTED.c.type)
        & (VERSION.c.id == _WANTED.c.id)
        & (VERSION.c.version == _WANTED.c.version),
    )
    .where(VERSION.c.tenant == bindparam("tenant"))
    .order_by(VERSION.c.type, VERSION.c.id)
)


def wanted_versions(keys: Sequence[tuple[str, str, int]]) -> dict[str, object]:
    """Return the parameters of `SOME_VERSIONS` for these (type, id, version)."""
    return {
        "types": [type_ for type_, _, _ in keys],
        "ids": [id_ for _, id_, _ in keys],
        "versions": [version for _, _, version in keys],
    }
