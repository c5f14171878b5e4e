"""https://hl7.org/fhir/R4/search.html#date"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.fhir.dates import COMPARISONS, EARLIEST, LATEST, Interval, interval, interval_of


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2025-12-31T15:00", "2026-12-31T15:00"),
        ("2026-02", "2026-01-31T15:00", "2026-02-28T15:00"),
        ("2026-12", "2026-11-30T15:00", "2026-12-31T15:00"),
        ("2026-01-05", "2026-01-04T15:00", "2026-01-05T15:00"),
        ("2026-01-05T09:00", "2026-01-05T00:00", "2026-01-05T00:01"),
        ("2026-01-05T09:00:00", "2026-01-05T00:00", "2026-01-05T00:00:01"),
        ("2026-01-05T09:00:00Z", "2026-01-05T09:00", "2026-01-05T09:00:01"),
        ("2026-01-05T09:00:00-05:00", "2026-01-05T14:00", "2026-01-05T14:00:01"),
        ("2026-01-05T09:00:00.5Z", "2026-01-05T09:00:00.500", "2026-01-05T09:00:00.600"),
        (
            "2026-01-05T09:00:00.123456789Z",
            "2026-01-05T09:00:00.123456",
            "2026-01-05T09:00:00.123457",
        ),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59", "2017-01-01T00:00"),
        ("2016-12-31T23:59:60.25Z", "2016-12-31T23:59:59.25", "2016-12-31T23:59:59.26"),
        ("2026-01-05T00:00", "2026-01-04T15:00", "2026-01-04T15:01"),  # midnight in Japan
        ("2024-02-29", "2024-02-28T15:00", "2024-02-29T15:00"),
    ],
)
def test_a_date_covers_what_it_leaves_open(text: str, start: str, end: str) -> None:
    assert interval(text) == Interval(_at(start), _at(end))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "26",
        "2026-13",
        "2026-02-30",
        "0000",
        "2026-01-05T25:00",
        "昨日",
        5,
        None,
        "2026-01-05T09:00:00+99:99",
        "2026-01-05T09:00:00+09:60",
        "2026-01-05T24:00",
        "2026-01-05T09",
        "2026-01T09:00",
        "2026-01-05 09:00",
        "2026-01-05Z",
        "20260105",
        "2026-W01",
        "２０２６",  # noqa: RUF001 - full-width digits
    ],
)
def test_what_is_no_date_has_no_interval(value: Any) -> None:
    assert interval(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"start": "2026-01-01", "end": "2026-01-02"}, ("2025-12-31T15:00", "2026-01-02T15:00")),
        ({"start": "2026-01-01"}, ("2025-12-31T15:00", None)),
        ({"end": "2026-01-02"}, (None, "2026-01-02T15:00")),
        ({"event": ["2026-01-03", "2026-01-01"]}, ("2025-12-31T15:00", "2026-01-03T15:00")),
        ({"repeat": {"boundsPeriod": {"start": "2026-01-01"}}}, ("2025-12-31T15:00", None)),
        (
            {
                "event": ["2025-12-30"],
                "repeat": {"boundsPeriod": {"start": "2026-01-01", "end": "2026-01-02"}},
            },
            ("2025-12-29T15:00", "2026-01-02T15:00"),
        ),
        (
            {"event": ["2026-01-03"], "repeat": {"boundsDuration": {"value": 3}}},
            ("2026-01-02T15:00", "2026-01-03T15:00"),
        ),
    ],
)
def test_periods_and_timings(value: Any, expected: tuple[str | None, str | None]) -> None:
    start, end = expected
    assert interval_of(value) == Interval(
        EARLIEST if start is None else _at(start), LATEST if end is None else _at(end)
    )


@pytest.mark.parametrize("value", [{}, {"start": "?"}, {"event": []}, {"repeat": 1}, [], 5, None])
def test_no_time_is_no_interval(value: Any) -> None:
    assert interval_of(value) is None


DAY, MONTH, NEXT = "2026-01-15", "2026-01", "2026-02-01"


@pytest.mark.parametrize(
    ("held", "prefix", "asked", "expected"),
    [
        (DAY, "eq", MONTH, True),
        (MONTH, "eq", DAY, False),
        (MONTH, "ne", DAY, True),
        (DAY, "ne", MONTH, False),
        (MONTH, "gt", DAY, True),
        (DAY, "gt", MONTH, False),
        (MONTH, "lt", DAY, True),
        (DAY, "ge", DAY, True),
        (DAY, "ge", NEXT, False),
        (DAY, "le", DAY, True),
        (NEXT, "le", DAY, False),
        (NEXT, "sa", DAY, True),
        (MONTH, "sa", DAY, False),
        (DAY, "eb", NEXT, True),
        (MONTH, "eb", DAY, False),
        ("2026-01-16", "ap", DAY, True),
        ("2026-01-17", "ap", DAY, False),
    ],
)
def test_prefixes(held: str, prefix: str, asked: str, *, expected: bool) -> None:
    here, there = interval(held), interval(asked)
    assert here is not None
    assert there is not None
    assert COMPARISONS[prefix](here, there) is expected


_dates = st.dates().map(lambda day: day.isoformat()) | st.integers(1, 9999).map(lambda y: f"{y:04}")


@given(_dates, _dates)
def test_comparisons_agree_with_each_other(held: str, asked: str) -> None:
    here, there = interval(held), interval(asked)
    assert here is not None
    assert there is not None
    assert here.start < here.end
    answers = {prefix: compare(here, there) for prefix, compare in COMPARISONS.items()}
    assert answers["eq"] is not answers["ne"]
    assert answers["ge"] is (answers["gt"] or answers["eq"])
    assert answers["le"] is (answers["lt"] or answers["eq"])
    assert not (answers["sa"] and answers["eb"])
    assert answers["ap"] or not answers["eq"]
