"""Copies of other services' feeds, named by need; `tasuki.shared.store.replica` keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One copied thing.

    Attributes:
        key: Its name in the feed; a later entry with the same key replaces it.
        tokens: Network tokens (hex) of the person it is about; empty for nobody.
        body: Content; None removes it.
    """

    key: str
    seq: int
    tokens: tuple[str, ...]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a copy has come; `fresh_at` is when the source last said that this is all."""

    epoch: str
    seq: int
    fresh_at: datetime


class Copies(Protocol):
    """What a service keeps of others' feeds."""

    async def cursor(self, feed: str) -> Cursor | None:
        """Return how far the copy has come; None before the first page."""
        ...

    async def apply(self, feed: str, entries: Sequence[Entry], cursor: Cursor) -> None:
        """Apply a page and move the cursor, in one transaction; repeating it changes nothing."""
        ...

    async def forget(self, feed: str) -> None:
        """Drop a copy whole: its source began a new epoch."""
        ...

    async def of_person(self, feed: str, tokens: Sequence[str]) -> list[bytes]:
        """Return the entries about the person with any of these tokens, by key."""
        ...

    async def all(self, feed: str) -> list[bytes]:
        """Return every entry of a copy, by key."""
        ...

    async def one(self, feed: str, key: str) -> bytes | None:
        """Return one entry."""
        ...

    async def tokens(self, feed: str, key: str) -> tuple[str, ...]:
        """Return the network tokens (hex) an entry is kept under."""
        ...
