"""What a service needs of consent: its snapshot, how fresh it must be, and the feed that fills it.

rules = await snapshot.consents(person)         # in the transaction of the disclosure
freshness(await snapshot.age(), purpose)        # REFUSE: fail closed
decide(AccessRequest(...))                      # tasuki.consent.decision
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from tasuki.consent.declaration_json import read_declaration, write_declaration
from tasuki.consent.declarations import Declaration
from tasuki.consent.feed import (
    ConsentFeedEntry,
    FeedPage,
    FeedPosition,
    FeedSink,
    apply_feed,
    read_page,
    reduce_feed,
    write_page,
)
from tasuki.consent.provisions import read_held_consent
from tasuki.consent.rules import ConsentRule, HeldConsent, UnreadableConsent
from tasuki.consent.vocabulary import Purpose

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ConsentFeedEntry",
    "ConsentRule",
    "ConsentSnapshot",
    "Declaration",
    "FeedPage",
    "FeedPosition",
    "FeedSink",
    "Freshness",
    "HeldConsent",
    "UnreadableConsent",
    "apply_feed",
    "freshness",
    "read_declaration",
    "read_held_consent",
    "read_page",
    "reduce_feed",
    "write_declaration",
    "write_page",
]

EVERYDAY_LIMIT = timedelta(seconds=60)  # a withdrawal must bind within a minute
CLOCK_SLACK = timedelta(seconds=5)  # two machines' clocks; more than that is a fault, not youth
_EMERGENCY = frozenset({Purpose.DISASTER, Purpose.BTG})


class ConsentSnapshot(Protocol):
    """A service's own copy of the Consents and declarations it must obey."""

    async def consents(self, person: str) -> Sequence[HeldConsent]:
        """Return all Consents held under a person handle, of any status."""
        ...

    async def declarations(self) -> Sequence[Declaration]:
        """Return all versions of all declarations known."""
        ...

    async def age(self) -> timedelta | None:
        """Return how long ago the feed was last read to its end; None when it never was."""
        ...


class Freshness(Enum):
    """Whether a snapshot of some age may be decided on."""

    FRESH = "fresh"
    SHOW_AGE = "show-age"  # decide, and tell the reader how old it is
    REFUSE = "refuse"  # fail closed


def freshness(age: timedelta | None, purpose: Purpose | None) -> Freshness:
    """Return whether a snapshot of this age may be decided on for this purpose.

    Everyday access fails closed after 60 seconds; in an emergency the age is shown instead. A
    snapshot that was never complete serves nobody: it may not know of a refusal.
    """
    if purpose is None or age is None:
        return Freshness.REFUSE
    if -CLOCK_SLACK <= age <= EVERYDAY_LIMIT:
        return Freshness.FRESH
    return Freshness.SHOW_AGE if purpose in _EMERGENCY else Freshness.REFUSE
