"""Keys and proofs as lines of text, in the forms foreign witnesses already read.

A verifier key is `name+key id+base64(type, key)`. What a log answers a witness with is the body of
an add-checkpoint request: `old N`, a line for each hash of the proof, an empty line, the note.

Spec: https://c2sp.org/signed-note, https://c2sp.org/tlog-witness
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tasuki.shared.audit.checkpoint import BadCheckpoint, key_id
from tasuki.shared.audit.merkle import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG = b"\x01"  # signs heads of its own log: plain Ed25519
WITNESS = b"\x04"  # cosigns the heads of others, with a time
MAX_PROOF = 63  # hashes; a tree that needs more cannot be
_KEY_BYTES = 32
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under, and what it signs."""

    name: str
    kind: bytes
    public: Ed25519PublicKey

    def __str__(self) -> str:
        """Return the key as one line."""
        ident = key_id(self.name, self.public, self.kind).hex()
        encoded = base64.b64encode(self.kind + self.public.public_bytes_raw()).decode()
        return f"{self.name}+{ident}+{encoded}"

    @classmethod
    def read(cls, line: str) -> VerifierKey:
        """Return the key of a line.

        Raises:
            BadCheckpoint: Not a key of a log or a witness, or its id is not its own.
        """
        name, _, rest = line.strip().partition("+")
        _, _, encoded = rest.partition("+")
        raw = _bytes(encoded)
        if raw[:1] not in {LOG, WITNESS} or len(raw) != 1 + _KEY_BYTES:
            raise BadCheckpoint("not the key of a log or a witness")
        found = cls(name, raw[:1], Ed25519PublicKey.from_public_bytes(raw[1:]))
        if str(found) != line.strip():
            raise BadCheckpoint("the key's id is not its own")
        return found


@dataclass(frozen=True, slots=True)
class Extended:
    """A note, and the proof that its tree extends the one of `old` leaves."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        """Return the text of a request to a witness."""
        lines = [f"old {self.old}", *(base64.b64encode(one).decode() for one in self.proof)]
        return "\n".join(lines) + "\n\n" + self.note

    @classmethod
    def read(cls, text: str) -> Extended:
        """Return what such a text says; the note is not checked.

        Raises:
            BadCheckpoint: Not such a text.
        """
        head, separator, note = text.partition("\n\n")
        first, *hashes = head.split("\n")
        old = _OLD.fullmatch(first)
        proof = tuple(_bytes(one) for one in hashes)
        if old is None or not separator or not _are_proof(proof):
            raise BadCheckpoint("not a checkpoint with its proof")
        return cls(int(old[1]), proof, note)


def _are_proof(hashes: Sequence[bytes]) -> bool:
    return len(hashes) <= MAX_PROOF and all(len(one) == HASH_BYTES for one in hashes)


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise BadCheckpoint("not base64") from None
