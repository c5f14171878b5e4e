"""What a ruling will ask for, fetched in the statement that fetches the row; opened copies kept.

Finding and opening a person's copies takes longer than finding the row. What was opened before holds
as long as neither the copy of the feed nor the Patient, and so its network tokens, has another
version; that much is looked at with every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, func, literal_column, select, true

from tasuki.shared.access.records import NOBODY
from tasuki.shared.store.replica import copies_of
from tasuki.shared.store.schema import CURSOR, HEAD

if TYPE_CHECKING:
    from sqlalchemy import FromClause

    from tasuki.shared.access.records import Copy
    from tasuki.shared.store.schema import AnyRow, Statement

KEPT_PLACES = 50_000  # some 200 bytes each
KEPT_PERSONS = 5_000  # some 5 kB each ...
LARGEST = 20_000  # ... and no more bytes than these

Sealed = list[tuple[str, str, int, bytes]]
"""Copies as they lie: feed, key, position and sealed body of each."""

_PATIENT = HEAD.alias("patient")
_STATE = (
    CURSOR.c.mark.label("copies_mark"),
    CURSOR.c.seq.label("copies_seq"),
    select(_PATIENT.c.version)
    .where(
        _PATIENT.c.tenant == HEAD.c.tenant,
        _PATIENT.c.type == literal_column("'Patient'"),
        _PATIENT.c.id == HEAD.c.owner,
    )
    .correlate(HEAD)
    .scalar_subquery()
    .label("patient_version"),
)
_COPY = copies_of(HEAD.c.owner).correlate(HEAD).lateral("copy")
_COPIES = select(
    func.array_agg(_COPY.c.key).label("copy_keys"),
    func.array_agg(_COPY.c.seq).label("copy_seqs"),
    func.array_agg(_COPY.c.sealed).label("copy_bodies"),
).lateral("held")


def head_with_state(newest: FromClause) -> Statement:
    """Return the query for heads with what tells whether opened copies still hold."""
    return select(*newest.c, *_STATE).select_from(_and_cursor(HEAD.join(newest, true())))


def head_with_copies(newest: FromClause) -> Statement:
    """Return the query for heads with the copies of a feed (parameter `feed`) about their owner."""
    both = HEAD.join(newest, true()).join(_COPIES, true())
    return select(*newest.c, *_STATE, *_COPIES.c).select_from(_and_cursor(both))


def _and_cursor(heads: FromClause) -> FromClause:
    this = (CURSOR.c.tenant == bindparam("tenant")) & (CURSOR.c.feed == bindparam("feed"))
    return heads.outerjoin(CURSOR, this)


class State(NamedTuple):
    """What copies about a Patient depend on; None where there is none.

    Attributes:
        mark: Of the copy; another one whenever something in it changes.
        seq: How far it has come; an older program may still be writing, and sets no mark.
        patient: Version of the Patient.
    """

    mark: int | None
    seq: int | None
    patient: int | None

    @classmethod
    def of(cls, row: AnyRow) -> State:
        """Return the state that was fetched with a head."""
        return cls(row.copies_mark, row.copies_seq, row.patient_version)


@dataclass(frozen=True, slots=True)
class Held:
    """Opened copies about a Patient, and as of which state."""

    owner: str
    state: State
    copies: list[Copy]


class Remembered:
    """Opened copies of one tenant; the oldest go first."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str], str] = {}
        self._held: dict[tuple[str, str], Held] = {}
        self._marks: dict[str, int | None] = {}

    def expected(self, feed: str, type_: str, id_: str) -> Held | None:
        """Return what will most likely hold for this resource's owner."""
        owner = self._owners.get((type_, id_))
        held = None if owner is None else self._held.get((feed, owner))
        return held if held is not None and held.state.mark == self._marks.get(feed) else None

    def of(self, feed: str, owner: str, state: State) -> Held | None:
        """Return what was opened about a Patient as of this very state."""
        held = self._held.get((feed, owner))
        return held if held is not None and held.state == state else None

    def saw(self, feed: str, state: State) -> None:
        """Take note of how far a copy has come: what was opened before that is of no use."""
        self._marks[feed] = state.mark

    def drop(self, feed: str, held: Held) -> None:
        """Forget what turned out not to hold."""
        self._held.pop((feed, held.owner), None)

    def keep(self, feed: str, place: tuple[str, str], held: Held) -> None:
        """Keep opened copies about the owner of a resource."""
        if held.state.mark is None or (held.state.patient is None and held.owner != NOBODY):
            return
        if sum(len(copy.body) for copy in held.copies) > LARGEST:
            return
        self._owners[place] = held.owner
        self._held[(feed, held.owner)] = held
        if len(self._owners) > KEPT_PLACES:
            self._owners.pop(next(iter(self._owners)))
        if len(self._held) > KEPT_PERSONS:
            self._held.pop(next(iter(self._held)))
