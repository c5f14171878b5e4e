"""https://hl7.org/fhir/R4/search.html#prefix : numbers, quantities and dates with prefixes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.fhir.json import Number, parse, render
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.fhir.search.numbers import number_match, quantity_match

BASE = "https://ehr.example/fhir"
UCUM = "http://unitsofmeasure.org"


def _finds(resource_type: str, name: str, value: str, **elements: Any) -> bool:
    query = parse_query(resource_type, [(name, value)], strict=True, base=BASE)
    return query.matches({"resourceType": resource_type, **elements})


_EXACTLY_100 = {"value": 100}
_BELOW_5 = {"value": 5, "comparator": "<"}
_TO_5 = {"value": 5, "comparator": "<="}
_FROM_5 = {"value": 5, "comparator": ">="}
_ABOVE_5 = {"value": 5, "comparator": ">"}
_FIFTIES: dict[str, Any] = {"low": {"value": 50, "unit": "歳"}, "high": {"value": 59, "unit": "歳"}}
_FROM_50: dict[str, Any] = {"low": {"value": 50}}
_TO_50: dict[str, Any] = {"high": {"value": 50}}


@pytest.mark.parametrize(
    ("held", "asked", "expected"),
    [
        # The last digit written says how near is equal.
        (_EXACTLY_100, "100", True),
        ({"value": 99.5}, "100", True),
        ({"value": 100.49}, "100", True),
        ({"value": 100.5}, "100", False),
        ({"value": 99.49}, "100", False),
        ({"value": 100.005}, "100.00", False),
        ({"value": 99.995}, "100.00", True),
        ({"value": 149}, "1e2", True),
        ({"value": 150}, "1e2", False),
        ({"value": 5.4}, "5.4", True),
        ({"value": -5.4}, "-5.4", True),
        ({"value": 100.3}, "ne100", False),
        # Comparisons take what is asked exactly.
        (_EXACTLY_100, "gt100", False),
        ({"value": 100.0001}, "gt100", True),
        (_EXACTLY_100, "ge100", True),
        (_EXACTLY_100, "lt100", False),
        (_EXACTLY_100, "le100", True),
        (_EXACTLY_100, "sa99.9", True),
        (_EXACTLY_100, "eb100.1", True),
        ({"value": 110}, "ap100", True),
        ({"value": 111}, "ap100", False),
        # A comparator leaves one side open.
        (_BELOW_5, "lt3", True),
        (_BELOW_5, "lt5", True),
        (_BELOW_5, "ge5", False),
        (_BELOW_5, "gt4.9", True),
        (_BELOW_5, "eb5", True),
        (_BELOW_5, "5", False),
        (_BELOW_5, "ne5", True),
        (_TO_5, "ge5", True),
        (_TO_5, "eb5", False),
        (_FROM_5, "gt1000", True),
        (_FROM_5, "le5", True),
        (_FROM_5, "lt5", False),
        (_ABOVE_5, "le5", False),
        (_ABOVE_5, "sa5", True),
        (_ABOVE_5, "ap100", True),
        # A Range is between its ends; an end that is not given is open.
        (_FIFTIES, "gt55", True),
        (_FIFTIES, "lt55", True),
        (_FIFTIES, "gt59", False),
        (_FIFTIES, "ge59", True),
        (_FIFTIES, "sa49", True),
        (_FIFTIES, "sa50", False),
        (_FIFTIES, "eb60", True),
        (_FIFTIES, "55", False),
        (_FIFTIES, "5e1", False),
        (_FIFTIES, "1e2", True),
        (_FIFTIES, "ap62", True),
        (_FIFTIES, "gt55||歳", True),
        (_FIFTIES, "gt55||月", False),
        (_FROM_50, "gt900", True),
        (_FROM_50, "lt50", False),
        (_FROM_50, "50", False),
        (_TO_50, "lt1", True),
        (_TO_50, "gt50", False),
        # Units are compared by code and not converted.
        ({"value": 1, "system": UCUM, "code": "g"}, f"1|{UCUM}|g", True),
        ({"value": 1, "system": UCUM, "code": "g"}, f"1000|{UCUM}|mg", False),
        ({"value": 1, "system": UCUM, "code": "g"}, f"1|{UCUM}|G", False),
        ({"value": 1, "unit": "錠"}, "1||錠", True),
        ({"unit": "g"}, "1", False),
        ({"value": "1"}, "1", False),
        ({"low": {"unit": "歳"}}, "1", False),
        ({"low": {}, "high": 5}, "ne1", False),
        (5, "5", False),
    ],
)
def test_quantities(held: Any, asked: str, *, expected: bool) -> None:
    assert quantity_match(asked)(held) is expected


@given(
    st.decimals(-(10**6), 10**6, places=3) | st.integers(-(10**9), 10**9).map(Decimal),
    st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]),
    st.decimals(-(10**6), 10**6, places=2),
)
def test_numbers_are_the_same_however_they_were_parsed(
    held: Decimal, prefix: str, asked: Decimal
) -> None:
    body = f'{{"value":{held}}}'.encode()
    ours, plain = parse(body)["value"], orjson.loads(body)["value"]
    match = number_match(f"{prefix}{asked}")
    assert match(ours) is match(plain) is match(Number(str(held)))
    quantity = quantity_match(f"{prefix}{asked}")
    assert quantity({"value": ours}) is quantity(orjson.loads(render({"value": ours})))


@pytest.mark.parametrize("held", [None, True, "5", {"value": 5}])
def test_what_is_no_number_matches_none(held: Any) -> None:
    assert not number_match("5")(held)
    assert not number_match("ne5")(held)


_NIGHT = "2026-01-04T23:59:59+09:00"
_MIDNIGHT = "2026-01-05T00:00:00+09:00"
_BEFORE_IN_UTC = "2026-01-04T15:00:00Z"  # is midnight in Japan
_STAY = {"start": "2026-01-03", "end": "2026-01-05"}
_SINCE = {"start": "2026-01-03"}
_UNTIL = {"end": "2026-01-05"}


@pytest.mark.parametrize(
    ("held", "asked", "expected"),
    [
        ({"effectiveDateTime": _NIGHT}, "2026-01-05", False),
        ({"effectiveDateTime": _NIGHT}, "2026-01-04", True),
        ({"effectiveDateTime": _MIDNIGHT}, "2026-01-05", True),
        ({"effectiveDateTime": _BEFORE_IN_UTC}, "2026-01-05", True),
        ({"effectiveDateTime": _BEFORE_IN_UTC}, "2026-01-05T00:00", True),
        ({"effectiveDateTime": _BEFORE_IN_UTC}, "2026-01-04T15:00Z", True),
        ({"effectiveDateTime": "2026-01-05"}, "2026-01-05T00:00", False),
        ({"effectiveDateTime": "2026-01-05"}, "ge2026-01-05T00:00", True),
        ({"effectiveInstant": _NIGHT}, "lt2026-01-05", True),
        ({"effectiveInstant": _NIGHT}, "eb2026-01-05", True),
        ({"effectivePeriod": _STAY}, "2026-01", True),
        ({"effectivePeriod": _STAY}, "2026-01-04", False),
        ({"effectivePeriod": _STAY}, "ge2026-01-04", True),
        # By R4's words: nothing of it is after that day, and it is not wholly in that day.
        ({"effectivePeriod": _STAY}, "ge2026-01-05", False),
        ({"effectivePeriod": _STAY}, "gt2026-01-05", False),
        ({"effectivePeriod": _STAY}, "sa2026-01-02", True),
        ({"effectivePeriod": _STAY}, "sa2026-01-03", False),
        ({"effectivePeriod": _STAY}, "eb2026-01-06", True),
        ({"effectivePeriod": _STAY}, "eb2026-01-05", False),
        ({"effectivePeriod": _STAY}, "ap2026-01-06", True),
        ({"effectivePeriod": _SINCE}, "gt2099", True),
        ({"effectivePeriod": _SINCE}, "2026", False),
        ({"effectivePeriod": _SINCE}, "lt2026-01-03", False),
        ({"effectivePeriod": _SINCE}, "eb9999", False),
        ({"effectivePeriod": _UNTIL}, "lt1900", True),
        ({"effectivePeriod": _UNTIL}, "gt2026-01-05", False),
        ({"effectivePeriod": _UNTIL}, "sa0001", False),
        ({"effectiveTiming": {"event": ["2026-01-01", "2026-01-31"]}}, "2026-01", True),
        ({"effectiveTiming": {"event": ["2026-01-01", "2026-01-31"]}}, "2026-01-15", False),
        ({"effectiveTiming": {"event": ["2026-01-01", "2026-01-31"]}}, "ap2026-01-15", True),
        ({"effectiveTiming": {"repeat": {"boundsPeriod": _STAY}}}, "2026-01", True),
        ({"effectiveTiming": {"repeat": {"frequency": 1}}}, "ge0001", False),
    ],
)
def test_dates(held: dict[str, Any], asked: str, *, expected: bool) -> None:
    assert _finds("Observation", "date", asked, **held) is expected


def test_an_age_is_a_quantity() -> None:
    assert _finds("Condition", "onset-age", "gt55", onsetRange=_FIFTIES)
    assert _finds("Condition", "onset-age", "52", onsetAge={"value": 52})
    assert not _finds("Condition", "abatement-age", "gt55", onsetRange=_FIFTIES)


def test_sorting_by_a_quantity_begins_at_its_lower_end() -> None:
    held = [_FIFTIES, _FROM_50, _TO_50, None, {"value": 7}]
    query = parse_query("Condition", [("_sort", "onset-age")], strict=True, base=BASE)
    resources = [
        {"resourceType": "Condition", "onsetRange" if i < 3 else "onsetAge": value, "id": str(i)}
        for i, value in enumerate(held)
        if value is not None
    ]
    assert [found["id"] for found in query.sorted(resources)] == ["2", "4", "0", "1"]
