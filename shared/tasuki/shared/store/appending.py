"""Appends versions: head, version and change line of each in one statement.

The head is written first and decides: where it is not the expected one, nothing else is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from tasuki.shared.crypto.seal import Place, seal
from tasuki.shared.faults import Category, Fault
from tasuki.shared.store.hot import Hot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.shared.access.records import NewVersion
    from tasuki.shared.crypto.keys import DataKey
    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.schema import AnyRow

# Heads in one order everywhere, so that two writers wait for each other and do not deadlock.
_FIRST = Hot(
    text(
        """
        WITH given AS (
          SELECT * FROM unnest(
            CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:owners AS text[]),
            CAST(:methods AS text[]), CAST(:ats AS timestamptz[]), CAST(:bodies AS bytea[])
          ) WITH ORDINALITY AS t(type, id, owner, method, at, sealed, place)
        ), made AS (
          INSERT INTO resource_head (tenant, type, id, owner, version, deleted)
          SELECT CAST(:tenant AS text), type, id, owner, 1, sealed IS NULL
          FROM given ORDER BY type, id
          ON CONFLICT DO NOTHING RETURNING 1
        ), whole AS (
          SELECT (SELECT count(*) FROM made) = (SELECT count(*) FROM given) AS yes
        ), versions AS (
          INSERT INTO resource_version (tenant, type, id, version, owner, method, at, sealed)
          SELECT CAST(:tenant AS text), type, id, 1, owner, method, at, sealed
          FROM given WHERE (SELECT yes FROM whole) ORDER BY place
        ), changes AS (
          INSERT INTO change (tenant, type, id, owner, version, deleted)
          SELECT CAST(:tenant AS text), type, id, owner, 1, sealed IS NULL
          FROM given WHERE (SELECT yes FROM whole) ORDER BY place
        )
        SELECT yes FROM whole
        """
    )
)
_NEXT = Hot(
    text(
        """
        WITH moved AS (
          UPDATE resource_head
          SET version = CAST(:version AS integer), deleted = CAST(:sealed AS bytea) IS NULL
          WHERE tenant = CAST(:tenant AS text) AND type = CAST(:type AS text)
            AND id = CAST(:id AS text) AND owner = CAST(:owner AS text)
            AND version = CAST(:version AS integer) - 1
          RETURNING version, deleted
        ), versions AS (
          INSERT INTO resource_version (tenant, type, id, version, owner, method, at, sealed)
          SELECT CAST(:tenant AS text), CAST(:type AS text), CAST(:id AS text), version,
            CAST(:owner AS text), CAST(:method AS text), CAST(:at AS timestamptz),
            CAST(:sealed AS bytea)
          FROM moved
        ), changes AS (
          INSERT INTO change (tenant, type, id, owner, version, deleted)
          SELECT CAST(:tenant AS text), CAST(:type AS text), CAST(:id AS text),
            CAST(:owner AS text), version, deleted
          FROM moved
        )
        SELECT count(*) = 1 AS yes FROM moved
        """
    )
)


def place_of(tenant: str, row: NewVersion | AnyRow) -> Place:
    """Return where the sealed body of a version belongs."""
    return Place(tenant=tenant, owner=row.owner, type=row.type, id=row.id, version=row.version)


async def append(
    line: Line, tenant: str, versions: Sequence[NewVersion], keys: Mapping[str, DataKey]
) -> None:
    """Write versions, sealed under their owners' keys.

    Raises:
        Fault: CONFLICT where a head is not the expected one; the transaction is to be undone.
    """
    first = [version for version in versions if version.expected == 0]
    if first:
        values = {
            "tenant": tenant,
            "types": [version.type for version in first],
            "ids": [version.id for version in first],
            "owners": [version.owner for version in first],
            "methods": [version.method.value for version in first],
            "ats": [version.at for version in first],
            "bodies": [_sealed(tenant, version, keys) for version in first],
        }
        if not (await _FIRST.rows(line, values))[0].yes:
            raise Fault(Category.CONFLICT, "the resource was made by another request meanwhile")
    for version in versions:
        if version.expected:
            await _move(line, tenant, version, _sealed(tenant, version, keys))


async def _move(line: Line, tenant: str, version: NewVersion, sealed: bytes | None) -> None:
    values = {
        "tenant": tenant,
        "type": version.type,
        "id": version.id,
        "owner": version.owner,
        "version": version.version,
        "method": version.method.value,
        "at": version.at,
        "sealed": sealed,
    }
    if not (await _NEXT.rows(line, values))[0].yes:
        raise Fault(Category.CONFLICT, "the resource was changed by another request meanwhile")


def _sealed(tenant: str, version: NewVersion, keys: Mapping[str, DataKey]) -> bytes | None:
    if version.body is None:
        return None
    return seal(version.body, key=keys[version.owner], place=place_of(tenant, version))
