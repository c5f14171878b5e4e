"""What was asked of whom, and what came back: the input of every profile and summary.

A source that cannot be reached, or that holds back, is a source all the same: partial answers say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

Resource: TypeAlias = Mapping[str, object]
SourceKind: TypeAlias = Literal["hospital", "resident"]


class SourceState(Enum):
    """How a source answered."""

    ANSWERED = "answered"
    NONE = "none"  # asked, and it holds nothing about this person
    WITHHELD = "withheld"  # it may hold something, and consent or law keeps it back
    UNREACHABLE = "unreachable"  # it did not answer in time, or could not be understood


@dataclass(frozen=True)
class SourceRecords:
    """One source's answer about one person.

    Attributes:
        source: Stable name, e.g. `ehr/noto`.
        title_ja: What a reader is shown, in Japanese.
        title_en: The same in English.
        kind: `hospital` for records kept by providers, `resident` for the person's own log.
        state: How it answered.
        as_of: The moment its data describe, or None if nobody knows.
        resources: FHIR R4 resources of this person; empty unless answered.
        unreadable: How many records it holds that could not be read.
        withheld_types: Resource types of which an answering source held something back.
    """

    source: str
    title_ja: str
    title_en: str
    kind: SourceKind
    state: SourceState
    as_of: datetime | None
    resources: tuple[Resource, ...] = ()
    unreadable: int = 0
    withheld_types: frozenset[str] = frozenset()

    def of_type(self, *kinds: str) -> tuple[Resource, ...]:
        """Return its resources of these types, in the order given by the source."""
        return tuple(r for r in self.resources if r.get("resourceType") in kinds)
