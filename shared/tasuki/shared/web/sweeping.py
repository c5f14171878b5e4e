"""Forgets what is over (sessions, handles) from time to time, whatever happens in between."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

LOG = structlog.get_logger()
SWEEP_SECONDS = 600.0


@asynccontextmanager
async def sweeping(*forget: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Call each of these now and then while inside; one that fails is tried again next time."""
    task = asyncio.create_task(_sweep(forget))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _sweep(forget: tuple[Callable[[], Awaitable[None]], ...]) -> None:
    while True:
        for outcome in await asyncio.gather(*(one() for one in forget), return_exceptions=True):
            if outcome is not None:
                LOG.warning("sweep.failed", kind=type(outcome).__name__)
        await asyncio.sleep(SWEEP_SECONDS)
