"""Check a stored log against its signed heads, and name the first bad record and how it is bad.

Three witnesses, each catching what the others cannot:

- a leaf's hash is the commitment to its salt and event: a record changed in place;
- positions run from 0 without a gap: rows deleted, copied or put in another order;
- the Merkle root at each signed head: everything else, even by someone who rewrites positions
  and hashes. It tells that the leaves since the last good head are wrong; which one, the
  number tells that each leaf was given by who holds the keys (`StoredLeaf.number`).

Records after the last head are only as safe as their numbers: `Verdict.sealed` says how many
leaves the heads vouch for. A log set back to an earlier state, heads and all, is whole by itself;
only a head that a witness kept shows it, as a log that ends too early or is not the one it saw.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

from tasuki.shared.audit.events import sequence_of
from tasuki.shared.audit.leaf import SALT_BYTES, commitment
from tasuki.shared.audit.merkle import Frontier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tasuki.shared.audit.checkpoint import Checkpoint


class Damage(Enum):
    """How a log is bad."""

    DELETED = "deleted"  # the record that stood at `first` is gone, later ones remain
    CHANGED = "changed"  # the record at `first` is not what was logged
    INSERTED = "inserted"  # the record at `first` was never logged there
    REORDERED = "reordered"  # the record at `first` belongs further down
    TRUNCATED = "truncated"  # the log ends at `first`, a head says it was longer
    FORKED = "forked"  # the log's key signed two different heads of size `first`


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """One row of a log.

    Attributes:
        seq: Position in the log, from 0.
        leaf_hash: 32 bytes.
        salt: 16 bytes.
        event_bytes: The canonical event, or None if it is erased or may not be opened.
        number: The position somebody other than the log's keeper vouches for; None where nobody
            does, and then the event's own `sequence` counts, if it has one. Below 0: what should
            vouch for it is forged.
    """

    seq: int
    leaf_hash: bytes
    salt: bytes
    event_bytes: bytes | None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes:
        damage: None if everything holds.
        first: Position of the first bad record.
        upto: It lies in `first <= position < upto`; `first + 1` where it is known exactly.
        size: Leaves read.
        sealed: Leaves that a signed head vouches for.
    """

    damage: Damage | None
    first: int | None
    upto: int | None
    size: int
    sealed: int

    @property
    def ok(self) -> bool:
        """Return whether nothing bad was found."""
        return self.damage is None


@dataclass(frozen=True, slots=True)
class _Finding:
    damage: Damage
    first: int
    upto: int


def verify_log(leaves: Iterable[StoredLeaf], checkpoints: Sequence[Checkpoint]) -> Verdict:
    """Return the verdict on a whole log.

    Args:
        leaves: Every row, in stored order.
        checkpoints: Heads of this log whose signatures have been checked
            (`verify_checkpoint`), in any order; best ones kept or cosigned elsewhere, since
            who can rewrite the log may drop its own.
    """
    heads = sorted(set(checkpoints), key=lambda head: head.size)
    for one, other in pairwise(heads):
        if one.size == other.size:  # whichever is the log's, nothing it signed can be believed
            return _verdict(_at(Damage.FORKED, one.size), 0, 0)
    stream = iter(leaves)
    frontier = Frontier()
    sealed = 0
    for head in heads:
        segment = list(islice(stream, head.size - frontier.size))
        good = frontier.copy()
        for leaf in segment:
            frontier.append(leaf.leaf_hash)
        whole = frontier.size == head.size and frontier.root() == head.root
        finding = _visible(segment, stream, good.size)
        if not whole:
            finding = _hidden(segment, stream, good, head, finding)
        if finding is not None:
            return _verdict(finding, frontier.size, sealed)
        sealed = head.size
    tail = list(stream)
    finding = _earlier(_visible(tail, iter(()), sealed), _vouched(tail, sealed))
    return _verdict(finding, sealed + len(tail), sealed)


def _verdict(finding: _Finding | None, size: int, sealed: int) -> Verdict:
    if finding is None:
        return Verdict(None, None, None, size, sealed)
    return Verdict(finding.damage, finding.first, finding.upto, size, sealed)


def _visible(
    segment: Sequence[StoredLeaf], rest: Iterator[StoredLeaf], start: int
) -> _Finding | None:
    """Return the first record that is wrong on its face: its position or its own hash."""
    for position, leaf in enumerate(segment, start):
        if leaf.seq != position:
            later = chain(segment[position - start :], rest)
            return _at(_misplaced(leaf.seq, position, (other.seq for other in later)), position)
        if not _keeps_its_word(leaf):
            return _at(Damage.CHANGED, position)
    return None


def _keeps_its_word(leaf: StoredLeaf) -> bool:
    if leaf.event_bytes is None:
        return True
    right = len(leaf.salt) == SALT_BYTES
    return right and commitment(leaf.salt, leaf.event_bytes) == leaf.leaf_hash


def _misplaced(number: int, position: int, later: Iterable[int | None]) -> Damage:
    """Return what a record numbered otherwise than its position means, all before being right."""
    if number < position:
        return Damage.INSERTED  # that number was already there: a copy
    return Damage.REORDERED if position in later else Damage.DELETED


def _hidden(
    segment: Sequence[StoredLeaf],
    rest: Iterator[StoredLeaf],
    good: Frontier,
    head: Checkpoint,
    seen: _Finding | None,
) -> _Finding:
    """Return what is wrong in a segment whose root is not the signed one."""
    start, end = good.size, good.size + len(segment)
    numbers = [_number(leaf) for leaf in segment]
    first = _earlier(seen, _by_number(numbers, start, rest))
    if first is not None:
        return _which_copy(first, segment, rest, good, head)
    if end < head.size:
        return _at(Damage.TRUNCATED, end)
    if end == start:  # only the head of an empty log, with a root that is not the empty one
        return _at(Damage.FORKED, end)
    # A forged last record numbers itself rightly and pushes the true one behind the head.
    if _gives_back(end - 1, [*segment, *islice(rest, 1)], good, head):
        return _at(Damage.INSERTED, end - 1)
    return _Finding(Damage.CHANGED, start, end)


def _earlier(*findings: _Finding | None) -> _Finding | None:
    """Return the finding that comes first in the log, or None where nothing was found."""
    return min(
        (found for found in findings if found is not None),
        key=lambda found: found.first,
        default=None,
    )


def _vouched(tail: Sequence[StoredLeaf], start: int) -> _Finding | None:
    """Return the first record behind the last head that is not where it was put."""
    return _by_number([leaf.number for leaf in tail], start, iter(()))


def _by_number(
    numbers: Sequence[int | None], start: int, rest: Iterator[StoredLeaf]
) -> _Finding | None:
    """Return the first event whose own number is not its position."""
    for position, number in enumerate(numbers, start):
        if number is not None and number != position:
            later = chain(numbers[position - start :], map(_number, rest))
            return _at(_misplaced(number, position, later), position)
    return None


def _which_copy(
    found: _Finding,
    segment: Sequence[StoredLeaf],
    rest: Iterator[StoredLeaf],
    good: Frontier,
    head: Checkpoint,
) -> _Finding:
    """Return the finding, put right where two neighbours claim one number.

    The first of them may be the forged one: it is the one whose removal gives back the root.
    """
    before = found.first - 1
    if found.damage is Damage.INSERTED and before >= good.size:
        rows = [*segment, *islice(rest, 1)]
        either = _gives_back(found.first, rows, good, head)  # a copy beside its original
        if not either and _gives_back(before, rows, good, head):
            return _at(Damage.INSERTED, before)
    return found


def _gives_back(suspect: int, rows: Sequence[StoredLeaf], good: Frontier, head: Checkpoint) -> bool:
    """Return whether the signed root comes out once the suspect record is left out."""
    trial = good.copy()
    kept = (leaf for position, leaf in enumerate(rows, good.size) if position != suspect)
    for leaf in islice(kept, head.size - good.size):
        trial.append(leaf.leaf_hash)
    return trial.root() == head.root


def _number(leaf: StoredLeaf) -> int | None:
    """Return the position vouched for, or else the event's own; None if it gives none."""
    if leaf.number is not None:
        return leaf.number
    if leaf.event_bytes is None:
        return None
    try:
        event = json.loads(leaf.event_bytes)
    except ValueError:
        return None
    return sequence_of(event) if isinstance(event, dict) else None


def _at(damage: Damage, position: int) -> _Finding:
    return _Finding(damage, position, position + 1)
