"""One PostgreSQL server for all services under test; each test has a tenant of its own in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.home import Home, home_on
from tests.store.world import Server, server_for_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with server_for_session() as made:
        yield made


@pytest.fixture
def home(server: Server, tmp_path: Path) -> Home:
    return home_on(server, tmp_path)
