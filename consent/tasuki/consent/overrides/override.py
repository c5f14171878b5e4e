"""One emergency override: one clinician, one person, a reason, an hour at most; then told and reviewed.

Pure. Each step returns the next version, or refuses; nothing is ever taken back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tasuki.consent.decision.request import BREAK_GLASS_LIMIT, BreakGlassReason
from tasuki.shared.faults import Category, Fault

REVIEW_WITHIN = timedelta(hours=72)
LONGEST_DELAY = timedelta(days=7)  # of telling the person; it ends by itself
CODE_LENGTH = 8  # letters of the id that one colleague reads out to another
MOST_TEXT = 1_000  # characters of what a person writes here


class SafetyGround(StrEnum):
    """Why telling the person at once could hurt somebody; the list is reviewed and append-only."""

    HARM_TO_PERSON = "harm-to-person"  # to the person's own life or body
    HARM_TO_OTHER = "harm-to-other"
    ACCOUNT_NOT_SAFE = "account-not-safe"  # somebody who may hurt them reads their account


class Ending(StrEnum):
    """What ended an override."""

    STOPPED = "stopped"  # by who opened it
    TIME = "time"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Delay(_Part):
    """Why, and until when (exclusive), the person is not told."""

    ground: SafetyGround
    text: str = Field(min_length=1, max_length=MOST_TEXT)
    until: AwareDatetime


class Second(_Part):
    """A colleague who agreed that restricted records are opened, with their own sign-in."""

    subject: str
    at: AwareDatetime


class Dispute(_Part):
    """The person's objection."""

    text: str = Field(min_length=1, max_length=MOST_TEXT)
    at: AwareDatetime


class Review(_Part):
    """What a privacy officer found; the person reads the words too."""

    accepted: bool
    words: str = Field(min_length=1, max_length=MOST_TEXT)
    by: str
    at: AwareDatetime


class Override(_Part):
    """One override in one version.

    Attributes:
        person: The person's id in the consent service.
        holder: Region in whose records the person was chosen, and `patient`, their id there.
        subject: Account of the clinician; `display`, their name for the person's eyes.
        region: Where the clinician works.
        ends_at: Exclusive end, an hour after `opened_at` at most.
        stopped_at: When it really ended, once it has; `ending` says by what.
        seen_at: When the person confirmed having read of it.
    """

    id: str
    version: int = Field(ge=1)
    person: str
    holder: str
    patient: str
    subject: str
    display: str = ""
    organization: str | None = None
    region: str | None = None
    reason: BreakGlassReason
    text: str
    opened_at: AwareDatetime
    ends_at: AwareDatetime
    second: Second | None = None
    stopped_at: AwareDatetime | None = None
    ending: Ending | None = None
    delay: Delay | None = None
    seen_at: AwareDatetime | None = None
    dispute: Dispute | None = None
    review: Review | None = None

    @property
    def code(self) -> str:
        """What one colleague reads out to another."""
        return self.id[:CODE_LENGTH].upper()

    @property
    def due_at(self) -> datetime:
        """Until when it shall be reviewed; anew where the person objected to a review."""
        review, dispute = self.review, self.dispute
        if review is not None and dispute is not None and dispute.at > review.at:
            return dispute.at + REVIEW_WITHIN
        return self.opened_at + REVIEW_WITHIN

    def open_at(self, at: datetime) -> bool:
        """Return whether it opens anything at a moment."""
        return self.stopped_at is None and self.opened_at <= at < self.ends_at

    def hidden_at(self, at: datetime) -> bool:
        """Return whether the person is not to know of it yet."""
        return self.delay is not None and at < self.delay.until

    def overdue_at(self, at: datetime) -> bool:
        """Return whether its review is late."""
        return needs_review(self) and at >= self.due_at


def checked(draft: Override) -> Override:
    """Return an override that may be opened.

    Raises:
        Fault: STRUCTURE where a piece is missing or too much is asked for.
    """
    if not draft.text.strip():
        raise _wrong("text", "Write down why the override is needed.")
    if not timedelta() < draft.ends_at - draft.opened_at <= BREAK_GLASS_LIMIT:
        raise _wrong("minutes", "An override lasts 60 minutes at most.")
    delay = draft.delay
    if delay is not None and not delay.text.strip():
        raise _wrong("delay.text", "Write down why the person cannot be told at once.")
    if delay is not None and not timedelta() < delay.until - draft.opened_at <= LONGEST_DELAY:
        raise _wrong("delay.hours", "Telling the person is put off for 7 days at most.")
    return draft


def agreed(override: Override, *, by: str, region: str | None, at: datetime) -> Override:
    """Return the override with a second person, who lets it open restricted records.

    Raises:
        Fault: FORBIDDEN for who opened it and for somebody of another region; CONFLICT where it is
            over or somebody has agreed already.
    """
    if by == override.subject:
        raise Fault(Category.FORBIDDEN, "A second person is needed: not who opened the override.")
    if region is None or region != override.region:
        raise Fault(Category.FORBIDDEN, "A colleague of the same region is needed.")
    if not override.open_at(at):
        raise Fault(Category.CONFLICT, "The override is over.")
    if override.second is not None:
        raise Fault(Category.CONFLICT, "A second person has agreed already.")
    return _next(override, second=Second(subject=by, at=at))


def stopped(override: Override, *, by: str, at: datetime) -> Override:
    """Return the override ended by who opened it; one that is over stays as it is.

    Raises:
        Fault: FORBIDDEN for anybody else.
    """
    if by != override.subject:
        raise Fault(Category.FORBIDDEN, "Only who opened an override ends it.")
    if override.stopped_at is not None or at >= override.ends_at:
        return override
    return _next(override, stopped_at=at, ending=Ending.STOPPED)


def timed_out(override: Override, *, at: datetime) -> Override:
    """Return the override ended by time, where its time is up."""
    if override.stopped_at is not None or at < override.ends_at:
        return override
    return _next(override, stopped_at=override.ends_at, ending=Ending.TIME)


def seen(override: Override, *, at: datetime) -> Override:
    """Return the override as read by the person; the first time counts."""
    return override if override.seen_at is not None else _next(override, seen_at=at)


def disputed(override: Override, *, text: str, at: datetime) -> Override:
    """Return the override with the person's objection; a decided review is open again.

    Raises:
        Fault: STRUCTURE without words; CONFLICT where it is disputed already.
    """
    if not text.strip():
        raise _wrong("text", "Write down what was wrong.")
    if override.dispute is not None:
        raise Fault(Category.CONFLICT, "This override has been disputed already.")
    return _next(
        override, dispute=Dispute(text=text.strip(), at=at), seen_at=override.seen_at or at
    )


def reviewed(override: Override, *, accepted: bool, words: str, by: str, at: datetime) -> Override:
    """Return the override with what the privacy officer found.

    A dispute that came after a review may be answered by another; otherwise one review stands.

    Raises:
        Fault: STRUCTURE without words; FORBIDDEN for who took part in it; CONFLICT while it is
            open, and where it is decided.
    """
    if not words.strip():
        raise _wrong("words", "Write down what you found.")
    if by in {override.subject, override.second.subject if override.second else ""}:
        raise Fault(Category.FORBIDDEN, "Nobody reviews an override they took part in.")
    if override.open_at(at):
        raise Fault(Category.CONFLICT, "The override is still open.")
    if not needs_review(override):
        raise Fault(Category.CONFLICT, "This override has been reviewed already.")
    return _next(override, review=Review(accepted=accepted, words=words.strip(), by=by, at=at))


def needs_review(override: Override) -> bool:
    """Return whether nobody has decided, or the person objected after it was decided."""
    review, dispute = override.review, override.dispute
    return review is None or (dispute is not None and dispute.at > review.at)


def _next(override: Override, **changed: object) -> Override:
    return override.model_copy(update={**changed, "version": override.version + 1})


def _wrong(place: str, why: str) -> Fault:
    return Fault(Category.STRUCTURE, why, at=(place,))
