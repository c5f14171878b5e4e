"""One world of planted records for all that only asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.access.world import World, world_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.store.world import Server

FEW = ("none", "permit all", "deny all")
TOLD = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
async def world(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Everybody; not to be changed."""
    async with world_on(server, tmp_path_factory.mktemp("everybody")) as made:
        yield made


@pytest.fixture(scope="session")
async def few(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A few people, for services that are spoilt; not to be changed."""
    async with world_on(server, tmp_path_factory.mktemp("few"), FEW) as made:
        yield made


@pytest.fixture
async def small(server: Server, tmp_path: Path) -> AsyncIterator[World]:
    """A few people, whom something may happen to."""
    async with world_on(server, tmp_path, FEW) as made:
        yield made


@pytest.fixture
def told(request: pytest.FixtureRequest) -> list[str]:
    """Lines for the end of the run."""
    return request.config.stash.setdefault(TOLD, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in terminalreporter.config.stash.get(TOLD, []):
        terminalreporter.write_line(line)
