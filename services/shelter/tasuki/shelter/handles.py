"""Opaque names for people in pages: bound to one session, short-lived, and good once to choose.

candidate  → choose (once)  → ticket  → look, print (until it ends)
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from tasuki.shared.access.copies import Cursor, Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.copies import Copies
    from tasuki.shared.clock import Clock

FEED = "handle"
_BYTES = 24
_EPOCH = "1"
Kind = Literal["candidate", "ticket"]


class Handles:
    """The handles of all sessions, sealed in the service's database."""

    def __init__(self, copies: Copies, *, clock: Clock, lasting: timedelta) -> None:
        self._copies = copies
        self._clock = clock
        self._lasting = lasting

    async def issue(self, session: str, people: Sequence[str], kind: Kind) -> list[str]:
        """Return a fresh handle for each person."""
        handles = [secrets.token_urlsafe(_BYTES) for _ in people]
        until = (self._clock.now() + self._lasting).isoformat()
        await self._apply(
            [
                Entry(
                    key,
                    self._number(),
                    (),
                    json.dumps(
                        {"key": key, "session": session, "person": person, "kind": kind}
                        | {"until": until}
                    ).encode(),
                )
                for key, person in zip(map(_key, handles), people, strict=True)
            ]
        )
        return handles

    async def person(self, session: str, handle: str, kind: Kind) -> str | None:
        """Return whom a handle names; None where it is another's, spent or over."""
        body = await self._copies.one(FEED, _key(handle))
        data = {} if body is None else json.loads(body)
        if (data.get("session"), data.get("kind")) != (session, kind) or self._is_over(data):
            return None
        return str(data["person"])

    async def spend(self, session: str, handle: str) -> str | None:
        """Return whom a candidate's handle names, once."""
        person = await self.person(session, handle, "candidate")
        if person is not None:
            await self._apply([Entry(_key(handle), self._number(), (), None)])
        return person

    async def end_old(self) -> None:
        """Forget the handles that are over."""
        found = [json.loads(body) for body in await self._copies.all(FEED)]
        over = [str(data["key"]) for data in found if self._is_over(data)]
        await self._apply([Entry(key, self._number(), (), None) for key in over])

    def _is_over(self, data: dict[str, str]) -> bool:
        return datetime.fromisoformat(data["until"]) <= self._clock.now()

    def _number(self) -> int:
        return int(self._clock.now().timestamp() * 1_000_000)

    async def _apply(self, entries: Sequence[Entry]) -> None:
        if entries:
            cursor = Cursor(epoch=_EPOCH, seq=entries[0].seq, fresh_at=self._clock.now())
            await self._copies.apply(FEED, entries, cursor)


def _key(handle: str) -> str:
    return hashlib.sha256(handle.encode()).hexdigest()
