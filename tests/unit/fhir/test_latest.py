"""Which Observations are the latest: https://hl7.org/fhir/R4/observation-operation-lastn.html."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.fhir.latest import latest, recency


def observation(id_: str, day: str, *codes: str, **more: Any) -> dict[str, Any]:
    """Return an Observation with these codes."""
    coding = [{"system": "http://loinc.org", "code": code} for code in codes]
    made: dict[str, Any] = {"resourceType": "Observation", "id": id_, "code": {"coding": coding}}
    return made | ({"effectiveDateTime": day} if day else {}) | more


A1 = observation("a1", "2025-01-01", "A")
A2 = observation("a2", "2025-01-02", "A")
A3 = observation("a3", "2025-01-03", "A")
B1 = observation("b1", "2020-01-01", "B")
BC = observation("bc", "2020-01-02", "B", "C")
C1 = observation("c1", "2020-01-03", "C")
TIE = observation("a3b", "2025-01-03", "A")
TEXT = {"resourceType": "Observation", "id": "t", "code": {"text": "血圧"}}
SAME = {**TEXT, "id": "t2", "effectiveDateTime": "2025"}
OTHER = {**TEXT, "id": "t3", "code": {"text": "脈拍"}}
NONE = {"resourceType": "Observation", "id": "n"}

CASES: list[tuple[str, list[dict[str, Any]], int, list[str]]] = [
    ("nothing", [], 1, []),
    ("the last", [A1, A3, A2], 1, ["a3"]),
    ("the last two", [A1, A3, A2], 2, ["a3", "a2"]),
    ("of each kind", [B1, A1, A2], 1, ["a2", "b1"]),
    ("through a third", [B1, C1, BC], 1, ["c1"]),
    ("nobody can tell", [A1, A3, TIE], 1, ["a3", "a3b"]),
    ("a tie that is not the last", [A3, TIE, A1], 3, ["a3", "a3b", "a1"]),
    ("without a date it is oldest", [observation("x", "", "A"), A1], 1, ["a1"]),
    ("by text without codings", [TEXT, SAME, OTHER], 1, ["t3", "t2"]),
    ("each without a code is its own", [NONE, {**NONE, "id": "m"}], 1, ["n", "m"]),
    ("published later", [A3, {**TIE, "issued": "2025-01-04T00:00:00Z"}], 1, ["a3b"]),
    (
        "a period ends",
        [{**observation("p", "", "A"), "effectivePeriod": {"end": "2026"}}, A3],
        1,
        ["p"],
    ),
    (
        "a code of another system",
        [A1, {**A2, "code": {"coding": [{"code": "A"}]}}],
        1,
        ["a2", "a1"],
    ),
]


@pytest.mark.parametrize(
    ("given_", "most", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_latest(given_: list[dict[str, Any]], most: int, wanted: list[str]) -> None:
    assert [one["id"] for one in latest(given_, most)] == wanted


CODES = st.lists(st.sampled_from("ABCDE"), max_size=3, unique=True)
DAYS = st.sampled_from(["", "2024", "2025-01-01", "2025-01-02", "2025-01-03"])


@given(
    pairs=st.lists(st.tuples(DAYS, CODES), max_size=12), most=st.integers(min_value=1, max_value=4)
)
def test_whatever_is_left_out_has_as_many_of_its_kind_before_it(
    pairs: list[tuple[str, list[str]]], most: int
) -> None:
    everything = [observation(str(n), day, *codes) for n, (day, codes) in enumerate(pairs)]
    shown = latest(everything, most)
    ids = {one["id"] for one in shown}
    assert len(ids) == len(shown), "each at most once"
    for one in everything:
        alike = kind_of(one, everything)
        newer = [other for other in alike if recency(other) > recency(one)]
        assert (one["id"] in ids) == (len(newer) < most)


def kind_of(one: dict[str, Any], everything: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all of its kind, by walking from one to the next."""
    found, codes = [one], {coding["code"] for coding in one["code"]["coding"]}
    while more := [
        other
        for other in everything
        if other not in found and codes & {coding["code"] for coding in other["code"]["coding"]}
    ]:
        found += more
        codes |= {coding["code"] for other in more for coding in other["code"]["coding"]}
    return found
