"""Reading another region's `$everything`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasuki.ehr.answered import read_everything
from tasuki.shared.faults import Category, Fault


def answer(*resources: dict[str, Any]) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}).encode()


def note(*texts: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"diagnostics": text} for text in texts]}


def test_notes_are_read_one_by_one() -> None:
    read = read_everything(
        answer(
            {"resourceType": "Patient", "id": "1"},
            note("withheld: Condition, Observation"),
            note("unreadable: 3"),
        )
    )

    assert [one["resourceType"] for one in read.resources] == ["Patient"]
    assert read.withheld_types == {"Condition", "Observation"}
    assert read.unreadable == 3


def test_no_notes_mean_nothing_is_lacking() -> None:
    read = read_everything(answer({"resourceType": "Patient"}, note("something else: 4")))

    assert (read.unreadable, read.withheld_types) == (0, frozenset())


def test_numbers_keep_their_digits() -> None:
    body = b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"X","v":72.50}}]}'

    assert str(read_everything(body).resources[0]["v"]) == "72.50"


def test_a_resource_may_nest_as_deep_as_where_it_lies() -> None:
    deep: dict[str, Any] = {"resourceType": "X"}
    inner = deep
    for _ in range(31):
        inner["a"] = {}
        inner = inner["a"]

    assert read_everything(answer(deep)).resources == (deep,)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"<html>",
        b'{"resourceType":"OperationOutcome"}',
        b'{"resourceType":"Bundle","entry":[{"resource":{}}]}',
        b'{"resourceType":"Bundle","entry":[{}]}',
        b'{"resourceType":"Bundle","entry":[1]}',
    ],
)
def test_what_is_no_such_answer_is_never_an_empty_record(content: bytes) -> None:
    with pytest.raises(Fault) as caught:
        read_everything(content)

    assert caught.value.category is Category.UNAVAILABLE
