from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.phr.deciding import AT, PATIENT

from tasuki.phr.pages.blood_pressure import observations, read_reading
from tasuki.phr.pages.log import is_own, log_of
from tasuki.phr.pages.moments import order_of, said_moment
from tasuki.shared.access.reading import Opened
from tasuki.shared.access.records import Method, Stored
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from tasuki.shared.web.words import Words


def opened(resource: dict[str, Any], id_: str = "e1") -> Opened:
    type_ = resource["resourceType"]
    stored = Stored(type=type_, id=id_, owner="p1", version=2, at=AT, method=Method.PUT, body=b"{}")
    return Opened(stored, resource)


def readings(*times: str) -> list[Opened]:
    found = []
    for number, time in enumerate(times):
        typed = {"systolic": "138", "diastolic": "82", "measured_at": time}
        read = read_reading(typed, AT)
        assert not isinstance(read, tuple)
        found.append(opened(observations(read, PATIENT)[0], f"o{number}"))
    return found


def test_readings_come_newest_first(ja: Words) -> None:
    log = log_of(readings("2026-03-01T07:00", "2026-04-01T07:00", "2026-03-15T07:00"), PATIENT, ja)
    assert [line.id for line in log.readings] == ["o1", "o2", "o0"]
    assert log.readings[0].title == "138／82 mmHg"
    assert log.readings[0].when == "2026年4月1日 07:00"


def test_digits_are_shown_as_written(en: Words) -> None:
    body = (
        b'{"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org",'
        b'"code":"8867-4"}]},"valueQuantity":{"value":72.50,"unit":"bpm"}}'
    )
    (line,) = log_of([opened(parse_resource(body))], PATIENT, en).readings
    assert line.title == "Pulse 72.50 per minute"


def test_a_missing_half_is_said_not_guessed(en: Words) -> None:
    (entry,) = readings("2026-04-01T07:00")
    entry.resource["component"].pop()
    (line,) = log_of([entry], PATIENT, en).readings
    assert line.title == "138/? mmHg"


def test_another_unit_is_said(en: Words) -> None:
    (entry,) = readings("2026-04-01T07:00")
    for part in entry.resource["component"]:
        part["valueQuantity"] = {"value": 18, "unit": "kPa", "code": "kPa"}
    (line,) = log_of([entry], PATIENT, en).readings
    assert "18 kPa" in line.title


def test_other_measurements_are_counted(ja: Words) -> None:
    weight = {
        "resourceType": "Observation",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    }
    log = log_of([opened(weight), *readings("2026-04-01T07:00")], PATIENT, ja)
    assert (len(log.readings), log.others) == (1, 1)


@pytest.mark.parametrize(
    ("resource", "own"),
    [
        ({"recorder": {"reference": PATIENT}, "asserter": {"reference": PATIENT}}, True),
        ({"performer": [{"reference": PATIENT}]}, True),
        ({"recorder": {"reference": "Practitioner/1"}, "asserter": {"reference": PATIENT}}, False),
        ({"performer": [{"reference": PATIENT}, {"display": "看護師"}]}, False),
        ({"informationSource": {"reference": "Patient/p2"}}, False),
        ({}, False),
    ],
)
def test_own_is_what_nobody_else_wrote(resource: dict[str, Any], own: bool) -> None:
    assert is_own(resource, PATIENT) is own


def test_nothing_of_an_unnamed_entry_is_made_up(ja: Words) -> None:
    bare = {"resourceType": "MedicationStatement", "status": "active"}
    (line,) = log_of([opened(bare)], PATIENT, ja).medicines
    assert (line.title, line.when, line.details) == ("内容の記載なし", "", ())
    assert line.tags == ("使っている",)


@pytest.mark.parametrize(
    ("text", "ja", "en"),
    [
        ("2026-04-01T22:30:00Z", "2026年4月2日 07:30", "2 Apr 2026 07:30"),
        ("2026-04-01", "2026年4月1日", "1 Apr 2026"),
        ("2026-04", "2026年4月", "Apr 2026"),
        ("2026", "2026年", "2026"),
        ("soon", "soon", "soon"),
        (None, "", ""),
    ],
)
def test_times_are_said_in_japan_and_no_more_exactly_than_written(
    text: str | None, ja: str, en: str
) -> None:
    assert said_moment(text, "ja") == ja
    assert said_moment(text, "en") == en


def test_what_has_no_date_comes_last() -> None:
    texts = [None, "2026-04-01T07:00:00+09:00", "2026", "2026-03", "nonsense", "2026-04-02"]
    newest = sorted(texts, key=order_of, reverse=True)
    assert newest[:4] == ["2026-04-02", "2026-04-01T07:00:00+09:00", "2026-03", "2026"]
