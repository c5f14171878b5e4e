"""An event with all that proves it: salt, place in the log, path to a signed head."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proven:
    """One event of a log.

    Attributes:
        event: The canonical event.
        salt: What it was hashed with.
        leaf: The leaf hash, the commitment to both.
        index: Its position in the log; None where it has none yet.
        size: Size of the signed head its path leads to; None where no head covers it yet.
        path: The inclusion proof, bottom first.
    """

    event: bytes
    salt: bytes
    leaf: bytes
    index: int | None
    size: int | None
    path: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A page of events, and the signed heads their paths lead to.

    Attributes:
        origin: Name of the log.
        events: Newest first.
        notes: Signed heads with their cosignatures.
    """

    origin: str
    events: tuple[Proven, ...]
    notes: tuple[str, ...]
