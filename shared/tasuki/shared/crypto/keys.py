"""Data keys: what one person's records of one class are sealed under.

AES-GCM alone does not commit to its key: one box may open under two keys, to two texts. So each
data key carries a commitment that is stored beside its wrapped form and checked before use:

    HKDF-Expand(SHA-256, data key, "tasuki/1/enc+commit", 64) = AES key (32) | commitment (32)

Spec: https://www.rfc-editor.org/rfc/rfc5869 (2.3), NIST SP 800-38D.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES = 32
COMMITMENT_BYTES = 32
MAX_KEY_VERSION = 2**32 - 1  # four bytes in the sealed header

_INFO = b"tasuki/1/enc+commit"


class CannotOpen(Exception):
    """A box that does not open: wrong key, wrong place or altered; which one is never told."""

    def __init__(self) -> None:
        super().__init__("sealed data cannot be opened")


@dataclass(frozen=True, slots=True, eq=False)
class DataKey:
    """A data key ready for use; `repr` shows its version and nothing of the key.

    Attributes:
        version: From 1; each sealed body names the version it was sealed under.
        commitment: 32 bytes to store beside the wrapped key; tells nothing of the key.
        aead: The one cipher object of this key (building one costs more than using it).
    """

    version: int
    commitment: bytes
    aead: AESGCM

    def __repr__(self) -> str:
        return f"DataKey(version={self.version})"


@dataclass(frozen=True, slots=True, eq=False)
class NewDataKey:
    """A data key just made: `secret` goes to `KeyRing.wrap` and is then forgotten."""

    secret: bytes
    key: DataKey

    def __repr__(self) -> str:
        return f"NewDataKey(version={self.key.version})"


def new_data_key(version: int = 1) -> NewDataKey:
    """Return a fresh random data key and its 32 secret bytes, to be wrapped."""
    secret = secrets.token_bytes(KEY_BYTES)
    return NewDataKey(secret=secret, key=_derived(secret, version))


def open_data_key(secret: bytes, *, version: int, commitment: bytes) -> DataKey:
    """Return the data key of an unwrapped secret.

    Raises:
        CannotOpen: The secret is not the one the stored commitment was made from.
    """
    if len(secret) != KEY_BYTES:
        raise CannotOpen
    key = _derived(secret, version)
    if not hmac.compare_digest(key.commitment, commitment):
        raise CannotOpen
    return key


def derived_data_key(secret: bytes) -> DataKey:
    """Return the key of 32 secret bytes that the key ring itself derives, so never stored.

    Raises:
        ValueError: Not 32 bytes.
    """
    if len(secret) != KEY_BYTES:
        raise ValueError("a data key has 32 bytes")
    return _derived(secret, 1)


def expand(secret: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Return `length` bytes of HKDF-Expand (SHA-256) of a 32-byte uniformly random secret."""
    return HKDFExpand(algorithm=SHA256(), length=length, info=info).derive(secret)


def _derived(secret: bytes, version: int) -> DataKey:
    if not 1 <= version <= MAX_KEY_VERSION:
        raise ValueError("a key version is between 1 and 4294967295")
    both = expand(secret, _INFO, KEY_BYTES + COMMITMENT_BYTES)
    return DataKey(version, both[KEY_BYTES:], AESGCM(both[:KEY_BYTES]))
