"""Dates move by whole days; birth dates, numbers and everything else stay."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.deploy.sample.shifting import moved_date, shifted
from tasuki.shared.fhir.json import parse_resource, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasuki.deploy.sample.sample import Sample

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("text", "days", "moved"),
    [
        ("2026-03-31", 1, "2026-04-01"),
        ("2024-02-28", 1, "2024-02-29"),
        ("2026-01-01", -1, "2025-12-31"),
        ("2026-03-31T23:59:60.120+09:00", 2, "2026-04-02T23:59:60.120+09:00"),
        ("2026-03-31T00:00:00Z", 365, "2027-03-31T00:00:00Z"),
        ("2026-03", 31, "2026-04"),
        ("2026", 364, "2026"),
        ("2026", 365, "2027"),
        ("not a date", 5, "not a date"),
        ("2026-03-31", 0, "2026-03-31"),
    ],
)
def test_moved_date(text: str, days: int, moved: str) -> None:
    assert moved_date(text, timedelta(days=days)) == moved


@given(
    st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    st.integers(-10_000, 10_000),
)
def test_intervals_stay(start: date, end: date, days: int) -> None:
    resource = {"period": {"start": start.isoformat(), "end": end.isoformat()}}
    moved = shifted(resource, days)["period"]
    assert date.fromisoformat(moved["end"]) - date.fromisoformat(moved["start"]) == end - start
    assert shifted(shifted(resource, days), -days) == resource


def test_birth_dates_identifiers_and_lexemes_stay() -> None:
    line = (
        b'{"resourceType":"Patient","birthDate":"1938-04-05","identifier":[{"value":"2026-03-31",'
        b'"period":{"start":"2025-08-01","end":"2026-07-31"}}],"deceasedDateTime":"2026-03-31",'
        b'"extension":[{"url":"u","valueDecimal":72.50},{"url":"2026-03-31","valueDecimal":1.0e3}]}'
    )
    moved = render(shifted(parse_resource(line), 1))
    assert moved == line.replace(b"2025-08-01", b"2025-08-02").replace(
        b"2026-07-31", b"2026-08-01"
    ).replace(b'DateTime":"2026-03-31', b'DateTime":"2026-04-01')


def test_timing_events_move() -> None:
    resource = {"timing": {"event": ["2026-03-31T08:00:00+09:00", "2026-04-01"]}}
    assert shifted(resource, 1) == {
        "timing": {"event": ["2026-04-01T08:00:00+09:00", "2026-04-02"]}
    }


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from leaves(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from leaves(child, (*path, str(index)))
    else:
        yield path, value


def test_every_date_of_the_sample_moves_and_nothing_else(
    sources: dict[str, list[Json]],
) -> None:
    whole = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")
    for resources in sources.values():
        for resource in resources:
            before = dict(leaves(resource))
            after = dict(leaves(shifted(resource, 100)))
            assert before.keys() == after.keys()
            for path, value in before.items():
                is_date = isinstance(value, str) and whole.fullmatch(value) is not None
                assert (after[path] != value) == (is_date and path[-1] != "birthDate"), path


def test_resources_are_moved_to_the_day(sample: Sample, reference_day: date) -> None:
    today = reference_day + timedelta(days=237)
    stored = list(sample.resources("noto", reference_day))
    moved = list(sample.resources("noto", today))
    assert moved == [shifted(one, 237) for one in stored]
