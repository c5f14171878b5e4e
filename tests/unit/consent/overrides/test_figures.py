"""The queue is oldest first, and the figures count what there is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.unit.consent.overrides.conftest import AT, HOUR

from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.overrides.figures import decided_of, figures_of, queue_of
from tasuki.consent.overrides.override import (
    Delay,
    Dispute,
    Override,
    Review,
    SafetyGround,
    Second,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

NOW = AT + timedelta(days=5)


def found(*, accepted: bool, at: datetime) -> Review:
    return Review(accepted=accepted, words="x", by="officer-1", at=at)


def some(made_of: Callable[..., Override]) -> list[Override]:
    def one(name: str, days: float, **over: object) -> Override:
        opened = NOW - timedelta(days=days)
        return made_of(id=name, opened_at=opened, ends_at=opened + HOUR, **over)

    quick = found(accepted=True, at=NOW - timedelta(days=4, hours=-2))
    slow = found(accepted=False, at=NOW)
    return [
        one("open", 0.01),
        one("young", 1, second=Second(subject="doctor-2", at=AT)),
        one("late", 4, region="kaga", reason=BreakGlassReason.FAMILY),
        one("later", 3.5, region=None, dispute=Dispute(text="no", at=NOW - HOUR)),
        one("quick", 4, review=quick),
        one(
            "slow",
            4,
            review=slow,
            delay=Delay(ground=SafetyGround.HARM_TO_OTHER, text="x", until=NOW),
        ),
        one(
            "again",
            4,
            review=quick,
            dispute=Dispute(text="no", at=NOW - HOUR),
        ),
    ]


def test_the_queue_is_by_when_it_is_due_and_without_what_is_open(
    made_of: Callable[..., Override],
) -> None:
    queue = queue_of(some(made_of), NOW)
    assert [one.id for one in queue] == ["late", "later", "young", "again"]
    assert [one.id for one in queue if one.overdue_at(NOW)] == ["late", "later"]
    assert [one.id for one in decided_of(some(made_of))] == ["slow", "quick"]


def test_the_figures(made_of: Callable[..., Override]) -> None:
    figures = figures_of(some(made_of), NOW)
    assert figures.count == 7
    assert figures.regions == {"noto": 5, "kaga": 1, "": 1}
    assert figures.reasons == {"life": 6, "family": 1}
    assert figures.results == {
        "open": 1,
        "pending": 2,
        "overdue": 2,
        "accepted": 1,
        "not-accepted": 1,
    }
    # Reviewed after 2, 2 and 96 hours.
    assert figures.to_review == timedelta(hours=2)
    assert figures.late == 3  # two that wait too long, one that came too late
    assert (figures.disputed, figures.restricted, figures.delayed) == (2, 1, 1)


def test_of_nothing_there_is_no_median() -> None:
    figures = figures_of([], NOW)
    assert (figures.count, figures.to_review, figures.late) == (0, None, 0)
