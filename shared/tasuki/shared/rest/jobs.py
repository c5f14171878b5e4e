"""Work that outlives its request, in this process: so much of it at a time, ended with the process.

What such work has to remember it keeps in the store, so that another process can go on with it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

LOG = structlog.get_logger()
AT_ONCE = 4
# From a version's date to the begin of its transaction in the database, and how far the clocks of
# two processes of a service may be apart.
GAP_SECONDS = 1.0


class Jobs:
    """The jobs of one process, by id.

    Attributes:
        gap: Seconds to let pass before asking what is being written; see `exports.work`.
    """

    def __init__(self, at_once: int = AT_ONCE, gap: float = GAP_SECONDS) -> None:
        self.gap = gap
        self._turn = asyncio.Semaphore(at_once)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, id_: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begin a job, unless it is under way here."""
        if id_ not in self._tasks:
            task = asyncio.create_task(self._in_turn(work))
            self._tasks[id_] = task
            task.add_done_callback(lambda ended: self._ended(id_, ended))

    async def stop(self, id_: str) -> None:
        """End a job of this process, if there is one."""
        await self._stop([task for key, task in self._tasks.items() if key == id_])

    async def close(self) -> None:
        """End them all; what is left of each lies in the store."""
        await self._stop(list(self._tasks.values()))

    async def idle(self) -> None:
        """Return when none is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            await asyncio.sleep(0)

    @asynccontextmanager
    async def ending(self) -> AsyncIterator[None]:
        """End them all on the way out."""
        try:
            yield
        finally:
            await self.close()

    async def _in_turn(self, work: Callable[[], Awaitable[None]]) -> None:
        async with self._turn:
            await work()

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, id_: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(id_, None)
        if not task.cancelled() and (defect := task.exception()) is not None:
            LOG.error("job.defect", kind=type(defect).__name__)
