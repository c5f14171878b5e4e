"""One world of planted records for all that only asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.access.consent_world import ConsentWorld, consent_on
from tests.access.world import World, world_on
from tests.sharing import TOLD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.store.world import Server

FEW = ("none", "permit all", "deny all")


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


@pytest.fixture(scope="session")
async def consenting(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ConsentWorld]:
    """Everybody at one consent service; not to be changed."""
    async with consent_on(server, tmp_path_factory.mktemp("consenting")) as made:
        yield made


@pytest.fixture
def told(record_property: Callable[[str, object], None]) -> Iterator[list[str]]:
    """Lines for the end of the run."""
    lines: list[str] = []
    yield lines
    for line in lines:
        record_property(TOLD, line)
