"""A service's own snapshot of Consents, overrides and declarations, kept from the consent feed.

Consents and overrides lie sealed in the service's database, found by network token in the
transaction of the disclosure; an override that is over is let go of. Declarations are few and held
in memory too: of each every signed version, so that one that comes again later takes the place of
none, and of these only what its signature makes count.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from tasuki.consent.feed import FeedPosition, read_page, reduce_feed
from tasuki.consent.overrides.grant import read_grant
from tasuki.consent.provisions import read_held_consent
from tasuki.shared.access.copies import Cursor, Entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from tasuki.consent.declarations import Declaration
    from tasuki.consent.feed import ConsentFeedEntry
    from tasuki.consent.overrides.grant import Grant
    from tasuki.consent.rules import HeldConsent
    from tasuki.consent.signing.trust import Trust
    from tasuki.shared.access.copies import Copies
    from tasuki.shared.access.records import Copy, Unit
    from tasuki.shared.clock import Clock

FEED = "consent"
FOR_ALL = "00" * 16  # the token declarations are kept under: they are about nobody
CACHED_RULES = 5_000
CACHED_PERSONS = 5_000
OVERRIDE_KEY = "override/"


class KeptSnapshot:
    """Implements `FeedCopy` for the follower, and answers what a decision needs.

    Attributes:
        trust: Whose declarations count.
    """

    def __init__(self, copies: Copies, clock: Clock, trust: Trust) -> None:
        self._copies = copies
        self._clock = clock
        self.trust = trust
        self._held: list[bytes] = []
        self._declarations: tuple[Declaration, ...] = ()
        self._cursor: Cursor | None = None
        self._complete = False
        # By what they say: a number may come again where the feed begins anew.
        self._rules: dict[bytes, HeldConsent] = {}
        self._persons: dict[str, tuple[Sequence[Copy], tuple[HeldConsent, ...]]] = {}

    async def open(self) -> None:
        """Take up what was kept before, so that a service without its neighbours can work."""
        self._cursor = await self._copies.cursor(FEED)
        self._complete = self._cursor is not None
        await self._read_declarations()

    @property
    def declarations(self) -> tuple[Declaration, ...]:
        """All declarations that count, every version; the same object while they are the same."""
        return self._declarations

    def age(self) -> timedelta | None:
        """Return how long ago the feed was last read to its end; None when it never was."""
        if self._cursor is None or not self._complete:
            return None
        return self._clock.now() - self._cursor.fresh_at

    async def consents(self, unit: Unit, person: str) -> tuple[HeldConsent, ...]:
        """Return all Consents of a local Patient id, under that id as their person handle.

        The same object as long as the unit gives the same copies.
        """
        copies = await unit.copies(FEED, person)
        of, held = self._persons.get(person, (None, ()))
        if of is not copies:
            held = tuple(self._read(copy).held_for(person) for copy in copies if _is_consent(copy))
            self._persons[person] = (copies, held)
            if len(self._persons) > CACHED_PERSONS:
                self._persons.pop(next(iter(self._persons)))
        return held

    def _read(self, copy: Copy) -> HeldConsent:
        rule = self._rules.get(copy.body)
        if rule is None:
            rule = read_held_consent(json.loads(copy.body))
            if len(self._rules) >= CACHED_RULES:
                self._rules.clear()
            self._rules[copy.body] = rule
        return rule

    async def overrides(self, unit: Unit, person: str) -> tuple[Grant, ...]:
        """Return the overrides held for a local Patient id, whoever opened them."""
        copies = await unit.copies(FEED, person)
        held = (read_grant(json.loads(copy.body)) for copy in copies if not _is_consent(copy))
        return tuple(grant for grant in held if grant is not None)

    async def position(self) -> int:
        """See `FeedCopy.position`."""
        return 0 if self._cursor is None else self._cursor.seq

    async def apply(self, page: bytes, asked_at: datetime) -> bool:
        """See `FeedCopy.apply`."""
        read = read_page(page)
        held = self._cursor
        before = (
            FeedPosition()
            if held is None
            else FeedPosition(epoch=held.epoch, cursor=held.seq, caught_up=self._complete)
        )
        after, starts_anew, news = reduce_feed(before, read)
        if starts_anew:
            await self._copies.forget(FEED)
            self._cursor, self._complete = None, False
            return False
        fresh_at = asked_at if read.next is None or held is None else held.fresh_at
        cursor = Cursor(epoch=read.epoch, seq=after.cursor, fresh_at=fresh_at)
        await self._copies.apply(FEED, [_entry(one) for one in news], cursor)
        if any(one.kind == "declaration" for one in news):
            await self._read_declarations()
        else:
            await self._count_declarations()
        self._cursor, self._complete = cursor, after.caught_up
        return read.next is None

    async def _read_declarations(self) -> None:
        self._held = await self._copies.of_person(FEED, [FOR_ALL])
        await self._count_declarations()

    async def _count_declarations(self) -> None:
        """Take up those whose signature makes them count now; a key may have been taken back."""
        counted = await self.trust.of(self._held)
        if counted != self._declarations:
            self._declarations = counted


def _is_consent(copy: Copy) -> bool:
    return not copy.key.startswith(OVERRIDE_KEY)


def _entry(entry: ConsentFeedEntry) -> Entry:
    own = tuple(token for token in entry.person if token != FOR_ALL)
    key = f"{entry.kind}/{entry.body['id']}"
    if entry.kind == "override" and read_grant(entry.body) is None:
        return Entry(key, entry.seq, (), None)
    body = json.dumps(entry.body, ensure_ascii=False).encode()
    if entry.kind != "declaration":
        return Entry(key, entry.seq, own, body)
    return Entry(f"{key}/{hashlib.sha256(body).hexdigest()[:32]}", entry.seq, (FOR_ALL,), body)
