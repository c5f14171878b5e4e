"""Seal a body to one place, so that it opens there and nowhere else.

    header (8) = format (1) | algorithm (1) | dictionary (2) | key version (4)
    sealed     = header | nonce (12) | AES-256-GCM(packed body) | tag (16)

The place and the header are authenticated, not stored: a row that is moved, swapped with another
or given another version number does not open. Layout and vectors: `docs/sealed-format.md`.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from tasuki.shared.crypto.keys import CannotOpen
from tasuki.shared.crypto.lengths import length_prefixed
from tasuki.shared.crypto.packing import (
    CURRENT_DICTIONARY,
    KNOWN_DICTIONARIES,
    NotPacked,
    pack,
    unpack,
)

if TYPE_CHECKING:
    from tasuki.shared.crypto.keys import DataKey

FORMAT = 1
AES_256_GCM = 1
NONCE_BYTES = 12
TAG_BYTES = 16

_HEADER = struct.Struct(">BBHI")
_VERSION = struct.Struct(">Q")
_MAGIC = b"tasuki.sealed"
_BODY_AT = _HEADER.size + NONCE_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed body belongs.

    Attributes:
        tenant: The region or service whose database it is.
        owner: The person key (or the tenant-wide owner) whose data key seals it.
        type: The resource type, e.g. `MedicationRequest`.
        id: The server-assigned id.
        version: The version number, from 1; 0 to 2**64 - 1 can be said.
    """

    tenant: str
    owner: str
    type: str
    id: str
    version: int

    def aad(self, header: bytes) -> bytes:
        """Return what is authenticated: magic, header, length-prefixed place, version (8)."""
        place = length_prefixed((self.tenant, self.owner, self.type, self.id))
        return b"".join((_MAGIC, header, place, _VERSION.pack(self.version)))


def seal(plain: bytes, *, key: DataKey, place: Place) -> bytes:
    """Return `plain` compressed, padded and sealed to its place under a fresh random nonce.

    Raises:
        Fault: TOO_LARGE, the body is over 32 MiB.
    """
    header = _HEADER.pack(FORMAT, AES_256_GCM, CURRENT_DICTIONARY, key.version)
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + key.aead.encrypt(nonce, pack(plain), place.aad(header))


def unseal(sealed: bytes, *, key: DataKey, place: Place) -> bytes:
    """Return the body sealed at this place.

    Raises:
        CannotOpen: Another key, another place, an altered byte or an unknown format.
    """
    header = sealed[: _HEADER.size]
    if len(sealed) < _BODY_AT + TAG_BYTES:
        raise CannotOpen
    written, algorithm, dictionary, version = _HEADER.unpack(header)
    known = written == FORMAT and algorithm == AES_256_GCM and dictionary in KNOWN_DICTIONARIES
    if not known or version != key.version:
        raise CannotOpen
    nonce = sealed[_HEADER.size : _BODY_AT]
    try:
        packed = key.aead.decrypt(nonce, sealed[_BODY_AT:], place.aad(header))
        return unpack(packed, dictionary)
    except (InvalidTag, NotPacked):
        raise CannotOpen from None


def key_version(sealed: bytes) -> int:
    """Return the version of the data key a sealed body names, so that the key can be fetched.

    Raises:
        CannotOpen: Too short to be a sealed body.
    """
    if len(sealed) < _BODY_AT + TAG_BYTES:
        raise CannotOpen
    return int(_HEADER.unpack_from(sealed)[3])
