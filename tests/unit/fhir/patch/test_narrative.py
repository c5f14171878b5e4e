"""https://hl7.org/fhir/R4/http.html#patch : no narrative is left that the data contradict."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.fhir.patch.asking import asked, operation

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch import fhirpath_patch, json_patch

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
CHANGE = {"op": "replace", "path": "/birthDate", "value": "1951-01-01"}


def _patient(status: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "text": {"status": status, "div": DIV.format("1950-01-01")},
        "meta": {"tag": []},
        "birthDate": "1950-01-01",
    }


@pytest.mark.parametrize("status", ["generated", "extensions"])
def test_a_narrative_made_from_data_that_change_goes(status: str) -> None:
    assert "text" not in json_patch(_patient(status), [CHANGE])
    asking = operation("replace", "Patient.birthDate", {"valueDate": "1951-01-01"})
    assert "text" not in fhirpath_patch(_patient(status), asked(asking))


@pytest.mark.parametrize("status", ["additional", "himitsu"])
def test_a_narrative_that_may_say_more_must_be_seen_to(status: str) -> None:
    with pytest.raises(Fault, match="narrative") as refused:
        json_patch(_patient(status), [CHANGE])
    assert refused.value.category is Category.STRUCTURE
    new = {"op": "replace", "path": "/text/div", "value": DIV.format("1951-01-01")}
    assert json_patch(_patient(status), [CHANGE, new])["text"]["div"] == new["value"]
    assert "text" not in json_patch(_patient(status), [CHANGE, {"op": "remove", "path": "/text"}])


@pytest.mark.parametrize(
    ("status", "operations"),
    [
        ("additional", []),
        ("generated", [{"op": "test", "path": "/birthDate", "value": "1950-01-01"}]),
        ("generated", [{"op": "add", "path": "/meta/tag/-", "value": {"code": "a"}}]),
        ("empty", [CHANGE]),
    ],
)
def test_a_narrative_stays_while_nothing_contradicts_it(status: str, operations: Any) -> None:
    before = _patient(status)
    assert json_patch(before, operations)["text"] == before["text"]
