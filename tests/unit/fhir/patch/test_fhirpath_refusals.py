"""https://hl7.org/fhir/R4/fhirpatch.html : what a FHIRPath Patch may not do, and what it may cost."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.unit.fhir.patch.asking import asked, extension, operation

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import MAX_DEPTH
from tasuki.shared.fhir.patch import fhirpath_patch
from tasuki.shared.fhir.patch.limits import MAX_OPERATIONS, MAX_VISITS

TEXT = {"valueString": "himitsu"}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "extension": [extension("a")],
    "meta": {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z", "source": "urn:x"},
    "name": [{"text": "能登花子", "given": ["花子"]}, {"text": "ハナ"}],
    "birthDate": "1950-01-01",
    "_gender": {"extension": [extension("unknown")]},
    "deceasedBoolean": False,
}


def _refused(parameters: Any, resource: dict[str, Any] = PATIENT) -> Fault:
    before, was = copy.deepcopy(resource), copy.deepcopy(parameters)
    with pytest.raises(Fault) as refused:
        fhirpath_patch(resource, parameters)
    assert (resource, parameters) == (before, was)
    assert "himitsu" not in refused.value.message
    return refused.value


@pytest.mark.parametrize(
    ("asking", "words"),
    [
        (operation("replace", "Patient.gender2", TEXT), "has not"),
        (operation("add", "Patient", TEXT, name="himitsu"), "has not"),
        (operation("add", "Patient", TEXT, name="_birthDate"), "has not"),
        (operation("add", "Patient", TEXT, name="deceased[x]"), "has not"),
        (operation("add", "Patient.birthDate", TEXT, name="value"), "has not"),
        (operation("replace", "Patient.language", TEXT), "no element"),
        (operation("replace", "Patient.name[2]", {"valueHumanName": {}}), "no element"),
        (operation("add", "Patient.maritalStatus", TEXT, name="text"), "no element"),
        (operation("insert", "Patient.name[2].given", TEXT, index=0), "no element"),
        (operation("replace", "Patient.name.text", TEXT), "several"),
        (operation("delete", "Patient.name"), "several"),
        (operation("add", "Patient.name", TEXT, name="given"), "several"),
        (operation("insert", "Patient.name.given", TEXT, index=0), "several"),
        (operation("add", "Patient", TEXT, name="birthDate"), "already"),
        (operation("add", "Patient", TEXT, name="gender"), "already"),
        (operation("add", "Patient", {"valueBoolean": True}, name="deceased"), "already"),
        (operation("add", "Patient", {"valueDateTime": "2026"}, name="deceased"), "already"),
        (operation("insert", "Patient.birthDate", TEXT, index=0), "list"),
        (operation("insert", "Patient.name[0]", TEXT, index=0), "list"),
        (operation("insert", "Patient", TEXT, index=0), "list"),
        (operation("insert", "Patient.name as HumanName", TEXT, index=0), "list"),
        (operation("move", "Patient.name.first()", source=0, destination=1), "list"),
        (operation("insert", "Patient.name", {"valueHumanName": {}}, index=3), "beyond"),
        (operation("insert", "Patient.name[0].given", TEXT, index=2), "beyond"),
        (operation("move", "Patient.name", source=0, destination=2), "beyond"),
        (operation("move", "Patient.name", source=2, destination=0), "beyond"),
        (operation("move", "Patient.telecom", source=0, destination=0), "beyond"),
        (operation("add", "Patient", TEXT, name="name"), "type"),
        (operation("add", "Patient", {"valueAddress": {}}, name="name"), "type"),
        (operation("replace", "Patient.name[0]", {"valueAddress": {}}), "type"),
        (operation("replace", "Patient.birthDate", {"valueHumanName": {}}), "type"),
        (operation("replace", "Patient.deceased", {"valueString": "x"}), "type"),
        (operation("add", "Patient", {"part": []}, name="language"), "type"),
        (operation("replace", "Patient.deceased", {"part": []}), "type"),
        (operation("replace", "Patient.extension.value", {"part": []}), "type"),
        (operation("add", "Patient", {"resource": {}}, name="name"), "type"),
        (operation("add", "Patient", TEXT, name="contained"), "type"),
        (
            operation("add", "Patient", {"part": [{"name": "himitsu", **TEXT}]}, name="contact"),
            "named after",
        ),
        (
            operation("add", "Patient", {"part": [{"name": "gender", **TEXT}] * 2}, name="contact"),
            "already",
        ),
        (
            operation("add", "Patient", {"part": [{"name": "name", **TEXT}]}, name="contact"),
            "type",
        ),
    ],
)
def test_what_does_not_fit_the_resource(asking: dict[str, Any], words: str) -> None:
    fault = _refused(asked(operation("delete", "Patient.photo"), asking))
    assert (fault.category, fault.at) == (Category.STRUCTURE, ("Parameters.parameter[1]",))
    assert words in fault.message


@pytest.mark.parametrize(
    "asking",
    [
        operation("replace", "Patient.id", {"valueId": "p2"}),
        operation("delete", "Patient.id"),
        operation("delete", "id"),
        operation("add", "Patient", {"valueId": "p2"}, name="id"),
        operation("add", "Patient", {"valueCode": "Group"}, name="resourceType"),
        operation("replace", "Patient.meta.versionId", {"valueId": "4"}),
        operation("delete", "Patient.meta.lastUpdated"),
        operation("add", "Patient.meta.versionId", {"part": []}, name="extension"),
        operation("insert", "Patient.meta.versionId.extension", {"part": []}, index=0),
        operation("insert", "Patient.id.extension", {"part": []}, index=0),
        operation("add", "Patient.meta", {"valueInstant": "2026"}, name="lastUpdated"),
        operation("replace", "Patient.meta", {"valueMeta": {"versionId": "4"}}),
        operation("delete", "Patient"),
        operation("replace", "Patient", {"resource": {"resourceType": "Patient"}}),
    ],
)
def test_what_is_not_the_callers_stays(asking: dict[str, Any]) -> None:
    fault = _refused(asked(asking))
    assert fault.category is Category.STRUCTURE
    assert "may not" in fault.message


def test_the_rest_of_meta_is_the_callers() -> None:
    servers = {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z"}
    after = fhirpath_patch(PATIENT, asked(operation("delete", "Patient.meta")))
    assert after["meta"] == servers
    meta = {"valueMeta": {"source": "urn:y"}}
    after = fhirpath_patch(PATIENT, asked(operation("replace", "Patient.meta", meta)))
    assert after["meta"] == {**servers, "source": "urn:y"}


_PATH = {"name": "path", "valueString": "Patient.birthDate"}
_TYPE = {"name": "type", "valueCode": "delete"}


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        [],
        {},
        {"resourceType": "Patient"},
        {"resourceType": "Parameters", "parameter": {}},
        asked({}),
        asked(None),  # type: ignore[arg-type] # hostile input
        asked({"name": "operation"}),
        asked({"name": "operation", "part": [5]}),
        asked({"name": "Operation", "part": [_TYPE, _PATH]}),
        asked({"name": "operation", "part": [_PATH]}),
        asked({"name": "operation", "part": [_TYPE]}),
        asked({"name": "operation", "part": [_TYPE, _PATH, _PATH]}),
        asked({"name": "operation", "part": [_TYPE, _PATH, {"name": "note", **TEXT}]}),
        asked({"name": "operation", "part": [_TYPE, {"name": "path"}]}),
        asked({"name": "operation", "part": [_TYPE, {"name": "path", "valueInteger": 1}]}),
        asked({"name": "operation", "part": [_TYPE, {**_PATH, "valueCode": "a"}]}),
        asked({"name": "operation", "part": [_TYPE, {**_PATH, "part": []}]}),
        asked({"name": "operation", "part": [_TYPE, {"name": "path", "value": "a"}]}),
        asked({"name": "operation", "part": [_TYPE, {"name": "path", "part": 5}]}),
        asked(operation("remove", "Patient.birthDate")),
        asked(operation("delete", "Patient.birthDate", TEXT)),
        asked(operation("replace", "Patient.birthDate")),
        asked(operation("replace", "Patient.birthDate", {"valueDate": None})),
        asked(operation("add", "Patient", TEXT)),
        asked(operation("insert", "Patient.name", TEXT)),
        asked(operation("insert", "Patient.name", TEXT, index=-1)),
        asked(operation("insert", "Patient.name", TEXT, index="0")),
        asked(operation("insert", "Patient.name", TEXT, index=True)),
        asked(operation("move", "Patient.name", source=0)),
    ],
)
def test_what_is_no_patch_is_not_understood(parameters: Any) -> None:
    assert _refused(parameters).category is Category.INVALID


def test_fhirpath_beyond_ours_is_said_to_be() -> None:
    fault = _refused(asked(operation("delete", "Patient.name | Patient.telecom")))
    assert fault.category is Category.NOT_SUPPORTED


def test_the_number_of_operations_is_bounded() -> None:
    asking = operation("delete", "Patient.photo")
    assert fhirpath_patch(PATIENT, asked(*[asking] * MAX_OPERATIONS)) == PATIENT
    assert _refused(asked(*[asking] * (MAX_OPERATIONS + 1))).category is Category.TOO_LARGE


def test_the_work_of_all_paths_is_bounded_together() -> None:
    many = {"resourceType": "Patient", "name": [{"text": "a"}] * (MAX_VISITS // 100)}
    asking = operation("delete", "Patient.name.where(text = 'b')")
    assert fhirpath_patch(many, asked(asking)) == many
    assert _refused(asked(*[asking] * 100), many).category is Category.TOO_COSTLY


def test_the_work_on_long_lists_is_bounded_too() -> None:
    many = {"resourceType": "Patient", "name": [{"text": "a"}] * (MAX_VISITS // 100)}
    for asking in (
        operation("insert", "Patient.name", {"valueHumanName": {"text": "b"}}, index=0),
        operation("add", "Patient", {"valueHumanName": {"text": "b"}}, name="name"),
        operation("move", "Patient.name", source=0, destination=1),
    ):
        assert len(fhirpath_patch(many, asked(asking))["name"]) >= len(many["name"])
        assert _refused(asked(*[asking] * 101), many).category is Category.TOO_COSTLY


def test_no_operation_nests_deeper_than_a_body_may() -> None:
    path, operations = "Patient", []
    for _ in range(MAX_DEPTH):
        url = {"part": [{"name": "url", "valueUri": "urn:a"}]}
        operations.append(operation("add", path, url, name="extension"))
        path += ".extension[0]"
    nested = {"resourceType": "Patient"}
    assert "deeper" in _refused(asked(*operations), nested).message
    fhirpath_patch(nested, asked(*operations[: (MAX_DEPTH - 1) // 2]))
