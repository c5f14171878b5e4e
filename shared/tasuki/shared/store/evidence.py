"""Events together with what proves that they stand in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.audit.checkpoint import size_said
from tasuki.shared.audit.proven import Evidence, Proven
from tasuki.shared.store.ledger import newest_note, witnessed_note
from tasuki.shared.store.logkeys import log_origin
from tasuki.shared.store.proofs import Proofs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.leaves import Found


async def evidence_of(line: Line, found: Sequence[Found], tenant: str) -> Evidence:
    """Return events with their proofs: to the head witnesses signed, or else to the newest."""
    kept = [await witnessed_note(line, tenant), await newest_note(line, tenant)]
    notes = {size_said(note): note for note in reversed(kept) if note is not None}
    sizes = sorted(notes)  # of the two, the witnessed one is never the larger
    heads = [next((one for one in sizes if seq < one), None) for seq in map(_place, found)]
    placed = [(one, size) for one, size in zip(found, heads, strict=True) if size is not None]
    asked = [(_place(one), size) for one, size in placed]
    paths = iter(await Proofs(line, tenant).inclusion(asked))
    events = tuple(
        Proven(
            event=one.body.event,
            salt=one.body.salt,
            leaf=one.leaf,
            index=one.seq,
            size=size,
            path=() if size is None else next(paths),
        )
        for one, size in zip(found, heads, strict=True)
    )
    used = {one.size for one in events}
    return Evidence(
        origin=log_origin(tenant),
        events=events,
        notes=tuple(note for size, note in notes.items() if size in used),
    )


def _place(found: Found) -> int:
    """Return a leaf's position; beyond every head where it has none yet."""
    return 2**63 if found.seq is None else found.seq
