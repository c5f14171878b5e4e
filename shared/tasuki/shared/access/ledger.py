"""What a service's audit log shows others, and what it keeps of theirs as their witness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from tasuki.shared.audit.notes import Extended, VerifierKey


class Forked(Exception):
    """A log showed a head that does not extend the one we signed: never sign it.

    Attributes:
        how: `split` (two heads of one size), `shrunk`, or `unproven`.
    """

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Ledger(Protocol):
    """The audit log of one tenant, to the outside."""

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """Return the public keys: of the log, and of the tenant as a witness."""
        ...

    async def checkpoint(self, old: int) -> Extended | None:
        """Return the newest signed head and the proof that it extends the tree of `old` leaves.

        Without a proof, and with its own size as `old`, where it is smaller; None before the first.
        """
        ...

    async def take(self, note: str, witnesses: Mapping[str, Ed25519PublicKey]) -> None:
        """Keep the cosignatures of these witnesses on one of our heads.

        Raises:
            BadCheckpoint: Not a head we signed, or none of them signed it.
        """
        ...

    async def known(self, origin: str) -> int:
        """Return the size at which we last signed another's head; 0 before the first."""
        ...

    async def cosign(self, key: VerifierKey, offered: Extended, at: datetime) -> str:
        """Sign another's head and keep it; return the note with our line, never older than before.

        Raises:
            BadCheckpoint: Not a head of that log, or its proof begins elsewhere.
            Forked: It does not extend the one we signed; the note is kept as evidence.
        """
        ...
