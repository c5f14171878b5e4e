"""Keys, places and rings for the crypto tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tasuki.shared.crypto import FileKeyRing, Place
from tasuki.shared.crypto.keys import derived_data_key

if TYPE_CHECKING:
    from pathlib import Path

    from tasuki.shared.crypto import DataKey


@pytest.fixture(scope="session")
def key() -> DataKey:
    return derived_data_key(bytes(range(32)))


@pytest.fixture(scope="session")
def place() -> Place:
    return Place("chuo", "person-7", "Observation", "0b0a7c3e-0000-4000-8000-000000000001", 1)


@pytest.fixture(scope="session")
def vectors(request: pytest.FixtureRequest) -> Path:
    return request.config.rootpath / "tests" / "vectors" / "sealed"


@pytest.fixture
def known_ring(vectors: Path, tmp_path: Path) -> FileKeyRing:
    """Return the ring of the vector file, whose keys are public."""
    path = tmp_path / "known.json"
    path.write_text(json.dumps(json.loads((vectors / "ring1.json").read_text())["key_file"]))
    path.chmod(0o600)
    return FileKeyRing(path)
