"""Checks a Bundle of AuditEvents with proofs by public keys from before, asking nobody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from tasuki.shared.audit.checkpoint import (
    BadCheckpoint,
    size_said,
    verify_checkpoint,
    verify_cosignature,
)
from tasuki.shared.audit.leaf import LeafBody
from tasuki.shared.audit.merkle import verify_inclusion
from tasuki.shared.audit.notes import LOG, WITNESS
from tasuki.shared.audit.proof_bundle import note_of, proof_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.audit.checkpoint import Checkpoint
    from tasuki.shared.audit.notes import VerifierKey
    from tasuki.shared.audit.proven import Proven


class Standing(Enum):
    """What is known of one event."""

    PROVEN = "proven"  # this very event stands in the log
    WITHHELD = "withheld"  # it stands in the log; part of it is not shown to this reader
    UNSEALED = "unsealed"  # so new that no signed head covered it
    UNPROVEN = "unproven"  # it came without a proof
    BAD = "bad"  # the proof does not fit: it was altered, or never stood there


@dataclass(frozen=True, slots=True)
class Checked:
    """One event of the file.

    Attributes:
        place: Its place among the file's events, from 1.
        log: Name of the log, as the file says it.
        standing: What is known of it.
        witnesses: Who cosigned the head that proves it.
    """

    place: int
    log: str
    standing: Standing
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    head: Checkpoint
    witnesses: tuple[str, ...]


class BadHeads(Exception):
    """A log signed two different heads of one size: nothing it signed can be believed.

    Attributes:
        log: Its name.
    """

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self.log = log


def check_bundle(bundle: dict[str, Any], keys: Sequence[VerifierKey]) -> list[Checked]:
    """Return what is known of every AuditEvent of a Bundle, in its order.

    Heads that none of the keys signed count for nothing.

    Raises:
        BadHeads: Two heads in the file contradict each other.
        ValueError: Not a Bundle.
    """
    entries = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
        raise ValueError("not a Bundle")
    rows = [entry for entry in entries if isinstance(entry, dict)]
    heads = _heads([note for entry in rows if (note := note_of(entry)) is not None], keys)
    events = [entry for entry in rows if _is_event(entry)]
    return [_checked(place, entry, heads) for place, entry in enumerate(events, 1)]


def _is_event(entry: dict[str, Any]) -> bool:
    resource = entry.get("resource")
    return isinstance(resource, dict) and resource.get("resourceType") == "AuditEvent"


def _heads(notes: Sequence[str], keys: Sequence[VerifierKey]) -> dict[tuple[str, int], _Head]:
    logs = [key for key in keys if key.kind == LOG]
    found: dict[tuple[str, int], _Head] = {}
    for note in notes:
        for key in logs:
            try:
                head = verify_checkpoint(note, key.public, origin=key.name)
            except BadCheckpoint:
                continue
            other = found.setdefault((key.name, size_said(note)), _Head(head, _seen(note, keys)))
            if other.head.root != head.root:
                raise BadHeads(key.name)
    return found


def _seen(note: str, keys: Sequence[VerifierKey]) -> tuple[str, ...]:
    names = []
    for key in keys:
        if key.kind != WITNESS:
            continue
        try:
            verify_cosignature(note, key.public, name=key.name)
        except BadCheckpoint:
            continue
        names.append(key.name)
    return tuple(names)


def _checked(place: int, entry: dict[str, Any], heads: dict[tuple[str, int], _Head]) -> Checked:
    try:
        found = proof_of(entry)
    except (ValueError, AttributeError, TypeError):
        return Checked(place, "", Standing.BAD)
    if found is None:
        return Checked(place, "", Standing.UNPROVEN)
    log, proven, whole = found
    if proven.size is None or proven.index is None:
        return Checked(place, log, Standing.UNSEALED)
    head = heads.get((log, proven.size))
    if head is None or not _fits(proven, head.head, whole=whole):
        return Checked(place, log, Standing.BAD)
    standing = Standing.PROVEN if whole else Standing.WITHHELD
    return Checked(place, log, standing, head.witnesses)


def _fits(proven: Proven, head: Checkpoint, *, whole: bool) -> bool:
    try:
        leaf = LeafBody(proven.salt, proven.event).commitment if whole else proven.leaf
    except ValueError:
        return False
    return proven.index is not None and verify_inclusion(
        leaf, proven.index, head.size, proven.path, head.root
    )
