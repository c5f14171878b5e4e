"""Key rings: wrap data keys, make keyed hashes. The root keys never leave the ring.

    wrapped (65) = format (1) | wrapping key version (4) | nonce (12) | AES-256-GCM(32) | tag (16)

`FileKeyRing` is one 0600 file for one machine; an HSM or a key service stands behind the same
protocol. Layout and vectors: `docs/sealed-format.md`.
"""

from __future__ import annotations

import hmac
import os
import struct
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tasuki.shared.crypto.keyfile import KeyFile, TenantKeys
from tasuki.shared.crypto.keys import KEY_BYTES, CannotOpen, expand
from tasuki.shared.crypto.lengths import length_prefixed
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FORMAT = 1
_HEADER = struct.Struct(">BI")
_NONCE_BYTES = 12
_MAGIC = b"tasuki.wrapped"
_WRAPPED_BYTES = _HEADER.size + _NONCE_BYTES + KEY_BYTES + 16


class KeyRing(Protocol):
    """One tenant's keys, by what they do."""

    @property
    def epoch(self) -> int:
        """Return the version of the wrapping key in use now."""
        ...

    def wrap(self, data_key_bytes: bytes, *, bound_to: bytes) -> bytes:
        """Return a data key wrapped; it unwraps only for the same tenant and `bound_to`."""
        ...

    def unwrap(self, wrapped: bytes, *, bound_to: bytes) -> bytes:
        """Return the data key's 32 bytes.

        Raises:
            CannotOpen: Another tenant or binding, altered, or a destroyed wrapping key.
        """
        ...

    def mac(self, purpose: str, message: bytes) -> bytes:
        """Return HMAC-SHA256 (32 bytes) under the key of this purpose; stable over rotation."""
        ...


class NetworkKeys(Protocol):
    """The epoch keys that only regions hold; the locator never does."""

    @property
    def epoch(self) -> int:
        """Return the epoch to write new tokens under."""
        ...

    def mac(self, epoch: int, message: bytes) -> bytes:
        """Return HMAC-SHA256 (32 bytes) under one epoch's key.

        Raises:
            Fault: UNAVAILABLE, no key of that epoch here.
        """
        ...


class TenantKeyRing:
    """A `KeyRing` over keys held in memory."""

    def __init__(self, tenant: str, keys: TenantKeys) -> None:
        self._tenant = tenant
        self._index_root = keys.index
        self._mac_keys: dict[str, bytes] = {}  # purposes are named in code, so this stays small
        self._wrapping = {
            version: AESGCM(expand(root, b"tasuki/1/wrap"))
            for version, root in keys.wrapping.items()
        }

    @property
    def epoch(self) -> int:
        """See `KeyRing.epoch`."""
        return max(self._wrapping)

    def wrap(self, data_key_bytes: bytes, *, bound_to: bytes) -> bytes:
        """See `KeyRing.wrap`."""
        if len(data_key_bytes) != KEY_BYTES:
            raise ValueError("a data key has 32 bytes")
        header = _HEADER.pack(FORMAT, self.epoch)
        nonce = os.urandom(_NONCE_BYTES)
        aad = self._aad(header, bound_to)
        return header + nonce + self._wrapping[self.epoch].encrypt(nonce, data_key_bytes, aad)

    def unwrap(self, wrapped: bytes, *, bound_to: bytes) -> bytes:
        """See `KeyRing.unwrap`."""
        if len(wrapped) != _WRAPPED_BYTES:
            raise CannotOpen
        header, sealed = wrapped[: _HEADER.size], wrapped[_HEADER.size :]
        written, version = _HEADER.unpack(header)
        if written != FORMAT or version not in self._wrapping:
            raise CannotOpen
        nonce, box = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._wrapping[version].decrypt(nonce, box, self._aad(header, bound_to))
        except InvalidTag:
            raise CannotOpen from None

    def mac(self, purpose: str, message: bytes) -> bytes:
        """See `KeyRing.mac`."""
        key = self._mac_keys.get(purpose)
        if key is None:
            key = expand(self._index_root, b"tasuki/1/mac/" + purpose.encode())
            self._mac_keys[purpose] = key
        return hmac.digest(key, message, "sha256")

    def _aad(self, header: bytes, bound_to: bytes) -> bytes:
        return _MAGIC + header + length_prefixed((self._tenant, bound_to))


class EpochKeys:
    """`NetworkKeys` over keys held in memory."""

    def __init__(self, epochs: Mapping[int, bytes]) -> None:
        self._keys = {epoch: expand(root, b"tasuki/1/network") for epoch, root in epochs.items()}

    @property
    def epoch(self) -> int:
        """See `NetworkKeys.epoch`."""
        return max(self._keys)

    def mac(self, epoch: int, message: bytes) -> bytes:
        """See `NetworkKeys.mac`."""
        key = self._keys.get(epoch)
        if key is None:
            raise Fault(Category.UNAVAILABLE, "No network key of this epoch is held here.")
        return hmac.digest(key, message, "sha256")


class FileKeyRing:
    """The key rings of several tenants and the network keys, from one file.

    The file is read once, at construction and after `rotate`.

    Raises:
        Fault: UNAVAILABLE, the file is missing, unreadable, malformed, or open to others.
    """

    def __init__(self, path: Path) -> None:
        self._file = KeyFile(path)
        self._read()

    @classmethod
    def create(
        cls, path: Path, tenants: Iterable[str], *, network: Mapping[int, bytes] | None = None
    ) -> FileKeyRing:
        """Write a new key file and return its ring.

        Args:
            path: Where; must not exist yet.
            tenants: Names; each gets root keys of its own.
            network: Epoch to 32-byte key, shared with the other regions; without it a first
                epoch is made up.

        Raises:
            Fault: CONFLICT, there is a file already: it is never overwritten.
        """
        KeyFile(path).create(tuple(tenants), network)
        return cls(path)

    def tenant(self, name: str) -> KeyRing:
        """Return one tenant's ring.

        Raises:
            Fault: UNAVAILABLE, the file holds no keys of that tenant.
        """
        ring = self._rings.get(name)
        if ring is None:
            raise Fault(Category.UNAVAILABLE, "The key file holds no keys of this tenant.")
        return ring

    @property
    def network(self) -> NetworkKeys:
        """Return the network keys."""
        return self._network

    def rotate(self, tenant: str) -> int:
        """Add a wrapping key to a tenant and return its version; older ones still unwrap.

        Rings handed out before keep wrapping under the older key: ask `tenant` again.
        """
        version = self._file.add_wrapping_key(tenant)
        self._read()
        return version

    def add_network_epoch(self, epoch: int, key: bytes) -> None:
        """Add the shared 32-byte key of a later epoch; earlier tokens still answer."""
        self._file.add_network_key(epoch, key)
        self._read()

    def _read(self) -> None:
        keys = self._file.read()
        self._rings: dict[str, KeyRing] = {
            name: TenantKeyRing(name, held) for name, held in keys.tenants.items()
        }
        self._network = EpochKeys(keys.network)
