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
    literal_column,
    select,
    true,
)

from tasuki.shared.access.records import NOBODY, Copy, Method, Stored
from tasuki.shared.crypto.seal import unseal
from tasuki.shared.store import appending, leaves
from tasuki.shared.store.appending import place_of
from tasuki.shared.store.asof import AsOf
from tasuki.shared.store.bounds import Budget, all_or_none, first_opened
from tasuki.shared.store.consulted import Held, State, head_with_copies, head_with_state
from tasuki.shared.store.evidence import evidence_of
from tasuki.shared.store.histories import Histories
from tasuki.shared.store.hot import Hot
from tasuki.shared.store.kept import KeptShelf
from tasuki.shared.store.lookups import Lookups
from tasuki.shared.store.quarantine import QuarantineShelf
from tasuki.shared.store.replica import COPIES, COPIES_UNDER, copy_place
from tasuki.shared.store.schema import HEAD, VERSION
from tasuki.shared.store.vault import AUDIT, RECORD
from tasuki.shared.store.versions import COLUMNS, SOME_VERSIONS, wanted_versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasuki.shared.access.records import NewVersion
    from tasuki.shared.audit.events import AuditRecord
    from tasuki.shared.audit.proven import Evidence
    from tasuki.shared.crypto.keyring import KeyRing, NetworkKeys
    from tasuki.shared.store.consulted import Remembered, Sealed
    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.schema import AnyRow
    from tasuki.shared.store.vault import KeyVault

# The version of a head is one look-up by primary key. OFFSET keeps the planner from choosing
# another way: without fresh statistics, after a load, it compared every head with every version.
_NEWEST = (
    select(*COLUMNS)
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
_THIS = and_(
    HEAD.c.tenant == bindparam("tenant"),
    HEAD.c.type == bindparam("type_"),
    HEAD.c.id == bindparam("id_"),
)
_HEAD = Hot(_CURRENT.where(_THIS), looks=True)
_HEAD_AND_COPIES = Hot(head_with_copies(_NEWEST).where(_THIS), looks=True)
_HEAD_AND_STATE = Hot(head_with_state(_NEWEST).where(_THIS), looks=True)
_LIVE = _CURRENT.where(HEAD.c.tenant == bindparam("tenant"), ~HEAD.c.deleted)
_OF_OWNER = Hot(
    all_or_none(
        _LIVE.where(
            HEAD.c.owner == bindparam("owner"),
            HEAD.c.type == any_(bindparam("types", type_=ARRAY(Text))),
        ),
        "type",
        "id",
    )
)
_OTHERS = Hot(
    select(HEAD.c.id)
    .where(
        HEAD.c.tenant == bindparam("tenant"),
        HEAD.c.owner == bindparam("owner"),
        HEAD.c.type != literal_column("'Patient'"),
        ~HEAD.c.deleted,
    )
    .limit(literal_column("1"))
)
_OF_TYPE = Hot(
    all_or_none(
        _LIVE.where(HEAD.c.type == bindparam("type_"))
        .order_by(HEAD.c.id)
        .limit(bindparam("limit")),
        "id",
    )
)
_THESE = and_(
    HEAD.c.tenant == bindparam("tenant"),
    HEAD.c.type == bindparam("type_"),
    # One array and not a list of parameters: a statement may have 32,767 of those at most.
    HEAD.c.id == any_(bindparam("ids", type_=ARRAY(Text))),
)
_BY_IDS = Hot(all_or_none(_CURRENT.where(_THESE, ~HEAD.c.deleted), "id"))
_HEADS = Hot(all_or_none(_CURRENT.where(_THESE), "id"))
# Locked in a statement of its own: one that waits here for another's commit would go on to join the
# new head with the versions of its old snapshot, and find nothing.
_LOCK_HEADS = Hot(select(HEAD.c.id).where(_THESE).order_by(HEAD.c.id).with_for_update())
_HOLD_LIVE = Hot(
    select(HEAD.c.id).where(_THESE, ~HEAD.c.deleted).order_by(HEAD.c.id).with_for_update(read=True)
)
_VERSIONS = (
    select(*COLUMNS)
    .where(
        VERSION.c.tenant == bindparam("tenant"),
        VERSION.c.type == bindparam("type_"),
        VERSION.c.id == bindparam("id_"),
    )
    .order_by(VERSION.c.version.desc())
)
_ONE_VERSION = Hot(_VERSIONS.where(VERSION.c.version == bindparam("version")), looks=True)
_LOCK = Hot(
    select(
        func.pg_advisory_xact_lock(
            func.hashtextextended(bindparam("criteria"), literal_column("0"))
        )
    )
)


class SealedUnit:
    """Records of one tenant inside one database transaction."""

    def __init__(
        self,
        line: Line,
        vault: KeyVault,
        ring: KeyRing,
        tenant: str,
        network: NetworkKeys | None,
        remembered: Remembered,
    ) -> None:
        self._line = line
        self._vault = vault
        self._ring = ring
        self._tenant = tenant
        self._lookups = Lookups(line, ring, tenant, network)
        self._shelf = QuarantineShelf(line, vault, tenant)
        kept = KeptShelf(line, vault, tenant)
        past = AsOf(line, tenant)
        self._remembered = remembered
        self._ready: dict[tuple[str, str], list[Copy]] = {}
        self._sealed: dict[tuple[str, str], tuple[Sealed, tuple[str, str], State]] = {}
        self._budget = Budget()
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
        told = Histories(line, tenant, self._open)
        self.history = told.history
        self.all_versions = told.all_versions
        self.open_elsewhere = past.open_elsewhere
        self.current_at = past.current_at

    async def head(self, type_: str, id_: str, feed: str | None = None) -> Stored | None:
        """See `Unit.head`."""
        values: dict[str, object] = {"type_": type_, "id_": id_}
        if feed is None:
            return await self._one(_HEAD, values)
        expected = self._remembered.expected(feed, type_, id_)
        statement = _HEAD_AND_COPIES if expected is None else _HEAD_AND_STATE
        rows = await self._rows(statement, {**values, "feed": feed})
        if rows:
            self._take_along(feed, rows[0], expected)
        opened = await self._opened(rows)
        return opened[0] if opened else None

    def _take_along(self, feed: str, row: AnyRow, expected: Held | None) -> None:
        """Lay ready what was fetched with a head, for `copies` to give once."""
        place, state = (feed, row.owner), State.of(row)
        self._remembered.saw(feed, state)
        # What an earlier head brought and nobody asked for is not as new as this one.
        self._ready.pop(place, None)
        self._sealed.pop(place, None)
        if expected is None:
            held = zip(row.copy_keys or (), row.copy_seqs or (), row.copy_bodies or (), strict=True)
            self._sealed[place] = [(feed, *one) for one in held], (row.type, row.id), state
            if row.owner == NOBODY:  # of whom there are none, and nobody asks
                self._keep(feed, (row.type, row.id), Held(NOBODY, state, []))
        elif expected.owner == row.owner and expected.state == state:
            self._ready[place] = expected.copies
        else:
            self._remembered.drop(feed, expected)

    async def head_for_update(self, type_: str, id_: str) -> Stored | None:
        """See `Unit.head_for_update`."""
        found = await self.heads(type_, [id_])
        return found[0] if found else None

    async def version(self, type_: str, id_: str, version: int) -> Stored | None:
        """See `Unit.version`."""
        return await self._one(_ONE_VERSION, {"type_": type_, "id_": id_, "version": version})

    async def versions(
        self, keys: Sequence[tuple[str, str, int]], most: int | None = None
    ) -> list[Stored]:
        """See `Unit.versions`."""
        if not keys:
            return []
        rows = await self._rows(SOME_VERSIONS, wanted_versions(keys))
        return first_opened(await self._open(rows), most)

    async def of_owner(self, owner: str, types: Sequence[str]) -> list[Stored]:
        """See `Unit.of_owner`."""
        rows = await self._within(_OF_OWNER, {"owner": owner, "types": list(types)})
        return await self._counted(rows)

    async def has_others(self, owner: str) -> bool:
        """See `Unit.has_others`."""
        return bool(await self._rows(_OTHERS, {"owner": owner}))

    async def scan(self, type_: str, limit: int) -> list[Stored] | None:
        """See `Unit.scan`."""
        rows = await self._within(_OF_TYPE, {"type_": type_, "limit": limit + 1})
        return None if len(rows) > limit else await self._counted(rows)

    async def heads(self, type_: str, ids: Sequence[str]) -> list[Stored]:
        """See `Unit.heads`."""
        if not ids:
            return []
        await self._rows(_LOCK_HEADS, {"type_": type_, "ids": list(ids)})
        return await self._counted(await self._within(_HEADS, {"type_": type_, "ids": list(ids)}))

    async def live(self, type_: str, ids: Sequence[str]) -> frozenset[str]:
        """See `Unit.live`."""
        if not ids:
            return frozenset()
        rows = await self._rows(_HOLD_LIVE, {"type_": type_, "ids": list(ids)})
        return frozenset(row.id for row in rows)

    async def by_ids(self, type_: str, ids: Sequence[str]) -> list[Stored]:
        """See `Unit.by_ids`."""
        if not ids:
            return []
        return await self._counted(await self._within(_BY_IDS, {"type_": type_, "ids": list(ids)}))

    async def copies(self, feed: str, owner: str) -> Sequence[Copy]:
        """See `Unit.copies`."""
        ready = self._ready.pop((feed, owner), None)
        if ready is not None:
            return ready
        fetched = self._sealed.pop((feed, owner), None)
        if fetched is None:
            rows = await self._rows(COPIES, {"feed": feed, "owner": owner})
            return await self._copied([(feed, row.key, row.seq, row.sealed) for row in rows])
        sealed, place, state = fetched
        held = self._remembered.of(feed, owner, state)
        if held is None:
            held = Held(owner, state, await self._copied(sealed))
        self._keep(feed, place, held)
        return held.copies

    def _keep(self, feed: str, place: tuple[str, str], held: Held) -> None:
        # Of a unit that writes the Patient's version may never come to be, and come again.
        if not self.changed:
            self._remembered.keep(feed, place, held)

    async def copies_under(self, feeds: Sequence[str], tokens: Sequence[str]) -> list[Copy]:
        """See `Unit.copies_under`."""
        values = {
            "tenant": self._tenant,
            "feeds": list(feeds),
            "tokens": [bytes.fromhex(token) for token in tokens],
        }
        rows = (await self._line.execute(COPIES_UNDER, values)).all()
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
        await self._rows(_LOCK, {"criteria": tag})

    async def audit_events(self, owners: Sequence[str], limit: int, skip: int = 0) -> list[bytes]:
        """See `Unit.audit_events`."""
        return [one.body.event for one in await self._newest(owners, limit, skip)]

    async def audit_proven(self, owners: Sequence[str], limit: int, skip: int = 0) -> Evidence:
        """See `Unit.audit_proven`."""
        found = await self._newest(owners, limit, skip)
        return await evidence_of(self._line, found, self._tenant)

    async def _newest(self, owners: Sequence[str], limit: int, skip: int) -> list[leaves.Found]:
        key = (await self._vault.ensured([NOBODY], AUDIT))[NOBODY]
        tags = [leaves.owner_tag(self._ring, self._tenant, owner) for owner in owners]
        page = leaves.Page(tags, limit, skip)
        return await leaves.newest(self._line, page, key=key, tenant=self._tenant)

    async def audit_count(self, owners: Sequence[str]) -> int:
        """See `Unit.audit_count`."""
        tags = [leaves.owner_tag(self._ring, self._tenant, owner) for owner in owners]
        return await leaves.count(self._line, tags, tenant=self._tenant)

    async def record(self, records: Sequence[AuditRecord]) -> None:
        """See `Unit.record`."""
        if records:
            key = (await self._vault.ensured([NOBODY], AUDIT))[NOBODY]
            leaves.append(self._line, records, ring=self._ring, key=key, tenant=self._tenant)

    async def write(self, versions: Sequence[NewVersion]) -> None:
        """See `Unit.write`."""
        if versions:
            self.changed = True
            keys = await self._vault.ensured({version.owner for version in versions}, RECORD)
            await appending.append(self._line, self._tenant, versions, keys)
            await self._lookups.replace(versions)

    async def _rows(self, statement: Hot, values: Mapping[str, object]) -> Sequence[AnyRow]:
        return await statement.rows(self._line, {"tenant": self._tenant, **values})

    async def _one(self, statement: Hot, values: Mapping[str, object]) -> Stored | None:
        found = await self._many(statement, values)
        return found[0] if found else None

    async def _many(self, statement: Hot, values: Mapping[str, object]) -> list[Stored]:
        return await self._opened(await self._rows(statement, values))

    async def _within(self, statement: Hot, values: Mapping[str, object]) -> Sequence[AnyRow]:
        """Return rows with all their bodies; without, where they go beyond the budget."""
        return await self._rows(statement, {**values, "most": self._budget.sealed})

    async def _counted(self, rows: Sequence[AnyRow]) -> list[Stored]:
        """Open rows on the budget."""
        self._budget.fetched(int(rows[0].total) if rows else 0)
        opened = []
        for stored in await self._open(rows):
            self._budget.unsealed(len(stored.body or b""))
            opened.append(stored)
        return opened

    async def _opened(self, rows: Sequence[AnyRow]) -> list[Stored]:
        return list(await self._open(rows))

    async def _open(self, rows: Sequence[AnyRow]) -> Iterator[Stored]:
        """Return what opens the rows one after the other."""
        owners = {row.owner for row in rows if row.sealed is not None}
        keys = await self._vault.opened(owners) if owners else {}
        return (
            Stored(
                type=row.type,
                id=row.id,
                owner=row.owner,
                version=row.version,
                at=row.at,
                method=Method(row.method),
                body=None
                if row.sealed is None
                else unseal(row.sealed, key=keys[row.owner], place=place_of(self._tenant, row)),
            )
            for row in rows
        )
