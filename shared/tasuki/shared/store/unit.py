"""One transaction over one tenant's sealed records.

See `tasuki.shared.access.records.Unit` for what each method promises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    ARRAY,
    Text,
    and_,
    any_,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    true,
    update,
)

from tasuki.shared.access.records import NOBODY, Copy, Method, Stored
from tasuki.shared.crypto.seal import Place, seal, unseal
from tasuki.shared.faults import Category, Fault
from tasuki.shared.store import leaves
from tasuki.shared.store.kept import KeptShelf
from tasuki.shared.store.lookups import Lookups
from tasuki.shared.store.quarantine import QuarantineShelf
from tasuki.shared.store.replica import COPIES, COPIES_UNDER, copy_place
from tasuki.shared.store.schema import CHANGE, HEAD, VERSION
from tasuki.shared.store.vault import AUDIT, RECORD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.shared.access.records import NewVersion
    from tasuki.shared.audit.events import AuditRecord
    from tasuki.shared.crypto.keyring import KeyRing, NetworkKeys
    from tasuki.shared.crypto.keys import DataKey
    from tasuki.shared.store.schema import AnyRow, Statement
    from tasuki.shared.store.vault import KeyVault

_COLUMNS = (
    VERSION.c.type,
    VERSION.c.id,
    VERSION.c.owner,
    VERSION.c.version,
    VERSION.c.at,
    VERSION.c.method,
    VERSION.c.sealed,
)
# The version of a head is one look-up by primary key. OFFSET keeps the planner from choosing
# another way: without fresh statistics, after a load, it compared every head with every version.
_NEWEST = (
    select(*_COLUMNS)
    .where(
        VERSION.c.tenant == HEAD.c.tenant,
        VERSION.c.type == HEAD.c.type,
        VERSION.c.id == HEAD.c.id,
        VERSION.c.version == HEAD.c.version,
    )
    .correlate(HEAD)
    .offset(literal_column("0"))
    .lateral("newest")
)
_CURRENT = select(*_NEWEST.c).select_from(HEAD.join(_NEWEST, true()))
_HEAD = _CURRENT.where(
    HEAD.c.tenant == bindparam("tenant"),
    HEAD.c.type == bindparam("type_"),
    HEAD.c.id == bindparam("id_"),
)
_LIVE = _CURRENT.where(HEAD.c.tenant == bindparam("tenant"), ~HEAD.c.deleted)
_OF_OWNER = _LIVE.where(
    HEAD.c.owner == bindparam("owner"), HEAD.c.type.in_(bindparam("types", expanding=True))
).order_by(HEAD.c.type, HEAD.c.id)
_OTHERS = (
    select(HEAD.c.id)
    .where(
        HEAD.c.tenant == bindparam("tenant"),
        HEAD.c.owner == bindparam("owner"),
        HEAD.c.type != "Patient",
        ~HEAD.c.deleted,
    )
    .limit(1)
)
_OF_TYPE = (
    _LIVE.where(HEAD.c.type == bindparam("type_")).order_by(HEAD.c.id).limit(bindparam("limit"))
)
_THESE = and_(
    HEAD.c.tenant == bindparam("tenant"),
    HEAD.c.type == bindparam("type_"),
    # One array and not a list of parameters: a statement may have 32,767 of those at most.
    HEAD.c.id == any_(bindparam("ids", type_=ARRAY(Text))),
)
_BY_IDS = _CURRENT.where(_THESE, ~HEAD.c.deleted).order_by(HEAD.c.id)
_HEADS = _CURRENT.where(_THESE).order_by(HEAD.c.id)
# Locked in a statement of its own: one that waits here for another's commit would go on to join the
# new head with the versions of its old snapshot, and find nothing.
_LOCK_HEADS = select(HEAD.c.id).where(_THESE).order_by(HEAD.c.id).with_for_update()
_HOLD_LIVE = (
    select(HEAD.c.id).where(_THESE, ~HEAD.c.deleted).order_by(HEAD.c.id).with_for_update(read=True)
)
_VERSIONS = (
    select(*_COLUMNS)
    .where(
        VERSION.c.tenant == bindparam("tenant"),
        VERSION.c.type == bindparam("type_"),
        VERSION.c.id == bindparam("id_"),
    )
    .order_by(VERSION.c.version.desc())
)
_ONE_VERSION = _VERSIONS.where(VERSION.c.version == bindparam("version"))
_SOME_VERSIONS = _VERSIONS.limit(bindparam("limit"))
_MOVE_HEAD = (
    update(HEAD)
    .where(
        HEAD.c.tenant == bindparam("in_tenant"),
        HEAD.c.type == bindparam("of_type"),
        HEAD.c.id == bindparam("of_id"),
        HEAD.c.version == bindparam("expected"),
        HEAD.c.owner == bindparam("of_owner"),
    )
    .values(version=bindparam("to_version"), deleted=bindparam("to_deleted"))
)
# New heads in one statement; the rows that come back are those that really were new.
_NEW_HEADS = text(
    """
    INSERT INTO resource_head (tenant, type, id, owner, version, deleted)
    SELECT :tenant, t.type, t.id, t.owner, 1, false
    FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:owners AS text[]))
      AS t(type, id, owner)
    ON CONFLICT DO NOTHING
    RETURNING 1
    """
)
_LOCK = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("criteria"), literal(0))))


class SealedUnit:
    """Records of one tenant inside one database transaction."""

    def __init__(
        self,
        connection: AsyncConnection,
        vault: KeyVault,
        ring: KeyRing,
        tenant: str,
        network: NetworkKeys | None,
    ) -> None:
        self._connection = connection
        self._vault = vault
        self._ring = ring
        self._tenant = tenant
        self._lookups = Lookups(connection, ring, tenant, network)
        self._shelf = QuarantineShelf(connection, vault, tenant)
        kept = KeptShelf(connection, vault, tenant)
        self.changed = False
        self.by_identifier = self._lookups.by_identifier
        self.by_person_key = self._lookups.by_person_key
        self.owners_of_tokens = self._lookups.owners_of_tokens
        self.tokens_of_owner = self._lookups.tokens_of_owner
        self.source_ids = self._lookups.source_ids
        self.known_source_ids = self._lookups.known_source_ids
        self.quarantine = self._shelf.put
        self.release = self._shelf.release
        self.quarantined = self._shelf.newest
        self.quarantine_count = self._shelf.count
        self.keep = kept.keep
        self.kept = kept.kept
        self.let_go = kept.let_go

    async def head(self, type_: str, id_: str) -> Stored | None:
        """See `Unit.head`."""
        return await self._one(_HEAD, {"type_": type_, "id_": id_})

    async def head_for_update(self, type_: str, id_: str) -> Stored | None:
        """See `Unit.head_for_update`."""
        found = await self.heads(type_, [id_])
        return found[0] if found else None

    async def version(self, type_: str, id_: str, version: int) -> Stored | None:
        """See `Unit.version`."""
        return await self._one(_ONE_VERSION, {"type_": type_, "id_": id_, "version": version})

    async def history(self, type_: str, id_: str, limit: int) -> list[Stored]:
        """See `Unit.history`."""
        return await self._many(_SOME_VERSIONS, {"type_": type_, "id_": id_, "limit": limit})

    async def of_owner(self, owner: str, types: Sequence[str]) -> list[Stored]:
        """See `Unit.of_owner`."""
        return await self._many(_OF_OWNER, {"owner": owner, "types": list(types)})

    async def has_others(self, owner: str) -> bool:
        """See `Unit.has_others`."""
        found = await self._connection.execute(_OTHERS, {"tenant": self._tenant, "owner": owner})
        return found.first() is not None

    async def scan(self, type_: str, limit: int) -> list[Stored] | None:
        """See `Unit.scan`."""
        rows = await self._rows(_OF_TYPE, {"type_": type_, "limit": limit + 1})
        return None if len(rows) > limit else await self._opened(rows)

    async def heads(self, type_: str, ids: Sequence[str]) -> list[Stored]:
        """See `Unit.heads`."""
        if not ids:
            return []
        await self._rows(_LOCK_HEADS, {"type_": type_, "ids": list(ids)})
        return await self._many(_HEADS, {"type_": type_, "ids": list(ids)})

    async def live(self, type_: str, ids: Sequence[str]) -> frozenset[str]:
        """See `Unit.live`."""
        if not ids:
            return frozenset()
        rows = await self._rows(_HOLD_LIVE, {"type_": type_, "ids": list(ids)})
        return frozenset(row.id for row in rows)

    async def by_ids(self, type_: str, ids: Sequence[str]) -> list[Stored]:
        """See `Unit.by_ids`."""
        return await self._many(_BY_IDS, {"type_": type_, "ids": list(ids)}) if ids else []

    async def copies(self, feed: str, owner: str) -> list[Copy]:
        """See `Unit.copies`."""
        values = {"tenant": self._tenant, "feed": feed, "owner": owner}
        rows = (await self._connection.execute(COPIES, values)).all()
        return await self._copied([(feed, row.key, row.seq, row.sealed) for row in rows])

    async def copies_under(self, feeds: Sequence[str], tokens: Sequence[str]) -> list[Copy]:
        """See `Unit.copies_under`."""
        values = {
            "tenant": self._tenant,
            "feeds": list(feeds),
            "tokens": [bytes.fromhex(token) for token in tokens],
        }
        rows = (await self._connection.execute(COPIES_UNDER, values)).all()
        return await self._copied([(row.feed, row.key, row.seq, row.sealed) for row in rows])

    async def _copied(self, found: Sequence[tuple[str, str, int, bytes]]) -> list[Copy]:
        if not found:
            return []
        key = (await self._vault.opened([NOBODY], RECORD))[NOBODY]
        return [
            Copy(
                name, seq, unseal(sealed, key=key, place=copy_place(self._tenant, feed, name, seq))
            )
            for feed, name, seq, sealed in found
        ]

    async def lock(self, *parts: str) -> None:
        """See `Unit.lock`."""
        tag = self._ring.mac("lock", "\x1f".join((self._tenant, *parts)).encode()).hex()
        await self._connection.execute(_LOCK, {"criteria": tag})

    async def audit_events(self, owners: Sequence[str], limit: int, skip: int = 0) -> list[bytes]:
        """See `Unit.audit_events`."""
        key = (await self._vault.ensured([NOBODY], AUDIT))[NOBODY]
        tags = [leaves.owner_tag(self._ring, self._tenant, owner) for owner in owners]
        page = leaves.Page(tags, limit, skip)
        return await leaves.newest(self._connection, page, key=key, tenant=self._tenant)

    async def audit_count(self, owners: Sequence[str]) -> int:
        """See `Unit.audit_count`."""
        tags = [leaves.owner_tag(self._ring, self._tenant, owner) for owner in owners]
        return await leaves.count(self._connection, tags, tenant=self._tenant)

    async def record(self, records: Sequence[AuditRecord]) -> None:
        """See `Unit.record`."""
        if records:
            key = (await self._vault.ensured([NOBODY], AUDIT))[NOBODY]
            await leaves.append(
                self._connection, records, ring=self._ring, key=key, tenant=self._tenant
            )

    async def write(self, versions: Sequence[NewVersion]) -> None:
        """See `Unit.write`."""
        if not versions:
            return
        keys = await self._vault.ensured({version.owner for version in versions}, RECORD)
        await self._new_heads([version for version in versions if version.expected == 0])
        for version in versions:
            if version.expected:
                await self._move_head(version)
        await self._connection.execute(
            insert(VERSION), [self._row(version, keys[version.owner]) for version in versions]
        )
        await self._connection.execute(
            insert(CHANGE).inline(), [self._change(version) for version in versions]
        )
        await self._lookups.replace(versions)
        self.changed = True

    async def _new_heads(self, versions: Sequence[NewVersion]) -> None:
        if not versions:
            return
        # In one order everywhere, so that two writers wait for each other and do not deadlock.
        ordered = sorted(versions, key=lambda version: (version.type, version.id))
        made = await self._connection.execute(
            _NEW_HEADS,
            {
                "tenant": self._tenant,
                "types": [version.type for version in ordered],
                "ids": [version.id for version in ordered],
                "owners": [version.owner for version in ordered],
            },
        )
        if len(made.all()) != len(versions):
            raise Fault(Category.CONFLICT, "the resource was made by another request meanwhile")

    async def _move_head(self, version: NewVersion) -> None:
        moved = await self._connection.execute(
            _MOVE_HEAD,
            {
                "in_tenant": self._tenant,
                "of_type": version.type,
                "of_id": version.id,
                "of_owner": version.owner,
                "expected": version.expected,
                "to_version": version.version,
                "to_deleted": version.body is None,
            },
        )
        if moved.rowcount != 1:
            raise Fault(Category.CONFLICT, "the resource was changed by another request meanwhile")

    def _place(self, row: NewVersion | AnyRow) -> Place:
        return Place(
            tenant=self._tenant, owner=row.owner, type=row.type, id=row.id, version=row.version
        )

    def _row(self, version: NewVersion, key: DataKey) -> dict[str, object]:
        body = version.body
        return {
            "tenant": self._tenant,
            "type": version.type,
            "id": version.id,
            "version": version.version,
            "owner": version.owner,
            "method": version.method.value,
            "at": version.at,
            "sealed": None if body is None else seal(body, key=key, place=self._place(version)),
        }

    def _change(self, version: NewVersion) -> dict[str, object]:
        return {
            "tenant": self._tenant,
            "type": version.type,
            "id": version.id,
            "owner": version.owner,
            "version": version.version,
            "deleted": version.body is None,
        }

    async def _rows(self, statement: Statement, values: Mapping[str, object]) -> Sequence[AnyRow]:
        result = await self._connection.execute(statement, {"tenant": self._tenant, **values})
        return result.all()

    async def _one(self, statement: Statement, values: Mapping[str, object]) -> Stored | None:
        found = await self._many(statement, values)
        return found[0] if found else None

    async def _many(self, statement: Statement, values: Mapping[str, object]) -> list[Stored]:
        return await self._opened(await self._rows(statement, values))

    async def _opened(self, rows: Sequence[AnyRow]) -> list[Stored]:
        owners = {row.owner for row in rows if row.sealed is not None}
        keys = await self._vault.opened(owners) if owners else {}
        return [
            Stored(
                type=row.type,
                id=row.id,
                owner=row.owner,
                version=row.version,
                at=row.at,
                method=Method(row.method),
                body=None
                if row.sealed is None
                else unseal(row.sealed, key=keys[row.owner], place=self._place(row)),
            )
            for row in rows
        ]
