"""Tampering with a log is found, and the first bad record is named (promise P3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuki.shared.audit import (
    Checkpoint,
    Damage,
    StoredLeaf,
    Verdict,
    canonical,
    commitment,
    leaf_hash,
    root,
    verify_log,
)
from tasuki.shared.audit.events import SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZE = 24
HEADS = (5, 11, 16, SIZE)


def event(position: int, *, note: str = "", numbered: int | None = None) -> bytes:
    number = position if numbered is None else numbered
    return canonical(
        {
            "resourceType": "AuditEvent",
            "extension": [{"url": SEQUENCE, "valueString": str(number)}],
            "outcomeDesc": f"{position}{note}",
        }
    )


def stored(position: int, body: bytes, salt: int | None = None) -> StoredLeaf:
    chosen = (position if salt is None else salt).to_bytes(16)
    return StoredLeaf(position, commitment(chosen, body), chosen, body)


def unnumbered(position: int) -> StoredLeaf:
    return stored(position, canonical({"resourceType": "AuditEvent", "id": str(position)}))


LOG = [stored(position, event(position)) for position in range(SIZE)]
PLAIN_LOG = [unnumbered(position) for position in range(SIZE)]


def heads(log: Sequence[StoredLeaf], sizes: Sequence[int] = HEADS) -> list[Checkpoint]:
    return [Checkpoint("log", size, root(leaf.leaf_hash for leaf in log[:size])) for size in sizes]


SIGNED = heads(LOG)
PLAIN_SIGNED = heads(PLAIN_LOG)


def renumbered(rows: Sequence[StoredLeaf]) -> list[StoredLeaf]:
    """Return the rows as a careful forger leaves them: positions without a gap."""
    return [replace(row, seq=position) for position, row in enumerate(rows)]


def segment_of(position: int) -> tuple[int, int]:
    """Return the leaves between the heads around a position."""
    edges = (0, *HEADS)
    return next((a, b) for a, b in pairwise(edges) if a <= position < b)


@dataclass(frozen=True)
class Edit:
    """One tampering: what it does to the rows, and the truth about it."""

    kind: Damage
    first: int
    apply: Callable[[list[StoredLeaf]], list[StoredLeaf]]


def deletion(at: int) -> Edit:
    kind = Damage.TRUNCATED if at == SIZE - 1 else Damage.DELETED
    return Edit(kind, at, lambda rows: rows[:at] + rows[at + 1 :])


def change(at: int) -> Edit:
    """Return an edit by someone who can forge a whole row, hash and all."""
    return Edit(
        Damage.CHANGED,
        at,
        lambda rows: [*rows[:at], stored(at, event(at, note="!")), *rows[at + 1 :]],
    )


def insertion(at: int) -> Edit:
    forged = stored(at, event(at, note="forged"), salt=99)
    return Edit(Damage.INSERTED, at, lambda rows: [*rows[:at], forged, *rows[at:]])


def copy(source: int, at: int) -> Edit:
    """Return an edit that logs an old row again, further down."""
    return Edit(Damage.INSERTED, at, lambda rows: [*rows[:at], rows[source], *rows[at:]])


def swap(a: int, b: int) -> Edit:
    def apply(rows: list[StoredLeaf]) -> list[StoredLeaf]:
        rows = list(rows)
        rows[a], rows[b] = rows[b], rows[a]
        return rows

    return Edit(Damage.REORDERED, a, apply)


def move(a: int, b: int) -> Edit:
    """Return an edit that moves row `a` down behind row `b`."""
    return Edit(
        Damage.REORDERED, a, lambda rows: [*rows[:a], *rows[a + 1 : b + 1], rows[a], *rows[b + 1 :]]
    )


def truncation(at: int) -> Edit:
    return Edit(Damage.TRUNCATED, at, lambda rows: rows[:at])


positions = st.integers(0, SIZE - 1)
pairs = st.tuples(positions, positions).filter(lambda pair: pair[0] < pair[1])
single_edits = st.one_of(
    positions.map(deletion),
    positions.map(insertion),
    pairs.map(lambda pair: copy(*pair)),
    pairs.map(lambda pair: swap(*pair)),
    pairs.map(lambda pair: move(*pair)),
    positions.map(truncation),
)


def test_an_honest_log_holds() -> None:
    assert verify_log(LOG, SIGNED) == Verdict(None, None, None, SIZE, SIZE)
    assert verify_log(iter(LOG), SIGNED[::-1]).ok
    assert verify_log(PLAIN_LOG, PLAIN_SIGNED).ok
    assert verify_log([], []) == Verdict(None, None, None, 0, 0)
    assert verify_log([], heads([], [0])).ok


def test_leaves_after_the_last_head_are_told_apart() -> None:
    verdict = verify_log(LOG, SIGNED[:2])
    assert (verdict.ok, verdict.sealed, verdict.size) == (True, 11, SIZE)


@settings(max_examples=400, deadline=None)
@given(edit=single_edits)
def test_an_edit_that_renumbers_rows_is_named(edit: Edit) -> None:
    """The forger closes gaps in the stored positions; the sealed numbers still tell."""
    verdict = verify_log(renumbered(edit.apply(LOG)), SIGNED)
    assert (verdict.damage, verdict.first, verdict.upto) == (edit.kind, edit.first, edit.first + 1)


@settings(max_examples=400, deadline=None)
@given(edit=single_edits)
def test_an_edit_that_does_not_renumber_is_named(edit: Edit) -> None:
    rows = edit.apply(LOG)
    verdict = verify_log(rows, SIGNED)
    assert (verdict.damage, verdict.first, verdict.upto) == (edit.kind, edit.first, edit.first + 1)


@settings(max_examples=300, deadline=None)
@given(edit=st.one_of(single_edits, positions.map(change)))
def test_without_numbers_the_segment_is_named(edit: Edit) -> None:
    """A service that does not number its events: the damage lies between two heads."""
    verdict = verify_log(renumbered(edit.apply(PLAIN_LOG)), PLAIN_SIGNED)
    assert verdict.damage is not None
    assert verdict.first is not None
    assert verdict.upto is not None
    start, _ = segment_of(edit.first)
    assert verdict.first >= start
    if verdict.damage is not Damage.TRUNCATED:
        assert verdict.first <= edit.first < verdict.upto
    assert verdict.sealed == start


@settings(max_examples=300, deadline=None)
@given(at=positions)
def test_a_row_forged_whole_is_found_between_its_heads(at: int) -> None:
    verdict = verify_log(change(at).apply(LOG), SIGNED)
    assert (verdict.damage, verdict.first, verdict.upto) == (Damage.CHANGED, *segment_of(at))


@settings(max_examples=400, deadline=None)
@given(at=positions, part=st.sampled_from(["event", "salt", "leaf_hash"]), data=st.data())
def test_any_bit_changed_in_a_row_is_named(at: int, part: str, data: st.DataObject) -> None:
    row = LOG[at]
    old = {"event": row.event_bytes, "salt": row.salt, "leaf_hash": row.leaf_hash}[part]
    assert old is not None
    altered = bytearray(old)
    altered[data.draw(st.integers(0, len(old) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = {
        "event": replace(row, event_bytes=bytes(altered)),
        "salt": replace(row, salt=bytes(altered)),
        "leaf_hash": replace(row, leaf_hash=bytes(altered)),
    }[part]
    verdict = verify_log([*LOG[:at], changed, *LOG[at + 1 :]], SIGNED)
    assert (verdict.damage, verdict.first) == (Damage.CHANGED, at)


@settings(max_examples=400, deadline=None)
@given(edits=st.lists(st.one_of(single_edits, positions.map(change)), min_size=2, max_size=4))
def test_many_edits_at_once_never_pass(edits: list[Edit]) -> None:
    rows = LOG
    for edit in edits:
        if len(rows) == SIZE:  # each was made for a whole log
            rows = edit.apply(rows)
    rows = renumbered(rows)
    verdict = verify_log(rows, SIGNED)
    assert verdict.ok == (rows == LOG)


@settings(max_examples=300, deadline=None)
@given(edit=single_edits, kept=st.sets(st.sampled_from(range(4)), min_size=1))
def test_any_one_later_head_is_enough(edit: Edit, kept: set[int]) -> None:
    """A forger who drops heads, but not all kept elsewhere, is still found."""
    remaining = [SIGNED[index] for index in sorted(kept)]
    rows = renumbered(edit.apply(LOG))
    covered = edit.first < remaining[-1].size
    assert not (covered and verify_log(rows, remaining).ok)


def test_salt_of_another_length_is_a_change() -> None:
    rows = [*LOG[:3], replace(LOG[3], salt=LOG[3].salt + b"\0"), *LOG[4:]]
    verdict = verify_log(rows, SIGNED)
    assert (verdict.damage, verdict.first) == (Damage.CHANGED, 3)


def test_erased_bodies_keep_the_log_whole() -> None:
    rows = [replace(row, event_bytes=None) for row in LOG]
    assert verify_log(rows, SIGNED).ok
    verdict = verify_log(renumbered(rows[:7] + rows[8:]), SIGNED)
    assert (verdict.damage, verdict.first, verdict.upto) == (Damage.CHANGED, 5, 11)


def test_a_forged_hash_of_an_erased_body_is_found() -> None:
    rows = list(LOG)
    rows[7] = replace(rows[7], event_bytes=None, leaf_hash=leaf_hash(b"forged"))
    verdict = verify_log(rows, SIGNED)
    assert (verdict.damage, verdict.first, verdict.upto) == (Damage.CHANGED, 5, 11)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"extension":[]}', b"\xff"])
def test_a_body_that_is_no_event_does_not_stop_the_check(body: bytes) -> None:
    rows = [*LOG[:7], stored(7, body), *LOG[8:]]
    verdict = verify_log(rows, SIGNED)
    assert (verdict.damage, verdict.first, verdict.upto) == (Damage.CHANGED, 5, 11)


def test_two_signed_heads_of_one_size_show_a_split_view() -> None:
    other = heads([*LOG[:8], stored(8, event(8, note="other")), *LOG[9:]], [16])
    verdict = verify_log(LOG, [*SIGNED, *other])
    assert (verdict.damage, verdict.first) == (Damage.FORKED, 16)
    assert verify_log(LOG, [*other, *SIGNED]) == verdict


def test_the_same_head_twice_is_no_fork() -> None:
    assert verify_log(LOG, [*SIGNED, *SIGNED]).ok


def test_a_head_of_an_empty_log_with_a_root_is_a_fork() -> None:
    verdict = verify_log(LOG, [Checkpoint("log", 0, bytes(32)), *SIGNED])
    assert (verdict.damage, verdict.first) == (Damage.FORKED, 0)


def test_a_log_rolled_back_to_an_older_copy_is_found() -> None:
    """The whole database is restored, old heads and all; a witness kept the newest head."""
    verdict = verify_log(LOG[:16], [*SIGNED[:3], SIGNED[3]])
    assert (verdict.damage, verdict.first, verdict.sealed) == (Damage.TRUNCATED, 16, 16)
    assert verify_log(LOG[:16], SIGNED[:3]).ok  # without one, nobody could tell
