from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.phr.deciding import AT

from tasuki.phr.pages.blood_pressure import (
    DIASTOLIC_BOUNDS,
    SYSTOLIC_BOUNDS,
    Reading,
    observations,
    read_reading,
)
from tasuki.shared.fhir.models import validate

if TYPE_CHECKING:
    from datetime import datetime

GOOD = {"systolic": "138", "diastolic": "82"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, {"problem.systolic.empty", "problem.diastolic.empty"}),
        ({"systolic": "high", "diastolic": "82"}, {"problem.systolic.number"}),
        ({"systolic": "138.5", "diastolic": "82"}, {"problem.systolic.number"}),
        ({"systolic": "-138", "diastolic": "82"}, {"problem.systolic.number"}),
        ({"systolic": "301", "diastolic": "82"}, {"problem.systolic.bounds"}),
        ({"systolic": "1380", "diastolic": "82"}, {"problem.systolic.bounds"}),
        ({"systolic": "138", "diastolic": "19"}, {"problem.diastolic.bounds"}),
        ({"systolic": "82", "diastolic": "138"}, {"problem.diastolic.above"}),
        ({"systolic": "100", "diastolic": "100"}, {"problem.diastolic.above"}),
        ({**GOOD, "pulse": "fast"}, {"problem.pulse.number"}),
        ({**GOOD, "pulse": "5"}, {"problem.pulse.bounds"}),
        ({**GOOD, "measured_at": "yesterday"}, {"problem.measured_at.unread"}),
        ({**GOOD, "measured_at": "2026-02-30T07:00"}, {"problem.measured_at.unread"}),
        ({**GOOD, "measured_at": "2026-04-01T12:06"}, {"problem.measured_at.future"}),
        ({**GOOD, "measured_at": "1926-04-01T12:00"}, {"problem.measured_at.old"}),
    ],
)
def test_what_cannot_be_a_reading_is_refused_with_its_field(
    typed: dict[str, str], words: set[str], now: datetime
) -> None:
    read = read_reading(typed, now)
    assert isinstance(read, tuple)
    assert {one.words for one in read} == words
    assert all(one.words.split(".")[1] == one.field for one in read)


def test_full_width_digits_and_slashes_are_read(now: datetime) -> None:
    read = read_reading(
        {
            "systolic": "１３８",  # noqa: RUF001 - full-width on purpose
            "diastolic": "８２",  # noqa: RUF001 - full-width on purpose
            "pulse": " 72 ",
            "measured_at": "2026/4/1　7:15",
        },
        now,
    )
    assert isinstance(read, Reading)
    assert (read.systolic, read.diastolic, read.pulse) == (138, 82, 72)
    assert read.at.isoformat() == "2026-04-01T07:15:00+09:00"


def test_without_a_time_it_is_now_in_japan(now: datetime) -> None:
    read = read_reading(GOOD, now)
    assert isinstance(read, Reading)
    assert read.at.isoformat() == "2026-04-01T12:00:00+09:00"


@given(st.integers(), st.integers())
def test_only_numbers_within_the_bounds_and_in_order_pass(high: int, low: int) -> None:
    read = read_reading({"systolic": str(high), "diastolic": str(low)}, AT)
    possible = (
        SYSTOLIC_BOUNDS.least <= high <= SYSTOLIC_BOUNDS.most
        and DIASTOLIC_BOUNDS.least <= low <= DIASTOLIC_BOUNDS.most
        and low < high
    )
    assert isinstance(read, Reading) is possible


def test_the_observations_are_valid_and_coded_as_the_vital_signs_profiles_want(
    now: datetime,
) -> None:
    read = read_reading({**GOOD, "pulse": "72"}, now)
    assert isinstance(read, Reading)
    pressure, pulse = observations(read, "Patient/p1")
    assert validate(pressure) == ()
    assert validate(pulse) == ()
    for one in (pressure, pulse):
        assert one["category"][0]["coding"][0]["code"] == "vital-signs"
        assert one["subject"] == {"reference": "Patient/p1"}
        assert one["effectiveDateTime"] == "2026-04-01T12:00:00+09:00"
    assert pressure["code"]["coding"] == [{"system": "http://loinc.org", "code": "85354-9"}]
    assert [
        (part["code"]["coding"][0]["code"], part["valueQuantity"]["value"])
        for part in pressure["component"]
    ] == [("8480-6", 138), ("8462-4", 82)]
    assert {part["valueQuantity"]["code"] for part in pressure["component"]} == {"mm[Hg]"}
    assert pulse["code"]["coding"][0]["code"] == "8867-4"
    assert (pulse["valueQuantity"]["value"], pulse["valueQuantity"]["code"]) == (72, "/min")


def test_without_a_pulse_there_is_one_observation(now: datetime) -> None:
    read = read_reading(GOOD, now)
    assert isinstance(read, Reading)
    assert len(observations(read, "Patient/p1")) == 1
