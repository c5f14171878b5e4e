"""Pointers: which region holds records under a network token, and under which handle.

Kept from the regions' feeds, which carry tokens and random ids only; a name never comes here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.copies import Cursor, Entry
from tasuki.shared.rest.following import changes_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasuki.shared.access.copies import Copies


@dataclass(frozen=True, slots=True)
class Pointer:
    """One region's record of a person; `handle` is the region's own Patient id."""

    region: str
    handle: str


def feed_of(region: str) -> str:
    """Return our name for a region's feed."""
    return f"pointers:{region}"


class PointerCopy:
    """Implements `FeedCopy` for one region."""

    def __init__(self, region: str, copies: Copies) -> None:
        self._region = region
        self._feed = feed_of(region)
        self._copies = copies

    async def position(self) -> int:
        """See `FeedCopy.position`."""
        cursor = await self._copies.cursor(self._feed)
        return 0 if cursor is None else cursor.seq

    async def apply(self, page: bytes, asked_at: datetime) -> bool:
        """See `FeedCopy.apply`."""
        epoch, following, changes = changes_page(page)
        cursor = await self._copies.cursor(self._feed)
        if cursor is not None and cursor.epoch != epoch:
            await self._copies.forget(self._feed)
            return False
        entries = [
            Entry(
                key=change.id,
                seq=change.seq,
                tokens=change.tokens,
                body=None
                if change.deleted or not change.tokens
                else json.dumps({"region": self._region, "handle": change.id}).encode(),
            )
            for change in changes
            if change.type == "Patient"
        ]
        await self._copies.apply(self._feed, entries, Cursor(epoch, following, asked_at))
        return not changes


async def located(copies: Copies, regions: Sequence[str], tokens: Sequence[str]) -> list[Pointer]:
    """Return every pointer under any of these tokens, by region."""
    found: list[Pointer] = []
    for region in regions:
        bodies = await copies.of_person(feed_of(region), tokens)
        found.extend(Pointer(**json.loads(body)) for body in bodies)
    return found
