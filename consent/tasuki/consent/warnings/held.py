"""A proposal as it is held: what the documents on one event have said so far, and what became of it.

Documents come twice, late and out of order. Each counts once, and of each sort the newest is held:
the newest that proposes, that cancels, that warns of nothing as grave any more. What holds now
follows from these three, in whatever order they came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.consent.warnings.verdict import Verdict, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tasuki.consent.warnings.bulletin import Bulletin, Hazard, Place
    from tasuki.consent.warnings.verdict import Judged

MAX_DOCUMENTS = 500  # of one event; a typhoon's has some dozens
ANEW_AFTER = timedelta(days=1)  # what was decided is asked again when it is still said after this

Rank = tuple[int, int, str]


class State(StrEnum):
    """What became of a proposal."""

    OPEN = "open"  # waits for an officer
    WITHDRAWN = "withdrawn"  # by its sender, before anybody decided
    DISMISSED = "dismissed"
    USED = "used"  # a declaration was opened from it


@dataclass(frozen=True, slots=True)
class Word:
    """What one document said, as an officer reads it.

    Attributes:
        rank: Of two documents of one event the newer one's is higher.
        hazards: What of it is grave.
    """

    rank: Rank
    title: str
    headline: str
    publisher: str
    sent: datetime
    hazards: tuple[Hazard, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What an officer made of a proposal: `DISMISSED` or `USED`.

    Attributes:
        words: Why it was dismissed.
        declaration: What was opened from it.
    """

    state: State
    by: str
    at: datetime
    words: str = ""
    declaration: str = ""


@dataclass(frozen=True, slots=True)
class HeldProposal:
    """One proposal; nothing about persons is in it.

    Attributes:
        id: Of the event.
        source: `jma`, `lalert` or `cap`.
        heard_at: When anything was last heard of it.
        documents: What has been heard, so that nothing counts twice.
        proposed: The newest document that proposes.
        cancelled: The newest that cancels; the one it cancels may come after it.
        lowered: The newest that warns of nothing as grave.
    """

    id: str
    source: str
    heard_at: datetime
    documents: tuple[str, ...] = ()
    proposed: Word | None = None
    cancelled: Word | None = None
    lowered: Word | None = None
    decision: Decision | None = None

    @property
    def state(self) -> State:
        """What holds now."""
        if self.decision is not None:
            return self.decision.state
        return State.WITHDRAWN if self.is_cancelled or self.proposed is None else State.OPEN

    @property
    def is_cancelled(self) -> bool:
        """Whether the newest word is that it was cancelled; a decision does not change that."""
        return _is_newer(self.cancelled, self.proposed)

    @property
    def is_lowered(self) -> bool:
        """Whether a newer document warns of nothing as grave: told, and no withdrawal."""
        return _is_newer(self.lowered, self.proposed) and not self.is_cancelled

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place of what is proposed, once."""
        hazards = () if self.proposed is None else self.proposed.hazards
        return tuple(dict.fromkeys(place for hazard in hazards for place in hazard.places))

    @property
    def areas(self) -> tuple[str, ...]:
        """6-digit codes of the municipalities among them, in order."""
        return tuple(sorted({place.code for place in self.places if place.code}))


def heard(
    held: HeldProposal | None, bulletin: Bulletin, verdict: Judged, now: datetime
) -> HeldProposal | None:
    """Return the proposal after one document more; None where there is none.

    A cancellation or a lifting of what was never heard of is held too: what it speaks of may come
    later. A drill, a test and a sender in doubt are not heard at all.
    """
    slot = _SLOTS.get(verdict.why)
    if slot is None or (held is None and verdict.why is Why.NOT_GRAVE):
        return held
    held = held or HeldProposal(bulletin.event, bulletin.source.value, now)
    if bulletin.document in held.documents:
        return held
    documents = (*held.documents, bulletin.document)[-MAX_DOCUMENTS:]
    word = _word(bulletin, verdict)
    if not _is_newer(word, getattr(held, slot)):
        return replace(held, documents=documents)
    asks_again = verdict.verdict is Verdict.PROPOSES and _is_news(held, word, now)
    held = replace(
        held,
        documents=documents,
        heard_at=now,
        decision=None if asks_again else held.decision,
    )
    return _SET[slot](held, word)


_SET: Mapping[str, Callable[[HeldProposal, Word], HeldProposal]] = MappingProxyType(
    {
        "proposed": lambda held, word: replace(held, proposed=word),
        "cancelled": lambda held, word: replace(held, cancelled=word),
        "lowered": lambda held, word: replace(held, lowered=word),
    }
)
_SLOTS = {
    Why.GRAVE: "proposed",
    Why.CANCELLED: "cancelled",
    Why.LIFTED: "lowered",
    Why.NOT_GRAVE: "lowered",
}


def _is_news(held: HeldProposal, word: Word, now: datetime) -> bool:
    """Tell whether an officer who has decided should be asked again: another kind, another place."""
    if held.proposed is None or held.decision is None or held.is_cancelled:
        return True
    known = {(hazard.kind, place) for hazard in held.proposed.hazards for place in hazard.places}
    said = {(hazard.kind, place) for hazard in word.hazards for place in hazard.places}
    return now - held.decision.at > ANEW_AFTER or not said <= known


def _is_newer(one: Word | None, other: Word | None) -> bool:
    return one is not None and (other is None or one.rank > other.rank)


def _word(bulletin: Bulletin, verdict: Judged) -> Word:
    # The document's name last, so that of two at one moment it is always the same one that counts.
    return Word(
        rank=(*bulletin.order, bulletin.document),
        title=bulletin.title,
        headline=bulletin.headline,
        publisher=bulletin.publisher,
        sent=bulletin.sent,
        hazards=verdict.grave,
    )
