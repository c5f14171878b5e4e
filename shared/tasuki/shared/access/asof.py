"""What is asked about the past of the records, and what is told before any body is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Slice:
    """One type as it was at a moment.

    Attributes:
        after: Ids greater than this one only; empty for all.
        until: The moment; what is dated later does not count.
        since: Only what was written (or deleted) after this; None for all that is live.
        owners: Only these people's; None for everybody's.
        people_only: Without what is about nobody.
    """

    type: str
    after: str
    until: datetime
    since: datetime | None = None
    owners: tuple[str, ...] | None = None
    people_only: bool = False


@dataclass(frozen=True, slots=True)
class Sketch:
    """A version that was current then, without its content.

    Attributes:
        size: Bytes of the sealed body; None where the version is a deletion.
    """

    id: str
    owner: str
    version: int
    size: int | None
