"""When care took place: https://hl7.org/fhir/R4/patient-operation-everything.html."""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.fhir.care_dates import ELEMENTS, care_dates, within
from tasuki.shared.fhir.dates import Interval, interval
from tasuki.shared.fhir.search import search_parameters
from tasuki.shared.fhir.types import SERVED_TYPES

CARE: list[tuple[str, dict[str, Any], bool]] = [
    ("on a day", {"resourceType": "Observation", "effectiveDateTime": "2025-03-01"}, True),
    ("before", {"resourceType": "Observation", "effectiveDateTime": "2025-02-28"}, False),
    ("after", {"resourceType": "Observation", "effectiveDateTime": "2025-04-01"}, False),
    ("in Japan", {"resourceType": "Observation", "effectiveInstant": "2025-02-28T15:00:00Z"}, True),
    ("month unknown", {"resourceType": "Procedure", "performedDateTime": "2025"}, True),
    ("no date", {"resourceType": "Procedure"}, True),
    ("no care date", {"resourceType": "AllergyIntolerance", "recordedDate": "2001"}, True),
    ("not a date", {"resourceType": "Observation", "effectiveDateTime": "spring"}, True),
    ("stay", {"resourceType": "Encounter", "period": {"start": "2025-01", "end": "2025-05"}}, True),
    ("still there", {"resourceType": "Encounter", "period": {"start": "2020"}}, True),
    ("ended", {"resourceType": "Encounter", "period": {"end": "2025-02-28"}}, False),
    ("lasts", {"resourceType": "Condition", "onsetDateTime": "2001"}, True),
    (
        "healed",
        {"resourceType": "Condition", "onsetDateTime": "2001", "abatementDateTime": "2002"},
        False,
    ),
    ("nested", {"resourceType": "Specimen", "collection": {"collectedDateTime": "2001"}}, False),
    ("wrong shape", {"resourceType": "Specimen", "collection": [1]}, True),
]


@pytest.mark.parametrize(("resource", "is_in"), [c[1:] for c in CARE], ids=[c[0] for c in CARE])
def test_care_of_march(resource: dict[str, Any], is_in: bool) -> None:
    march = interval("2025-03")
    assert march is not None
    assert within(resource, march) is is_in


def test_what_has_no_end_is_open() -> None:
    march = interval("2025-03")
    assert march is not None
    held = care_dates({"resourceType": "Condition", "onsetPeriod": {"start": "2025-03"}})
    assert held is not None
    assert held.start == march.start
    assert held.end > Interval(*march).end


def test_only_types_of_this_server_have_dates() -> None:
    assert set(ELEMENTS) <= SERVED_TYPES
    assert all(search_parameters(type_) for type_ in ELEMENTS)
