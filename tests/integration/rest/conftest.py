"""A FHIR service over a real store, with a decider of the test's own, through ASGI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.rest.house import House, house_on
from tests.store.world import tenant_on, world_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.store.world import Server


@pytest.fixture
async def house(server: Server, tmp_path: Path) -> AsyncIterator[House]:
    """A service whose tenant is new."""
    async with tenant_on(server, tmp_path) as world, house_on(world) as made:
        yield made


@pytest.fixture
async def own_house(server: Server, tmp_path: Path) -> AsyncIterator[House]:
    """A service whose database is new, to be damaged."""
    async with world_on(server, tmp_path) as world, house_on(world) as made:
        yield made
