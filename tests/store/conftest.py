"""Fresh, migrated databases for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.world import World, world_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.store.world import Server


@pytest.fixture
async def world(server: Server, tmp_path: Path) -> AsyncIterator[World]:
    async with world_on(server, tmp_path) as made:
        yield made
