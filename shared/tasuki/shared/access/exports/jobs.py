"""A bulk export under way: what was ordered, by whom, how far it is. Kept sealed, with an end.

It is bound to who ordered it; how far it is stands in the same transaction as the file that was
made last, so that any process can go on where another one died.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeAlias

import orjson

from tasuki.shared.access.asof import Slice

SHELF = "export"
RUN = timedelta(hours=2)  # longer than this no export is produced
LIFE = timedelta(hours=1)  # how long its files can be fetched
LEASE = timedelta(seconds=60)  # without news for so long, its process counts as dead
ATTEMPTS = 3  # processes that may die of one export
AT_ONCE = 4  # exports of one tenant under way


class State(Enum):
    """How far an export is."""

    WAITING = "waiting"  # for what was being written when it was ordered
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


Filed: TypeAlias = tuple[str, str]
"""What a file holds: `output`, `deleted` or `error`, and the resource type."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported.

    Attributes:
        request: The URL it was ordered with.
        types: Resource types; None for all the token has scopes for.
        since: Only what changed after this.
        patients: Only these people's records; None for everybody's.
        group: Only the records of the members of this Group; None for no such limit.
        people_only: Without what is about nobody.
    """

    request: str
    types: tuple[str, ...] | None
    since: datetime | None
    patients: tuple[str, ...] | None
    people_only: bool
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """An export.

    Attributes:
        bound: Whose it is, as `bound_to` tells.
        until: The moment whose state is exported.
        ends: Nothing of it can be fetched from then on.
        beat: When it was last heard of.
        attempt: Grows with every process that takes it up; only the latest goes on.
        place: Which of the types is being read.
        after: The last id of that type that has been read.
        failure: Why it failed, in plain words.
        search: The search to be answered, as its route tells it; None for an export.
    """

    id: str
    bound: tuple[str, ...]
    request: str
    types: tuple[str, ...]
    since: datetime | None
    owners: tuple[str, ...] | None
    people_only: bool
    until: datetime
    ends: datetime
    beat: datetime
    state: State = State.WAITING
    attempt: int = 0
    place: int = 0
    after: str = ""
    files: tuple[Filed, ...] = ()
    failure: str = ""
    search: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will be produced."""
        return self.state in (State.DONE, State.FAILED)

    def abandoned(self, now: datetime) -> bool:
        """Return whether it should go on and nobody is at it."""
        return not self.over and (self.attempt == 0 or now - self.beat > LEASE)

    def next_slice(self) -> Slice:
        """Return what is to be read next."""
        return Slice(
            self.types[self.place],
            self.after,
            self.until,
            since=self.since,
            owners=self.owners,
            people_only=self.people_only,
        )

    def advanced(self, after: str | None, files: tuple[Filed, ...], now: datetime) -> Job:
        """Return the job one file further; `after` is None at the end of a type."""
        place = self.place if after is not None else self.place + 1
        done = place == len(self.types)
        return replace(
            self,
            place=place,
            after=after or "",
            files=(*self.files, *files),
            beat=now,
            state=State.DONE if done else State.RUNNING,
            ends=now + LIFE if done else self.ends,
        )

    def found(self, files: tuple[Filed, ...], now: datetime) -> Job:
        """Return the job of a search with all its files."""
        return replace(self, files=files, beat=now, state=State.DONE, ends=now + LIFE)

    def file_name(self, number: int) -> str:
        """Return the name a file is kept under; `number` counts from 1."""
        return f"{self.id}/{number}"

    def to_bytes(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_bytes(cls, body: bytes) -> Job:
        """Return what `to_bytes` wrote."""
        held: dict[str, Any] = orjson.loads(body)
        for name in ("until", "ends", "beat", "since"):
            held[name] = held[name] and datetime.fromisoformat(held[name])
        for name in ("bound", "types", "owners"):
            held[name] = None if held[name] is None else tuple(held[name])
        held["files"] = tuple((kind, type_) for kind, type_ in held["files"])
        held["state"] = State(held["state"])
        return cls(**held)
