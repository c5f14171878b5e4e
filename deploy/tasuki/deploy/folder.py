"""Where a one-machine installation keeps things: databases, keys and caches apart."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# For root, PostgreSQL runs as another user, which must get to its own folder, but sees no names.
FOLDER_MODE = 0o711 if os.geteuid() == 0 else 0o700


@dataclass(frozen=True, slots=True)
class DataFolder:
    """One data folder; everything secret in it is readable by its owner only."""

    path: Path

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path / "postgres"

    @property
    def keys(self) -> Path:
        """Key files: the ring, signing keys, clients' private keys."""
        return self.path / "keys"

    @property
    def ring(self) -> Path:
        """The key ring."""
        return self.keys / "ring.json"

    @property
    def signing_keys(self) -> Path:
        """Signing keys of the authorization server."""
        return self.keys / "signing.json"

    @property
    def declaration_keys(self) -> Path:
        """Keys of the consent service that declarations are signed with."""
        return self.keys / "declarations.json"

    @property
    def cache(self) -> Path:
        """What can be fetched again."""
        return self.path / "cache"

    @property
    def log(self) -> Path:
        """The services' log."""
        return self.path / "tasuki.log"

    @property
    def out(self) -> Path:
        """What a detached demo prints, the accounts' passwords among it."""
        return self.path / "demo.out"

    @property
    def pid(self) -> Path:
        """Process id of a running demo."""
        return self.path / "demo.pid"

    @property
    def demo(self) -> Path:
        """Doors, accounts and clients of the demo, as JSON."""
        return self.path / "demo.json"

    def client_key(self, client_id: str) -> Path:
        """The private key of a client."""
        return self.keys / f"client-{client_id}.json"

    def prepare(self) -> None:
        """Make the folders where they are missing, closed to other users."""
        self.path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        # A folder somebody keeps other things in too is not ours to close.
        if self.ring.exists() or not any(self.path.iterdir()):
            self.path.chmod(FOLDER_MODE)
        for folder in (self.keys, self.cache):
            folder.mkdir(mode=0o700, exist_ok=True)


def write_secret(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file that only its owner can read, whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=2)
    part.replace(path)


def private_file(path: Path) -> int:
    """Return a descriptor that appends to a file only its owner can read, from its first byte."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(descriptor, 0o600)  # one that was there before
    return descriptor


def read_json(path: Path) -> dict[str, Any]:
    """Return the object a JSON file holds."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
