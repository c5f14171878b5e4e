"""The keys of a tenant's audit log: what signs its heads, its cosignatures and its numbers.

A leaf's number is vouched for by a mark, since the number is given after the event was sealed:

    mark = number (8 bytes) | HMAC-SHA-256(number | leaf hash), the first 16 bytes

Who holds the database and not the key ring cannot make a mark. So verifying names the very record
that was taken out, put in or moved, where the Merkle root alone tells only between which heads.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tasuki.shared.audit.notes import LOG, WITNESS, VerifierKey
from tasuki.shared.crypto.keys import derived_data_key

if TYPE_CHECKING:
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.crypto.keys import DataKey

MARK_BYTES = 24
_NUMBER_BYTES = 8


def log_origin(tenant: str) -> str:
    """Return the name of a tenant's audit log, as its checkpoints carry it."""
    return f"tasuki.example/audit/{tenant}"


def witness_name(tenant: str) -> str:
    """Return the name under which a tenant cosigns the heads of others' logs."""
    return f"tasuki.example/witness/{tenant}"


def checkpoint_key(ring: KeyRing, tenant: str) -> Ed25519PrivateKey:
    """Return the key that signs the checkpoints of a tenant's audit log."""
    return Ed25519PrivateKey.from_private_bytes(ring.mac("checkpoint", tenant.encode()))


def witness_key(ring: KeyRing, tenant: str) -> Ed25519PrivateKey:
    """Return the key with which a tenant cosigns others' checkpoints."""
    return Ed25519PrivateKey.from_private_bytes(ring.mac("witness", tenant.encode()))


def log_keys(ring: KeyRing, tenant: str) -> tuple[VerifierKey, VerifierKey]:
    """Return the public keys of a tenant's log, and of the tenant as a witness of others."""
    return (
        VerifierKey(log_origin(tenant), LOG, checkpoint_key(ring, tenant).public_key()),
        VerifierKey(witness_name(tenant), WITNESS, witness_key(ring, tenant).public_key()),
    )


def body_key(ring: KeyRing, tenant: str) -> DataKey:
    """Return the key that seals the leaves of a log whose service keeps no wrapped data keys."""
    return derived_data_key(ring.mac("audit-body", tenant.encode()))


def mark_of(ring: KeyRing, number: int, leaf: bytes) -> bytes:
    """Return the mark of a leaf at a position of the log."""
    said = number.to_bytes(_NUMBER_BYTES)
    return said + ring.mac("leaf-number", said + leaf)[: MARK_BYTES - _NUMBER_BYTES]


def marked_number(ring: KeyRing, mark: bytes, leaf: bytes) -> int | None:
    """Return the position a leaf's mark vouches for; None where the mark is not ours."""
    number = int.from_bytes(mark[:_NUMBER_BYTES])
    return number if hmac.compare_digest(mark, mark_of(ring, number, leaf)) else None
