"""Ends overrides whose time is up: the gates have long refused them; here it is written down."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.consent.overrides.book import Book

LOG = structlog.get_logger()
EVERY_SECONDS = 20.0


@asynccontextmanager
async def ending(book: Book) -> AsyncIterator[None]:
    """End what is over now and then while inside; what fails is tried again next time."""
    task = asyncio.create_task(_end(book))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _end(book: Book) -> None:
    while True:
        for outcome in await asyncio.gather(book.end_old(), return_exceptions=True):
            if outcome is not None:
                LOG.warning("override.ending.failed", kind=type(outcome).__name__)
        await asyncio.sleep(EVERY_SECONDS)
