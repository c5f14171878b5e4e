"""A tenant of its own for every test, on databases that all share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.home import Home, home_on

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.world import Server


@pytest.fixture
def home(server: Server, tmp_path: Path) -> Home:
    return home_on(server, tmp_path)
