"""Copying a holder's records: pulled by its change feed, kept sealed, made into people.

A page counts as read when the people it touched are rebuilt: first the entries, then the people,
last the cursor. A crash in between repeats the page, which changes nothing.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx2
import structlog

from tasuki.consent.client import read_page
from tasuki.shared.access.copies import Cursor, Entry
from tasuki.shared.clinical.sources import SourceState
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.following import PURPOSE, FeedSource, changes_page
from tasuki.shelter.entries import KEPT, TYPES, SourceEntry, feed_name
from tasuki.shelter.everything import entry_of
from tasuki.shelter.people import record_tokens
from tasuki.shelter.tokens import local_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.shared.access.client import TokenClient
    from tasuki.shared.access.copies import Copies
    from tasuki.shared.access.records import Change
    from tasuki.shared.clock import Clock
    from tasuki.shelter.people import People
    from tasuki.shelter.settings import Holder

LOG = structlog.get_logger()

SCOPE = "system/*.rs tasuki/feed"
AT_ONCE = 6  # people asked for at a time: the holder has others to serve
TOGETHER = 24  # people taken over in one transaction
PAGE = 1_000  # changes
BULK = 100  # changes in one page: more than people at desks and at home make
SETTLE_SECONDS = 2.0  # longer than a chunk of a load takes: taking over meanwhile would slow both
GATHERED = 50_000  # changes read ahead at most; a few megabytes
TIMEOUT_SECONDS = 20.0
NEVER = datetime.fromtimestamp(0, UTC)
"""`fresh_at` of a copy that has not been complete yet."""


class HolderFetch:
    """Asks one holder about one person."""

    def __init__(self, holder: Holder, http: httpx2.AsyncClient, tokens: TokenClient) -> None:
        self.holder = holder
        self._http = http
        self._tokens = tokens

    async def everything(self, owner: str, *, at: datetime, epoch: str) -> SourceEntry | None:
        """Return what the holder says of a person, without tokens; None where it has nobody.

        Raises:
            Fault: UNAVAILABLE where the holder is down; asked again later.
        """
        base = self.holder.base_url
        token = await self._tokens.client_credentials(SCOPE, base, PURPOSE)
        answer = await self._http.get(
            f"{base}/Patient/{owner}/$everything",
            params={"_type": ",".join(sorted(KEPT))},
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
        )
        blank = SourceEntry(self.holder.name, owner, (), SourceState.UNREACHABLE, at, epoch)
        if answer.status_code in (httpx2.codes.NOT_FOUND, httpx2.codes.GONE):
            return None
        if answer.status_code == httpx2.codes.FORBIDDEN:
            return replace(blank, state=SourceState.WITHHELD)
        if answer.status_code in (
            httpx2.codes.UNAUTHORIZED,
            httpx2.codes.TOO_MANY_REQUESTS,
            httpx2.codes.SERVICE_UNAVAILABLE,
        ):
            raise Fault(Category.UNAVAILABLE, "the holder does not answer")
        if answer.status_code != httpx2.codes.OK:
            # One record it cannot give must not stop everybody else's: it is said to be missing.
            LOG.warning("shelter.fetch.failed", holder=self.holder.name, status=answer.status_code)
            return blank
        return entry_of(answer.content, blank)


class _Waiting:
    """Changes that were read and not taken over yet.

    Attributes:
        people: Owners in order, with the tokens a Patient line told last; None for no such line.
        reached: Cursor to ask with next.
        changes: How many lines.
    """

    def __init__(self, since: int) -> None:
        self.people: dict[str, tuple[str, ...] | None] = {}
        self.reached = since
        self.changes = 0

    def add(self, changes: Sequence[Change], reached: int) -> None:
        """Add a page; lines that came before change nothing."""
        for change in changes:
            if change.seq <= self.reached or not change.owner:
                continue
            told = self.people.get(change.owner)
            is_told = change.type == "Patient" and not change.deleted
            self.people[change.owner] = change.tokens if is_told else told
            self.changes += 1
        self.reached = max(reached, self.reached)


class HolderCopy:
    """Implements `FeedCopy` for one holder."""

    def __init__(self, fetch: HolderFetch, copies: Copies, people: People, clock: Clock) -> None:
        self._fetch = fetch
        self._copies = copies
        self._people = people
        self._clock = clock
        self._cursor: Cursor | None = None
        self._opened = False
        self._swept = False
        self._waiting: _Waiting | None = None
        self.feed = feed_name(fetch.holder.name)

    def source(self) -> FeedSource:
        """Return the feed to follow."""
        return FeedSource(
            name=self.feed,
            base_url=self._fetch.holder.base_url,
            path="/$changes",
            scope=SCOPE,
            parameters={"types": ",".join(TYPES), "count": str(PAGE)},
        )

    async def position(self) -> int:
        """See `FeedCopy.position`; ahead of what is kept while changes are being gathered."""
        if not self._opened:
            self._cursor = await self._copies.cursor(self.feed)
            self._opened = True
        if self._waiting is not None:
            return self._waiting.reached
        return 0 if self._cursor is None else self._cursor.seq

    async def apply(self, page: bytes, asked_at: datetime) -> bool:
        """See `FeedCopy.apply`."""
        epoch, reached, changes = changes_page(page)
        held = self._cursor or Cursor(epoch, 0, NEVER)
        if held.epoch != epoch:
            # Restored from a backup: read anew. What was kept stays in use until it is replaced,
            # or found to be gone when we have caught up.
            self._waiting = None
            await self._move(Cursor(epoch, 0, NEVER))
            self._swept = False
            return False
        waiting = self._waiting or _Waiting(held.seq)
        waiting.add(changes, reached)
        is_all = len(changes) < PAGE
        if len(changes) >= BULK and waiting.changes < GATHERED:
            # A person's records lie all over the feed: gathered first, each is asked for once,
            # and not before a load that is going on has come to rest.
            self._waiting = waiting
            await asyncio.sleep(SETTLE_SECONDS)
            return False
        self._waiting = None
        await self._take_over(waiting.people, epoch, asked_at, held)
        if is_all and not self._swept:
            await self._sweep(epoch, held)
        fresh_at = asked_at if is_all else held.fresh_at
        await self._move(Cursor(epoch, waiting.reached, fresh_at))
        return is_all

    async def _take_over(
        self,
        people: Mapping[str, tuple[str, ...] | None],
        epoch: str,
        asked_at: datetime,
        held: Cursor,
    ) -> None:
        owners = list(people)
        turns = asyncio.Semaphore(AT_ONCE)

        async def fetched(owner: str) -> SourceEntry | None:
            async with turns:
                return await self._fetch.everything(owner, at=asked_at, epoch=epoch)

        for start in range(0, len(owners), TOGETHER):
            some = owners[start : start + TOGETHER]
            found = await asyncio.gather(*map(fetched, some))
            entries: list[Entry] = []
            touched: set[str] = set()
            for owner, entry in zip(some, found, strict=True):
                before = await self._copies.one(self.feed, owner)
                earlier = None if before is None else SourceEntry.from_bytes(before)
                touched.update(() if earlier is None else earlier.tokens)
                kept = self._tokened(owner, entry, earlier, people[owner])
                touched.update(() if kept is None else kept.tokens)
                entries.append(self._entry(owner, kept))
            await self._copies.apply(self.feed, entries, held)
            await self._people.rebuild(touched)

    def _tokened(
        self,
        owner: str,
        entry: SourceEntry | None,
        earlier: SourceEntry | None,
        told: tuple[str, ...] | None,
    ) -> SourceEntry | None:
        if entry is None:
            return None
        if entry.state is SourceState.UNREACHABLE and earlier is not None:
            # Better an older answer that says its age than none.
            entry = replace(earlier, epoch=entry.epoch)
        own = (local_token(self._fetch.holder.name, owner),)
        known = told if told is not None else (earlier.tokens if earlier is not None else ())
        return replace(entry, tokens=tuple(sorted(known)) or own)

    def _entry(self, owner: str, kept: SourceEntry | None) -> Entry:
        number = int(self._clock.now().timestamp() * 1_000_000)
        if kept is None:
            return Entry(owner, number, (), None)
        return Entry(owner, number, kept.tokens, kept.to_bytes())

    async def _sweep(self, epoch: str, held: Cursor) -> None:
        """Remove what an earlier epoch told and this one does not."""
        kept = map(SourceEntry.from_bytes, await self._copies.all(self.feed))
        gone = [entry for entry in kept if entry.epoch != epoch]
        if gone:
            removals = [self._entry(entry.owner, None) for entry in gone]
            await self._copies.apply(self.feed, removals, held)
            await self._people.rebuild(record_tokens(gone))
        self._swept = True

    async def _move(self, cursor: Cursor) -> None:
        await self._copies.apply(self.feed, [], cursor)
        self._cursor = cursor


class ConsentCopy:
    """The consent snapshot, and the people whose wishes changed rebuilt with it."""

    def __init__(self, snapshot: KeptSnapshot, people: People) -> None:
        self._snapshot = snapshot
        self._people = people

    async def position(self) -> int:
        """See `FeedCopy.position`."""
        return await self._snapshot.position()

    async def apply(self, page: bytes, asked_at: datetime) -> bool:
        """See `FeedCopy.apply`."""
        is_all = await self._snapshot.apply(page, asked_at)
        tokens = {token for entry in read_page(page).entries for token in entry.person}
        # Every disclosure asks the snapshot itself; this only keeps no more than is wanted.
        await self._people.rebuild(tokens)
        return is_all
