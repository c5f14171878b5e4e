"""https://hl7.org/fhirpath/N1/ : the part SearchParameters use."""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.fhir.models import choices_of
from tasuki.shared.fhir.search.definitions import SearchParameter, search_parameters
from tasuki.shared.fhir.search.expressions import (
    CHOICES,
    ExpressionError,
    compile_expression,
)
from tasuki.shared.fhir.types import SERVED_TYPES

ALL = [
    (resource_type, parameter)
    for resource_type in sorted(SERVED_TYPES)
    for parameter in search_parameters(resource_type).values()
]


@pytest.mark.parametrize("resource_type", sorted(SERVED_TYPES))
def test_every_expression_of_a_served_type_compiles(resource_type: str) -> None:
    parameters = search_parameters(resource_type)
    assert {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"} <= set(parameters)
    found = {
        code: values
        for code, parameter in parameters.items()
        if (values := parameter.extract({"resourceType": resource_type}))
        and not parameter.components  # those start at the resource itself
    }
    assert found == ({"deceased": [False]} if resource_type == "Patient" else {})


def test_all_of_hl7s_parameters_are_there() -> None:
    assert len(ALL) == 771
    assert [parameter.url for _, parameter in ALL if not parameter.url.startswith("http")] == []


@pytest.mark.parametrize("resource_type", sorted(SERVED_TYPES))
def test_every_choice_element_in_use_is_known_as_one(resource_type: str) -> None:
    choices = choices_of(resource_type)
    for parameter in search_parameters(resource_type).values():
        for part in parameter.expression.split("|"):
            words = part.strip("( )").replace("(", ".").split(" ")[0].split(".")
            assert not (choices & set(words)) - CHOICES.keys(), parameter.code


def _observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", **elements}


PATIENT = {
    "resourceType": "Patient",
    "name": [
        {"use": "usual", "text": "能登", "extension": [{"url": "http://r", "valueCode": "IDE"}]},
        {"use": "usual", "text": "ノト", "extension": [{"url": "http://r", "valueCode": "SYL"}]},
        {
            "text": "のと",
            "extension": [{"url": "http://r", "valueCode": "SYL"}, {"url": "http://x"}],
        },
    ],
    "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}],
    "deceasedDateTime": "2024",
}


@pytest.mark.parametrize(
    ("expression", "resource", "values"),
    [
        ("Observation.code.coding.code", _observation(code={"coding": [{"code": "a"}, {}]}), ["a"]),
        ("Observation.value", _observation(valueString="a"), ["a"]),
        (
            "(Observation.value as Quantity)",
            _observation(valueQuantity={"value": 1}),
            [{"value": 1}],
        ),
        ("(Observation.value as Quantity)", _observation(valueString="a"), []),
        (
            "(Observation.value as CodeableConcept).text",
            _observation(valueCodeableConcept={"text": "a"}),
            ["a"],
        ),
        ("Observation.value.as(string)", _observation(valueString="a"), ["a"]),
        ("Observation.value.ofType(dateTime)", _observation(valueDateTime="2024"), ["2024"]),
        ("Observation.status", _observation(statusReason="no"), []),
        ("Observation.status", {"resourceType": "Patient", "status": "a"}, []),
        ("Resource.status", _observation(status="a"), ["a"]),
        ("Observation.status | Observation.id", _observation(id="i", status="s"), ["s", "i"]),
        ("Patient.telecom.where(system='phone').value", PATIENT, ["1"]),
        ("Patient.deceased.exists()", PATIENT, [True]),
        ("Patient.deceased.exists() and Patient.deceased != false", PATIENT, [True]),
        ("Patient.name.extension('http://r').value", PATIENT, ["IDE", "SYL", "SYL"]),
        (
            "Patient.name.where(extension('http://r').value.ofType(code)='SYL' and use='usual').text",
            PATIENT,
            ["ノト"],
        ),
        ("Patient.active = true", {"resourceType": "Patient", "active": True}, [True]),
        ("Patient.active = true", {"resourceType": "Patient"}, []),
    ],
)
def test_values(expression: str, resource: dict[str, Any], values: list[Any]) -> None:
    assert compile_expression(expression)(resource) == values


@pytest.mark.parametrize(
    ("deceased", "value"),
    [
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({}, False),
        ({"deceasedDateTime": "2024"}, True),
    ],
)
def test_hl7s_deceased_expression(deceased: dict[str, Any], *, value: bool) -> None:
    expression = "Patient.deceased.exists() and Patient.deceased != false"
    assert compile_expression(expression)({"resourceType": "Patient", **deceased}) == [value]


@pytest.mark.parametrize(
    ("holder", "found"),
    [
        ({"reference": "Patient/1"}, True),
        ({"reference": "http://x/Patient/1"}, True),
        ({"reference": "Group/1"}, False),
        ({"reference": "urn:uuid:a", "type": "Group"}, False),
        ({"type": "Patient", "identifier": {"value": "1"}}, True),
        ({"identifier": {"value": "1"}}, True),  # does not say: may be
        ("Patient/1", False),
    ],
)
def test_a_reference_tells_its_type(holder: Any, *, found: bool) -> None:
    run = compile_expression("Observation.subject.where(resolve() is Patient)")
    assert (run(_observation(subject=holder)) == [holder]) is found


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "Patient.",
        "Patient.name(",
        "Patient.name)",
        "Patient.name.first()",
        "a b",
        "'a' as b",
        "Patient.$this",
        "|",
        "Patient.(name)",
    ],
)
def test_what_cannot_be_read_is_an_error(expression: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(expression)


def test_a_parameter_extracts_by_its_expression() -> None:
    parameter = SearchParameter("x", "token", "Patient.gender", (), "Patient", "http://x")
    assert parameter.extract({"resourceType": "Patient", "gender": "female"}) == ["female"]
