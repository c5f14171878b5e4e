"""The figures of emergency overrides: how many, where, why, with what outcome, how soon reviewed.

Pure. They name no person; a small number may still point to one, so the page is for the privacy
officer alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

from tasuki.consent.overrides.override import needs_review

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tasuki.consent.overrides.override import Override


class Result(StrEnum):
    """Where an override stands in its review."""

    OPEN = "open"  # it opens records now
    PENDING = "pending"
    OVERDUE = "overdue"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not-accepted"


def result_of(override: Override, now: datetime) -> Result:
    """Return where an override stands at a moment."""
    if override.open_at(now):
        return Result.OPEN
    if needs_review(override):
        return Result.OVERDUE if override.overdue_at(now) else Result.PENDING
    accepted = override.review is not None and override.review.accepted
    return Result.ACCEPTED if accepted else Result.NOT_ACCEPTED


@dataclass(frozen=True, slots=True)
class Figures:
    """What a stretch of time came to.

    Attributes:
        regions: By the region the clinician works in; "" where it is not known.
        to_review: Median time from opening to review; None where nothing was reviewed.
        late: Reviews that came after 72 hours, or have not come.
        restricted: With a second person.
        delayed: Of which the person was told later.
    """

    count: int
    regions: Mapping[str, int]
    reasons: Mapping[str, int]
    results: Mapping[str, int]
    to_review: timedelta | None
    late: int
    disputed: int
    restricted: int
    delayed: int


def figures_of(overrides: Iterable[Override], now: datetime) -> Figures:
    """Return the figures of these overrides."""
    found = list(overrides)
    times = [
        (one.review.at - one.opened_at).total_seconds() for one in found if one.review is not None
    ]
    late = [
        one
        for one in found
        if one.overdue_at(now) or (one.review is not None and one.review.at >= one.due_at)
    ]
    return Figures(
        count=len(found),
        regions=Counter(one.region or "" for one in found),
        reasons=Counter(one.reason.value for one in found),
        results=Counter(result_of(one, now).value for one in found),
        to_review=timedelta(seconds=median(times)) if times else None,
        late=len(late),
        disputed=sum(one.dispute is not None for one in found),
        restricted=sum(one.second is not None for one in found),
        delayed=sum(one.delay is not None for one in found),
    )


def queue_of(overrides: Iterable[Override], now: datetime) -> list[Override]:
    """Return what waits for a review, oldest first; what is still open is not ready."""
    waiting = [one for one in overrides if needs_review(one) and not one.open_at(now)]
    return sorted(waiting, key=lambda one: one.due_at)


def decided_of(overrides: Iterable[Override]) -> list[Override]:
    """Return what has been reviewed, newest review first."""
    done = [(one.review.at, one) for one in overrides if one.review and not needs_review(one)]
    return [one for _, one in sorted(done, key=lambda pair: pair[0], reverse=True)]
