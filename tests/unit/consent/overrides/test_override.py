"""The life of an override: each missing piece refuses, each step happens once, nothing is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.consent.overrides.conftest import AT, HOUR

from tasuki.consent.overrides.override import (
    Delay,
    Dispute,
    Ending,
    Override,
    Review,
    SafetyGround,
    Second,
    agreed,
    checked,
    disputed,
    needs_review,
    reviewed,
    seen,
    stopped,
    timed_out,
)
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    Made = Callable[..., Override]

SECOND = timedelta(microseconds=1)
LATER = AT + 2 * HOUR
PUT_OFF = Delay(ground=SafetyGround.HARM_TO_OTHER, text="threats", until=AT + timedelta(days=7))
FOUND = Review(accepted=True, words="needed", by="officer-1", at=LATER)


def refusal(act: Callable[[], Override]) -> tuple[Category, tuple[str, ...]]:
    with pytest.raises(Fault) as refused:
        act()
    return refused.value.category, refused.value.at


@pytest.mark.parametrize(
    ("over", "place"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n　"}, "text"),
        ({"ends_at": AT + HOUR + SECOND}, "minutes"),
        ({"ends_at": AT}, "minutes"),
        ({"ends_at": AT - HOUR}, "minutes"),
        ({"delay": PUT_OFF.model_copy(update={"text": " "})}, "delay.text"),
        (
            {"delay": PUT_OFF.model_copy(update={"until": PUT_OFF.until + SECOND})},
            "delay.hours",
        ),
        ({"delay": PUT_OFF.model_copy(update={"until": AT})}, "delay.hours"),
    ],
)
def test_what_lacks_a_piece_is_not_opened(made_of: Made, over: dict[str, Any], place: str) -> None:
    assert refusal(lambda: checked(made_of(**over))) == (Category.STRUCTURE, (place,))


def test_an_hour_and_a_week_are_within(made_of: Made) -> None:
    whole = made_of(delay=PUT_OFF)
    assert checked(whole) is whole


@given(minutes=st.integers(-120, 120))
def test_it_is_open_from_its_beginning_up_to_its_end(made_of: Made, minutes: int) -> None:
    at = AT + timedelta(minutes=minutes)
    assert made_of().open_at(at) is (0 <= minutes < 60)
    ended = stopped(made_of(), by="doctor-1", at=AT + timedelta(minutes=20))
    assert ended.open_at(at) is False


@pytest.mark.parametrize(
    ("over", "by", "region", "at", "category"),
    [
        ({}, "doctor-1", "noto", AT, Category.FORBIDDEN),  # the first person again
        ({}, "doctor-2", "kaga", AT, Category.FORBIDDEN),
        ({}, "doctor-2", None, AT, Category.FORBIDDEN),
        ({"region": None}, "doctor-2", None, AT, Category.FORBIDDEN),
        ({}, "doctor-2", "noto", AT + HOUR, Category.CONFLICT),  # over
        ({"stopped_at": AT}, "doctor-2", "noto", AT, Category.CONFLICT),
        ({"second": Second(subject="doctor-3", at=AT)}, "doctor-2", "noto", AT, Category.CONFLICT),
    ],
)
def test_no_second_person_is(
    made_of: Made, over: dict[str, Any], by: str, region: str | None, at: Any, category: Category
) -> None:
    one = made_of(**over)
    assert refusal(lambda: agreed(one, by=by, region=region, at=at))[0] is category


def test_a_colleague_of_the_region_agrees(made_of: Made) -> None:
    one = agreed(made_of(), by="doctor-2", region="noto", at=AT)
    assert one.second == Second(subject="doctor-2", at=AT)
    assert one.version == 2


def test_only_who_opened_it_ends_it_and_once(made_of: Made) -> None:
    assert refusal(lambda: stopped(made_of(), by="doctor-2", at=AT))[0] is Category.FORBIDDEN
    ended = stopped(made_of(), by="doctor-1", at=AT + SECOND)
    assert (ended.stopped_at, ended.ending) == (AT + SECOND, Ending.STOPPED)
    assert stopped(ended, by="doctor-1", at=AT + HOUR / 2) is ended
    over = made_of()
    assert stopped(over, by="doctor-1", at=AT + HOUR) is over


def test_time_ends_it_at_its_end_and_not_before(made_of: Made) -> None:
    one = made_of()
    assert timed_out(one, at=AT + HOUR - SECOND) is one
    ended = timed_out(one, at=LATER)
    assert (ended.stopped_at, ended.ending) == (AT + HOUR, Ending.TIME)
    assert timed_out(ended, at=LATER) is ended


def test_it_is_read_once_and_disputed_once(made_of: Made) -> None:
    read = seen(made_of(), at=LATER)
    assert read.seen_at == LATER
    assert seen(read, at=LATER + HOUR) is read
    wrong = disputed(read, text=" I was awake. ", at=LATER + HOUR)
    assert wrong.dispute == Dispute(text="I was awake.", at=LATER + HOUR)
    assert wrong.seen_at == LATER
    assert refusal(lambda: disputed(wrong, text="again", at=LATER))[0] is Category.CONFLICT
    assert refusal(lambda: disputed(read, text=" ", at=LATER))[0] is Category.STRUCTURE
    assert disputed(made_of(), text="x", at=LATER).seen_at == LATER


@pytest.mark.parametrize(
    ("over", "by", "words", "at", "category"),
    [
        ({}, "officer-1", " ", LATER, Category.STRUCTURE),
        ({}, "doctor-1", "fine", LATER, Category.FORBIDDEN),
        ({"second": Second(subject="doctor-2", at=AT)}, "doctor-2", "x", LATER, Category.FORBIDDEN),
        ({}, "officer-1", "fine", AT, Category.CONFLICT),  # still open
        ({"review": FOUND}, "officer-1", "again", LATER + HOUR, Category.CONFLICT),
        (
            {"review": FOUND, "dispute": Dispute(text="x", at=AT + HOUR)},
            "officer-1",
            "again",
            LATER + HOUR,
            Category.CONFLICT,
        ),
    ],
)
def test_no_review_is(
    made_of: Made, over: dict[str, Any], by: str, words: str, at: Any, category: Category
) -> None:
    one = made_of(**over)
    assert refusal(lambda: reviewed(one, accepted=True, words=words, by=by, at=at))[0] is category


def test_a_dispute_opens_a_review_again(made_of: Made) -> None:
    one = reviewed(made_of(), accepted=True, words="needed", by="officer-1", at=LATER)
    assert not needs_review(one)
    wrong = disputed(one, text="It was not me.", at=LATER + HOUR)
    assert needs_review(wrong)
    assert wrong.due_at == LATER + HOUR + timedelta(hours=72)
    again = reviewed(wrong, accepted=False, words="right", by="officer-2", at=LATER + 2 * HOUR)
    assert not needs_review(again)
    assert again.version == 4


def test_a_review_is_due_in_72_hours_and_overdue_then(made_of: Made) -> None:
    one = made_of()
    assert one.due_at == AT + timedelta(hours=72)
    assert not one.overdue_at(one.due_at - SECOND)
    assert one.overdue_at(one.due_at)
    assert not made_of(review=FOUND).overdue_at(one.due_at)


def test_a_delay_ends_by_itself(made_of: Made) -> None:
    one = made_of(delay=PUT_OFF)
    assert one.hidden_at(PUT_OFF.until - SECOND)
    assert not one.hidden_at(PUT_OFF.until)
    assert not made_of().hidden_at(AT)


@given(
    review=st.none() | st.just(FOUND),
    delay=st.none() | st.just(PUT_OFF),
    second=st.none() | st.just(Second(subject="doctor-2", at=AT)),
)
def test_what_is_stored_is_read_back(
    made_of: Made, review: Review | None, delay: Delay | None, second: Second | None
) -> None:
    one = made_of(review=review, delay=delay, second=second)
    assert Override.model_validate_json(one.model_dump_json(exclude_none=True)) == one
