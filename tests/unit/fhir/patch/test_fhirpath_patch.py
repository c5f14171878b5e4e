"""https://hl7.org/fhir/R4/fhirpatch.html : choices, primitives with extensions, lists, values."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.unit.fhir.patch.asking import URL, asked, extension, operation

from tasuki.shared.fhir.json import parse, render
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.patch import fhirpath_patch

OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "体重"},
    "subject": {"reference": "Patient/p1"},
}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "extension": [extension("a"), {"url": "http://example.org/f", "valueInteger": 5}],
    "name": [
        {"use": "official", "text": "能登花子", "given": ["花子", "華子", "はな"]},
        {"use": "usual", "text": "ハナ"},
    ],
    "birthDate": "1950-01-01",
    "_birthDate": {"extension": [extension("b")]},
    "contact": [{"name": {"text": "能登太郎"}, "gender": "male"}, {"name": {"text": "能登桜"}}],
}
PATIENT["name"][0]["_given"] = [None, {"extension": [extension("g")]}, None]


def _patched(resource: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    parameters = asked(*operations)
    before, was = copy.deepcopy(resource), copy.deepcopy(parameters)
    after = fhirpath_patch(resource, parameters)
    assert (resource, parameters) == (before, was)
    assert validate(after) == ()
    return after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("value", {"valueQuantity": {"value": 1, "unit": "kg"}}),
        ("valueQuantity", {"valueQuantity": {"value": 1, "unit": "kg"}}),
        ("value", {"valueCodeableConcept": {"text": "a"}}),
        ("value", {"valueBoolean": False}),
        ("value", {"valueDateTime": "2026-01-01"}),
        ("effective", {"valueDateTime": "2026-01-01"}),
        ("effective", {"valuePeriod": {"start": "2026"}}),
    ],
)
def test_a_choice_is_written_with_its_type(name: str, value: dict[str, Any]) -> None:
    (key, given) = next(iter(value.items()))
    written = name if name.endswith("Quantity") else key.replace("value", name)
    after = _patched(OBSERVATION, operation("add", "Observation", value, name=name))
    assert after == {**OBSERVATION, written: given}


@pytest.mark.parametrize("path", ["value", "valueString", "value.ofType(string)"])
def test_a_choice_of_another_type_takes_the_place_of_the_old(path: str) -> None:
    before = {
        "resourceType": "Observation",
        "valueString": "a",
        "_valueString": {"extension": [extension("a")]},
        **OBSERVATION,
    }
    value = {"valueQuantity": {"value": 1}}
    after = _patched(before, operation("replace", f"Observation.{path}", value))
    assert after == {**OBSERVATION, **value}
    assert list(after)[1] == "valueQuantity"  # where the old one was
    assert _patched(before, operation("delete", f"Observation.{path}")) == OBSERVATION


def test_what_belongs_to_a_primitive_goes_with_it() -> None:
    after = _patched(PATIENT, operation("delete", "Patient.birthDate"))
    assert not {"birthDate", "_birthDate"} & after.keys()
    after = _patched(PATIENT, operation("replace", "Patient.birthDate", {"valueDate": "1951"}))
    assert (after["birthDate"], after.get("_birthDate")) == ("1951", None)
    given = {"valueDate": "1951", "_valueDate": {"id": "i"}}
    after = _patched(PATIENT, operation("replace", "Patient.birthDate", given))
    assert (after["birthDate"], after["_birthDate"]) == ("1951", {"id": "i"})


def test_an_unknown_value_may_be_given_by_an_extension_alone() -> None:
    absent = {"_valueDate": {"extension": [extension("unknown")]}}
    after = _patched(PATIENT, operation("replace", "Patient.birthDate", absent))
    assert "birthDate" not in after
    assert after["_birthDate"] == absent["_valueDate"]
    assert "_birthDate" not in _patched(after, operation("delete", "Patient.birthDate"))


_GIVEN = "Patient.name[0].given"


@pytest.mark.parametrize(
    ("asking", "given", "beside"),
    [
        (operation("delete", f"{_GIVEN}[0]"), ["華子", "はな"], ["g", None]),
        (operation("delete", f"{_GIVEN}[1]"), ["花子", "はな"], None),
        (
            operation("insert", _GIVEN, {"valueString": "は"}, index=1),
            ["花子", "は", "華子", "はな"],
            [None, None, "g", None],
        ),
        (
            operation("move", _GIVEN, source=1, destination=0),
            ["華子", "花子", "はな"],
            ["g", None, None],
        ),
        (
            operation("move", _GIVEN, source=0, destination=2),
            ["華子", "はな", "花子"],
            ["g", None, None],
        ),
        (
            operation("add", "Patient.name[0]", {"valueString": "は"}, name="given"),
            ["花子", "華子", "はな", "は"],
            [None, "g", None, None],
        ),
        (
            operation(
                "add",
                "Patient.name[0]",
                {"valueString": "は", "_valueString": {"extension": [extension("h")]}},
                name="given",
            ),
            ["花子", "華子", "はな", "は"],
            [None, "g", None, "h"],
        ),
        (
            operation("replace", f"{_GIVEN}[0]", {"_valueString": {"extension": [extension("x")]}}),
            [None, "華子", "はな"],
            ["x", "g", None],
        ),
        (
            operation("delete", f"{_GIVEN}[1].extension('{URL}')"),
            ["花子", "華子", "はな"],
            None,
        ),
    ],
)
def test_both_halves_of_a_list_of_primitives_stay_side_by_side(
    asking: dict[str, Any], given: list[str | None], beside: list[str | None] | None
) -> None:
    name = _patched(PATIENT, asking)["name"][0]
    assert name["given"] == given
    halves = (
        None if beside is None else [part and {"extension": [extension(part)]} for part in beside]
    )
    assert name.get("_given") == halves


def test_a_list_that_was_shorter_on_one_side_is_still_aligned() -> None:
    lame = {"resourceType": "Patient", "name": [{"given": ["a", "b"], "_given": [{"id": "i"}]}]}
    after = fhirpath_patch(lame, asked(operation("move", _GIVEN, source=0, destination=1)))
    assert after["name"] == [{"given": ["b", "a"], "_given": [None, {"id": "i"}]}]


def test_an_extension_is_added_to_a_primitive_that_had_none() -> None:
    parts = {"part": [{"name": "url", "valueUri": URL}, {"name": "value", "valueString": "n"}]}
    after = _patched(
        PATIENT, operation("add", "Patient.contact[0].gender", parts, name="extension")
    )
    assert after["contact"][0]["_gender"] == {"extension": [extension("n")]}
    after = _patched(PATIENT, operation("insert", f"{_GIVEN}[0].extension", parts, index=0))
    assert [half is None for half in after["name"][0]["_given"]] == [False, False, True]


def test_what_would_be_left_empty_goes_too() -> None:
    after = _patched(PATIENT, operation("delete", "Patient.birthDate.extension[0]"))
    assert (after["birthDate"], "_birthDate" in after) == ("1950-01-01", False)
    after = _patched(PATIENT, operation("delete", "Patient.contact[1].name.text"))
    assert len(after["contact"]) == 1
    alone = {"resourceType": "Patient", "contact": [{"name": {"given": ["a"]}}]}
    after = _patched(alone, operation("delete", "Patient.contact.name.given"))
    assert after == {"resourceType": "Patient"}


def test_the_first_of_a_list_makes_the_list() -> None:
    value = {"valueContactPoint": {"system": "phone", "value": "0"}}
    for asking in (
        operation("add", "Patient", value, name="telecom"),
        operation("insert", "Patient.telecom", value, index=0),
    ):
        assert _patched(PATIENT, asking)["telecom"] == [value["valueContactPoint"]]


def test_a_value_in_parts_is_put_together() -> None:
    parts = [
        {"name": "relationship", "valueCodeableConcept": {"text": "妻"}},
        {"name": "relationship", "valueCodeableConcept": {"text": "介護者"}},
        {"name": "name", "part": [{"name": "given", "valueString": "桜"}]},
        {"name": "gender", "valueCode": "female", "_valueCode": {"id": "i"}},
    ]
    after = _patched(PATIENT, operation("add", "Patient", {"part": parts}, name="contact"))
    assert after["contact"][2] == {
        "relationship": [{"text": "妻"}, {"text": "介護者"}],
        "name": {"given": ["桜"]},
        "gender": "female",
        "_gender": {"id": "i"},
    }


def test_parts_know_choices_inside_them() -> None:
    parts = [
        {"name": "code", "valueCodeableConcept": {"text": "収縮期"}},
        {"name": "value", "valueQuantity": {"value": 120}},
        {"name": "referenceRange", "part": [{"name": "text", "valueString": "a"}]},
    ]
    asking = operation("add", "Observation", {"part": parts}, name="component")
    assert _patched(OBSERVATION, asking)["component"] == [
        {
            "code": {"text": "収縮期"},
            "valueQuantity": {"value": 120},
            "referenceRange": [{"text": "a"}],
        }
    ]


def test_a_quantity_may_be_a_duration() -> None:
    encounter = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}
    encounter["subject"] = {"reference": "Patient/p1"}
    asking = operation("add", "Encounter", {"valueQuantity": {"value": 2}}, name="length")
    assert _patched(encounter, asking)["length"] == {"value": 2}


def test_a_resource_may_be_contained() -> None:
    up = {"reference": "#"}
    inner = {"resourceType": "Organization", "id": "o", "name": "輪島病院", "partOf": up}
    after = _patched(PATIENT, operation("add", "Patient", {"resource": inner}, name="contained"))
    assert after["contained"] == [inner]
    path = "Patient.contained.where(id = 'o').name"
    after = _patched(after, operation("replace", path, {"valueString": "珠洲病院"}))
    assert after["contained"][0]["name"] == "珠洲病院"


def test_every_digit_stays_where_it_is_and_as_it_was_given() -> None:
    before = parse(
        b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"subject":'
        b'{"reference":"Patient/p"},"valueQuantity":{"value":72.50},"component":'
        b'[{"code":{"text":"b"},"valueQuantity":{"value":1.0}}]}'
    )
    parameters = parse(
        b'{"resourceType":"Parameters","parameter":[{"name":"operation","part":['
        b'{"name":"type","valueCode":"replace"},'
        b'{"name":"path","valueString":"Observation.component.value"},'
        b'{"name":"value","valueQuantity":{"value":2.000}}]}]}'
    )
    assert b'"value":72.50' in render(fhirpath_patch(before, parameters))
    assert b'"value":2.000' in render(fhirpath_patch(before, parameters))
    assert b'"value":1.0}' in render(before)


def test_nothing_of_the_patch_lives_on_in_the_result() -> None:
    name = {"text": "a"}
    asking = asked(operation("add", "Patient", {"valueHumanName": name}, name="name"))
    fhirpath_patch(PATIENT, asking)["name"][2]["text"] = "b"
    assert name == {"text": "a"}


def test_nothing_to_do_is_no_error() -> None:
    assert fhirpath_patch(PATIENT, {"resourceType": "Parameters"}) == PATIENT
    assert _patched(PATIENT, operation("delete", "Patient.gender")) == PATIENT
    assert _patched(PATIENT, operation("delete", "Patient.contact[2].name.text")) == PATIENT
