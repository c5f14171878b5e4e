"""Server sessions: a random id in a cookie, everything else sealed in the service's own database.

Several workers share them. They outlive the authorization server: who is signed in stays so when it
does not answer, until the session's own end.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from tasuki.shared.access.copies import Cursor, Entry
from tasuki.shared.access.withdrawals import NoWithdrawals, name_of
from tasuki.shared.web import principals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from tasuki.shared.access.copies import Copies
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.records import RecordStore
    from tasuki.shared.access.withdrawals import Withdrawals
    from tasuki.shared.clock import Clock

FEED = "session"
ID_BYTES = 32
SEEN_EVERY = timedelta(minutes=1)  # how exactly idleness is kept; each time costs a write
_EPOCH = "1"


class Renewing(Protocol):
    """Gets a fresh access token for a session."""

    async def fresh_token(self, session: Session) -> str:
        """Return an access token that has not ended.

        Raises:
            Fault: UNAUTHENTICATED where the sign-in was ended elsewhere; UNAVAILABLE.
        """
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in.

    Attributes:
        key: SHA-256 of the cookie's value, hex; names the session, opens nothing.
        principal: Who; `expires_at` is the end of the session, for it outlives access tokens.
        csrf: The anti-forgery token of its forms.
        ends_at: The end in any case.
        kept: Access token, its end and the refresh token; `sid`, the sign-in they come from.
    """

    key: str
    principal: Principal
    csrf: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    kept: dict[str, str] = field(repr=False)
    _renewing: Renewing | None = field(default=None, repr=False, compare=False)

    @property
    def display(self) -> str:
        """The name to show; empty where the token has none."""
        return self.principal.display or ""

    async def access_token(self) -> str:
        """Return an access token for the service's resources, renewed where it has ended.

        Raises:
            Fault: UNAUTHENTICATED where the sign-in was ended elsewhere; UNAVAILABLE.
        """
        if self._renewing is None:
            raise RuntimeError("a session that was not opened by `Sessions` has no tokens")
        return await self._renewing.fresh_token(self)


class Sessions:
    """The sessions of one service.

    Args:
        records: For a lock that all workers heed.
        copies: Where sessions lie, sealed.
        clock: The time.
        idle: A session not used this long is over.
    """

    def __init__(
        self, records: RecordStore, copies: Copies, *, clock: Clock, idle: timedelta
    ) -> None:
        self._records = records
        self._copies = copies
        self._clock = clock
        self._idle = idle
        # One writer in this process at a time, so that waiting for the lock cannot use up the pool.
        self._turn = asyncio.Lock()
        self.renewing: Renewing | None = None
        self.withdrawals: Withdrawals = NoWithdrawals()

    async def begin(
        self, principal: Principal, kept: dict[str, str], *, longest: timedelta
    ) -> tuple[Session, str]:
        """Return a new session and the value of its cookie."""
        secret = secrets.token_urlsafe(ID_BYTES)
        now = self._clock.now()
        ends_at = now + longest
        session = Session(
            key=key_of(secret),
            principal=replace(principal, expires_at=ends_at),
            csrf=secrets.token_urlsafe(ID_BYTES),
            created_at=now,
            seen_at=now,
            ends_at=ends_at,
            kept=kept,
            _renewing=self.renewing,
        )
        await self.save(session)
        return session, secret

    async def open(self, secret: str) -> Session | None:
        """Return the session of a cookie's value; None where it is over or never was."""
        if not secret or len(secret) > 2 * ID_BYTES:
            return None
        session = await self.by_key(key_of(secret))
        if session is None:
            return None
        if self._is_over(session) or await self._is_withdrawn(session):
            await self.end(session.key)
            return None
        return await self._seen(session)

    async def by_key(self, key: str) -> Session | None:
        """Return a session as it lies there, ended or not."""
        body = await self._copies.one(FEED, key)
        return None if body is None else self._read(key, json.loads(body))

    async def save(self, session: Session) -> None:
        """Keep a session."""
        await self._apply(Entry(session.key, self._number(), (), _written(session)))

    async def end(self, key: str) -> None:
        """Forget a session."""
        await self._apply(Entry(key, self._number(), (), None))

    async def end_old(self) -> None:
        """Forget the sessions that are over."""
        for body in await self._copies.all(FEED):
            data = json.loads(body)
            if self._is_over(self._read(data["key"], data)):
                await self.end(data["key"])

    def alone(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return a context in which no other worker changes this session."""
        return _alone(self._turn, self._records, key)

    def _is_over(self, session: Session) -> bool:
        now = self._clock.now()
        return now >= session.ends_at or now - session.seen_at >= self._idle

    async def _is_withdrawn(self, session: Session) -> bool:
        sign_in = session.kept.get("sid")
        return sign_in is not None and await self.withdrawals.any_of({name_of("sid", sign_in)})

    async def _seen(self, session: Session) -> Session:
        now = self._clock.now()
        if now - session.seen_at < SEEN_EVERY:
            return session
        async with self.alone(session.key):
            newest = await self.by_key(session.key)
            if newest is None:
                return session
            newest = replace(newest, seen_at=now)
            await self.save(newest)
            return newest

    async def _apply(self, entry: Entry) -> None:
        cursor = Cursor(epoch=_EPOCH, seq=entry.seq, fresh_at=self._clock.now())
        await self._copies.apply(FEED, [entry], cursor)

    def _number(self) -> int:
        return int(self._clock.now().timestamp() * 1_000_000)

    def _read(self, key: str, data: dict[str, Any]) -> Session:
        return Session(
            key=key,
            principal=principals.read(data["principal"]),
            csrf=data["csrf"],
            created_at=datetime.fromisoformat(data["created_at"]),
            seen_at=datetime.fromisoformat(data["seen_at"]),
            ends_at=datetime.fromisoformat(data["ends_at"]),
            kept=dict(data["kept"]),
            _renewing=self.renewing,
        )


def key_of(secret: str) -> str:
    """Return the key under which a cookie's session lies."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _written(session: Session) -> bytes:
    return json.dumps(
        {
            "key": session.key,
            "principal": principals.written(session.principal),
            "csrf": session.csrf,
            "created_at": session.created_at.astimezone(UTC).isoformat(),
            "seen_at": session.seen_at.astimezone(UTC).isoformat(),
            "ends_at": session.ends_at.astimezone(UTC).isoformat(),
            "kept": session.kept,
        }
    ).encode()


@asynccontextmanager
async def _alone(turn: asyncio.Lock, records: RecordStore, key: str) -> AsyncIterator[None]:
    async with turn, records.unit() as unit:
        await unit.lock("session", key)
        yield
