"""What a history was asked for, and where its next page begins, as they are laid aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.access.records import Position


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
    """A next page: of what, after which version."""

    asked: Asked
    after: Position | None

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        asked, after = self.asked, self.after
        return {
            "type": asked.type,
            "id": asked.id,
            "since": _text(asked.since),
            "current": None if asked.current is None else [_text(at) for at in asked.current],
            "count": asked.count,
            "after": None if after is None else [_text(after[0]), *after[1:]],
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return what `told` gave."""
        current, after = told["current"], told["after"]
        asked = Asked(
            told["type"],
            told["id"],
            _moment(told["since"]),
            None if current is None else (_known(current[0]), _known(current[1])),
            told["count"],
        )
        position = None if after is None else (_known(after[0]), after[1], after[2], after[3])
        return cls(asked, position)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _known(text)


def _known(text: str) -> datetime:
    return datetime.fromisoformat(text)
