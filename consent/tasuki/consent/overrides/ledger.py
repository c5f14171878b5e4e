"""Every override of this service at its newest, in memory: for the review queue and the figures.

It is filled from the store's own change feed, so that it knows what other processes wrote, and
begins anew with the feed. It never stands for the records: each step reads the record itself.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tasuki.consent.overrides.override import Override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.access.records import Change, RecordStore

TYPE = "Override"
PAGE = 500  # changes read at a time


class Ledger:
    """The newest version of each override, by id."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._epoch: str | None = None
        self._cursor = 0
        self._held: dict[str, Override] = {}
        self._turn = asyncio.Lock()

    async def caught_up(self) -> Mapping[str, Override]:
        """Return all, as of now; what is being committed at this moment may lack."""
        async with self._turn:
            while True:
                page = await self._store.feed(self._cursor, PAGE, [TYPE])
                if self._epoch not in (None, page.epoch):
                    self._held, self._cursor, self._epoch = {}, 0, page.epoch
                    continue
                self._epoch = page.epoch
                await self._take(page.changes)
                if len(page.changes) < PAGE:
                    self._cursor = max(self._cursor, page.head)
                    return self._held
                self._cursor = page.changes[-1].seq

    def put(self, override: Override) -> None:
        """Hold what was just written, which the feed tells a little later."""
        held = self._held.get(override.id)
        if held is None or held.version < override.version:
            self._held[override.id] = override

    async def _take(self, changes: tuple[Change, ...]) -> None:
        newest = {change.id: change for change in changes}
        for change in newest.values():
            held = self._held.get(change.id)
            if held is not None and held.version >= change.version:
                continue
            async with self._store.unit() as unit:
                found = await unit.version(TYPE, change.id, change.version)
            if found is not None and found.body is not None:
                self.put(Override.model_validate(json.loads(found.body)))
