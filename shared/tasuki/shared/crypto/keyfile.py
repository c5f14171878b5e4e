"""The key file: JSON, mode 0600, replaced whole or not at all.

    {"format": 1,
     "tenants": {NAME: {"index": KEY, "wrapping": {"1": KEY, ...}}},
     "network": {"1": KEY, ...}}

KEY is 32 random bytes in base64. `index` is the root of keyed hashes and never rotates, since
stored tokens hang on it; `wrapping` versions are added and, when no backup needs them, removed.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import secrets
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.crypto.keys import KEY_BYTES
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FORMAT = 1
_MODE = 0o600
_OTHERS = 0o077


@dataclass(frozen=True, slots=True, repr=False)
class TenantKeys:
    """One tenant's root keys."""

    index: bytes
    wrapping: Mapping[int, bytes]


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """All root keys of a file."""

    tenants: Mapping[str, TenantKeys]
    network: Mapping[int, bytes]


class KeyFile:
    """Reads and replaces one key file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Keys:
        """Return the file's keys.

        Raises:
            Fault: UNAVAILABLE, missing, unreadable, malformed, or open to others.
        """
        return _parsed(self._document())

    def create(self, tenants: tuple[str, ...], network: Mapping[int, bytes] | None) -> None:
        """Write a new file.

        Raises:
            Fault: CONFLICT, there is one already.
        """
        shared = network or {1: secrets.token_bytes(KEY_BYTES)}
        document = {
            "format": _FORMAT,
            "tenants": {name: {"index": _fresh(), "wrapping": {"1": _fresh()}} for name in tenants},
            "network": {str(epoch): _text(key) for epoch, key in shared.items()},
        }
        _parsed(document)
        with self._alone():
            if self._path.exists():
                raise Fault(Category.CONFLICT, "There is a key file here already.")
            self._replace(document)

    def add_wrapping_key(self, tenant: str) -> int:
        """Add the next wrapping key of a tenant and return its version."""
        with self._alone():
            document = self._document()
            keys = _parsed(document)
            if tenant not in keys.tenants:
                raise Fault(Category.UNAVAILABLE, "The key file holds no keys of this tenant.")
            version = max(keys.tenants[tenant].wrapping) + 1
            document["tenants"][tenant]["wrapping"][str(version)] = _fresh()
            self._replace(document)
        return version

    def add_network_key(self, epoch: int, key: bytes) -> None:
        """Add the shared key of a network epoch.

        Raises:
            Fault: CONFLICT, that epoch has a key already.
        """
        with self._alone():
            document = self._document()
            if epoch in _parsed(document).network:
                raise Fault(Category.CONFLICT, "This network epoch has a key already.")
            document["network"][str(epoch)] = _text(key)
            _parsed(document)
            self._replace(document)

    def _document(self) -> dict[str, Any]:
        try:
            with self._path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
                    raise Fault(
                        Category.UNAVAILABLE,
                        "The key file is open to other users: set its mode to 0600.",
                    )
                document = json.loads(file.read())
        except OSError:
            raise Fault(Category.UNAVAILABLE, "The key file cannot be read.") from None
        except ValueError:
            raise _malformed() from None
        if not isinstance(document, dict):
            raise _malformed()
        return document

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other writers out: the folder is locked, since the file itself is replaced."""
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
            os.fsync(folder)  # the new name must survive a power cut
        finally:
            os.close(folder)

    def _replace(self, document: dict[str, Any]) -> None:
        fresh = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        out = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        try:
            with os.fdopen(out, "wb") as file:
                file.write(json.dumps(document, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise Fault(Category.UNAVAILABLE, "The key file cannot be written.") from None


def _parsed(document: dict[str, Any]) -> Keys:
    try:
        if document["format"] != _FORMAT:
            raise _malformed()
        tenants = {
            name: TenantKeys(index=_key(held["index"]), wrapping=_versions(held["wrapping"]))
            for name, held in document["tenants"].items()
            if name
        }
        network = _versions(document["network"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _malformed() from None
    if not tenants:
        raise _malformed()
    return Keys(tenants=tenants, network=network)


def _versions(held: dict[str, str]) -> dict[int, bytes]:
    versions = {int(version): _key(key) for version, key in held.items()}
    if not versions or min(versions) < 1 or max(versions) >= 2**32:
        raise ValueError
    return versions


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
    if len(key) != KEY_BYTES:
        raise ValueError
    return key


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _fresh() -> str:
    return _text(secrets.token_bytes(KEY_BYTES))


def _malformed() -> Fault:
    return Fault(Category.UNAVAILABLE, "The key file is not a key file of format 1.")
