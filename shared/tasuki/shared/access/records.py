"""What the gate and the FHIR interactions need of a record store, named by need.

The store in `tasuki.shared.store` implements these on PostgreSQL; a plain in-memory model
implements them for the model-based tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from tasuki.shared.access.asof import Sketch, Slice
    from tasuki.shared.access.ledger import Ledger
    from tasuki.shared.audit.events import AuditRecord
    from tasuki.shared.audit.proven import Evidence

NOBODY = ""
"""The owner of resources that are about no person: Organization, Medication, Location ..."""


class Method(Enum):
    """The interaction that made a version; what `Bundle.entry.request.method` says in a history."""

    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one resource, opened.

    Attributes:
        owner: Logical id of the Patient it is about, without `Patient/`; `NOBODY` for none.
        version: 1 for the first.
        at: When it was written, UTC.
        body: UTF-8 JSON with `id` and `meta` as served; None where the version is a deletion.
    """

    type: str
    id: str
    owner: str
    version: int
    at: datetime
    method: Method
    body: bytes | None

    @property
    def deleted(self) -> bool:
        """Whether this version is a deletion."""
        return self.body is None


Position = tuple["datetime", str, str, int]
"""Where a version stands in a history: when it was written, type, id, version."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which versions a history is of.

    Attributes:
        types: Resource types, one at least.
        id: The one resource of the one type; None for all.
        owner: The person whose resources alone are meant; None for everybody's.
        since: The earliest moment of writing.
        current: Start and end (exclusive) of a time at some moment of which they were the newest.
        after: Begin after this one; None for the newest.
    """

    types: tuple[str, ...]
    id: str | None = None
    owner: str | None = None
    since: datetime | None = None
    current: tuple[datetime, datetime] | None = None
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version about to be written, with every token derived from its content.

    Attributes:
        expected: The version this one follows (0: the resource must not exist yet). Writing fails
            with a conflict when the head is another.
        identifiers: (canonical system, value) pairs to be found by.
        person_keys: (index name, parts) for the person look-up; Patient only.
        superseded_person_keys: Those of the version this one follows.
        network_keys: Identities that link records between regions; Patient only.
        network_tokens: Ready tokens (hex), where another service made them of those identities.
    """

    type: str
    id: str
    owner: str
    expected: int
    at: datetime
    method: Method
    body: bytes | None
    identifiers: tuple[tuple[str, str], ...] = ()
    person_keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    superseded_person_keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    network_keys: tuple[tuple[str, ...], ...] = ()
    network_tokens: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The number this version gets."""
        return self.expected + 1


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the change feed.

    Attributes:
        seq: Position; grows with commit order, without gaps being promised.
        tokens: Network tokens (hex) of the person, only on Patient lines.
    """

    seq: int
    type: str
    id: str
    owner: str
    version: int
    deleted: bool
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes after a cursor, oldest first.

    Attributes:
        epoch: Changes when the store was restored; a reader with another epoch starts anew.
        head: The last position given out so far.
    """

    epoch: str
    head: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An entry of a bulk load that could not be accepted.

    Attributes:
        source: The name the sender gave the load.
        line: 1-based place in that load.
        reasons: Plain words, none of them from the entry itself.
        owner: The Patient it is about where that could be told, else `NOBODY`.
        body: The entry as it came, UTF-8 or not.
    """

    id: str
    source: str
    line: int
    reasons: tuple[str, ...]
    owner: str
    at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Copy:
    """One entry copied from another service's feed; `seq` changes when its body does."""

    key: str
    seq: int
    body: bytes


class Unit(Protocol):
    """One transaction over one tenant's records; all of it happens, or nothing."""

    async def head(self, type_: str, id_: str, feed: str | None = None) -> Stored | None:
        """Return the newest version, a deletion included; None where there never was one.

        With `feed`, what the next `copies` of it will say about the owner is fetched as well: both
        are as of the same moment.
        """
        ...

    async def head_for_update(self, type_: str, id_: str) -> Stored | None:
        """Return what `head` does, and keep others from writing it until this unit ends."""
        ...

    async def version(self, type_: str, id_: str, version: int) -> Stored | None:
        """Return one version."""
        ...

    async def versions(
        self, keys: Sequence[tuple[str, str, int]], most: int | None = None
    ) -> list[Stored]:
        """Return those of these (type, id, version) that exist, by type and id.

        With `most` the first of them, as many as are so many bytes when opened, but one at least.
        """
        ...

    async def history(self, asked: Selection, limit: int) -> tuple[list[Stored], bool]:
        """Return versions, newest first, and whether there are more.

        Of one resource by number, else by time of writing. Fewer than `limit` where they are large,
        but one at least where there is one.
        """
        ...

    async def all_versions(self, type_: str, ids: Sequence[str]) -> list[Stored] | None:
        """Return every version of these resources, by id and number; None where they are too large.

        They are not opened then; `history` gives them in parts.
        """
        ...

    async def of_owner(self, owner: str, types: Sequence[str]) -> list[Stored]:
        """Return the person's live resources of these types, by type and id.

        Raises:
            Fault: TOO_COSTLY where the unit would open more than it may, by this, `scan` and
                `by_ids` together; nothing is fetched then.
        """
        ...

    async def has_others(self, owner: str) -> bool:
        """Return whether the person has any live resource besides the Patient itself."""
        ...

    async def scan(self, type_: str, limit: int) -> list[Stored] | None:
        """Return all live resources of a type; None where there are more than `limit`."""
        ...

    async def heads(self, type_: str, ids: Sequence[str]) -> list[Stored]:
        """Return the newest versions of these, deletions included, kept from others' writing."""
        ...

    async def live(self, type_: str, ids: Sequence[str]) -> frozenset[str]:
        """Return which of these are live, and keep others from changing them till the unit ends."""
        ...

    async def by_ids(self, type_: str, ids: Sequence[str]) -> list[Stored]:
        """Return the live ones of these resources."""
        ...

    async def by_identifier(self, type_: str, system: str, value: str) -> list[str]:
        """Return ids of live resources with this identifier (`system` empty: without a system)."""
        ...

    async def by_person_key(self, index: str, parts: Sequence[str]) -> list[str]:
        """Return Patient ids under a compound look-up key; a few may be false, so compare."""
        ...

    async def owners_of_tokens(self, tokens: Sequence[str]) -> list[str]:
        """Return Patient ids that carry any of these network tokens (hex)."""
        ...

    async def tokens_of_owner(self, owner: str) -> tuple[str, ...]:
        """Return the network tokens (hex) of a Patient."""
        ...

    async def copies(self, feed: str, owner: str) -> Sequence[Copy]:
        """Return what we hold of another service's feed about this Patient, by key.

        Linked by network tokens: the other service knows the person under another id. After `head`
        with this feed the very object of before may come again, where nothing has changed.
        """
        ...

    async def copies_under(self, feeds: Sequence[str], tokens: Sequence[str]) -> list[Copy]:
        """Return what we hold of several feeds under any of these network tokens (hex), by key."""
        ...

    async def lock(self, *parts: str) -> None:
        """Let one unit at a time pass with these parts, until it ends."""
        ...

    async def write(self, versions: Sequence[NewVersion]) -> None:
        """Seal and append versions.

        Raises:
            Fault: CONFLICT when a head is not the expected one.
        """
        ...

    async def source_ids(
        self, source: str, originals: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], str]:
        """Return our id for each (type, id) of a source, making and keeping one where new."""
        ...

    async def known_source_ids(
        self, source: str, originals: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], str]:
        """Return our id for those (type, id) of a source that have one; makes none."""
        ...

    async def quarantine(self, entries: Sequence[Quarantined]) -> None:
        """Keep entries that could not be accepted, sealed; one with a known id replaces that."""
        ...

    async def release(self, ids: Sequence[str]) -> None:
        """Let go of kept entries whose corrected form has been accepted."""
        ...

    async def quarantined(self, limit: int) -> list[Quarantined]:
        """Return kept entries, newest first."""
        ...

    async def quarantine_count(self, owner: str) -> int:
        """Return how many kept entries are about this Patient."""
        ...

    async def keep(self, shelf: str, id_: str, body: bytes, until: datetime) -> None:
        """Keep a body, sealed, under a name nobody can guess; one kept under it is replaced."""
        ...

    async def kept(self, shelf: str, id_: str, now: datetime) -> bytes | None:
        """Return what is kept under this name; None where its time is up, or nothing ever was."""
        ...

    async def let_go(self, shelf: str, ids: Sequence[str]) -> None:
        """Forget what is kept under these names."""
        ...

    async def open_elsewhere(self) -> frozenset[str]:
        """Return marks of the transactions other than this one that are open in the database."""
        ...

    async def current_at(self, asked: Slice, limit: int) -> list[Sketch]:
        """Return what was current then, by id; the next page begins after the last id of this."""
        ...

    async def audit_events(self, owners: Sequence[str], limit: int, skip: int = 0) -> list[bytes]:
        """Return audit events about these Patients, as canonical JSON, newest first."""
        ...

    async def audit_proven(self, owners: Sequence[str], limit: int, skip: int = 0) -> Evidence:
        """Return the same page of events with what proves that they stand in the log."""
        ...

    async def audit_count(self, owners: Sequence[str]) -> int:
        """Return how many audit events there are about these Patients."""
        ...

    async def record(self, records: Sequence[AuditRecord]) -> None:
        """Append audit leaves, durable with this unit; read from the next one on."""
        ...


class RecordStore(Protocol):
    """One tenant's records."""

    tenant: str

    @property
    def ledger(self) -> Ledger:
        """Return the audit log as others may see it."""
        ...

    def unit(self, *, still: bool = False) -> AbstractAsyncContextManager[Unit]:
        """Open a unit; leaving it without an exception commits, durably.

        A still one sees the records of one moment throughout; it is for reading and adding, since
        what another has changed meanwhile it cannot change.
        """
        ...

    async def feed(self, since: int, limit: int, types: Sequence[str]) -> FeedPage:
        """Return changes after `since`; an empty `types` means all."""
        ...

    async def wait_for_change(self, since: int, seconds: float) -> None:
        """Return when there may be changes after `since`, or when the time is up."""
        ...
