"""Where a next page begins, bound to who may ask for it; it is kept sealed and found by name only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Self

from tasuki.shared.fhir.json import parse, render

if TYPE_CHECKING:
    from tasuki.shared.access.records import Position
    from tasuki.shared.access.rulings import Caller


@dataclass(frozen=True, slots=True)
class Asked:
    """What a history was asked for.

    Attributes:
        type: None for the whole server.
        id: None for all of the type.
        since: The earliest moment of writing.
        current: Start and end (exclusive) of a time at some moment of which they were the newest.
        count: Versions on a page, 1 at least.
    """

    type: str | None
    id: str | None
    since: datetime | None
    current: tuple[datetime, datetime] | None
    count: int

    @property
    def path(self) -> str:
        """The path below the base URL."""
        return "/".join([part for part in (self.type, self.id) if part is not None] + ["_history"])


@dataclass(frozen=True, slots=True)
class Cursor:
    """A next page: of what, after which version, for whom."""

    LIFE: ClassVar[timedelta] = timedelta(hours=1)

    asked: Asked
    after: Position | None
    holder: str

    @classmethod
    def of(cls, caller: Caller, asked: Asked, after: Position | None) -> Self:
        """Return the cursor for this caller."""
        return cls(asked, after, _holder(caller))

    def serves(self, caller: Caller) -> bool:
        """Return whether this caller may use it: the same one, for the same purpose and scopes."""
        return self.holder == _holder(caller)

    def to_bytes(self) -> bytes:
        """Return it to be kept."""
        asked, after = self.asked, self.after
        return render(
            {
                "type": asked.type,
                "id": asked.id,
                "since": _text(asked.since),
                "current": None if asked.current is None else [_text(at) for at in asked.current],
                "count": asked.count,
                "after": None if after is None else [_text(after[0]), *after[1:]],
                "holder": self.holder,
            }
        )

    @classmethod
    def of_bytes(cls, kept: bytes) -> Self:
        """Return what `to_bytes` gave."""
        held = parse(kept)
        current, after = held["current"], held["after"]
        asked = Asked(
            held["type"],
            held["id"],
            _moment(held["since"]),
            None if current is None else (_known(current[0]), _known(current[1])),
            held["count"],
        )
        position = None if after is None else (_known(after[0]), after[1], after[2], after[3])
        return cls(asked, position, held["holder"])


def _holder(caller: Caller) -> str:
    who = caller.principal
    parts = (
        who.subject,
        who.role.value,
        who.client_id,
        who.purpose,
        who.patient or "",
        who.organization or "",
        who.region or "",
        str(who.scopes),
        *who.actor,
    )
    return sha256("\x1f".join(parts).encode()).hexdigest()


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _known(text)


def _known(text: str) -> datetime:
    return datetime.fromisoformat(text)
