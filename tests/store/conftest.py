"""One embedded PostgreSQL for the session; fresh, migrated databases for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.world import Server, World, server_for_session, world_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with server_for_session() as made:
        yield made


@pytest.fixture
async def world(server: Server, tmp_path: Path) -> AsyncIterator[World]:
    async with world_on(server, tmp_path) as made:
        yield made
