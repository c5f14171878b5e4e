"""https://hl7.org/fhirpath/N1/ : the part of it that names places in a patch."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.fhir.patch.asking import URL, extension

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch.limits import MAX_EXPRESSION, MAX_VISITS, Meter
from tasuki.shared.fhir.patch.paths import compile_path
from tasuki.shared.fhir.patch.places import root

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "contained": [{"resourceType": "Patient", "active": True}],
    "extension": [extension("a"), {"url": "http://example.org/it's", "valueInteger": 5}],
    "active": True,
    "name": [
        {"use": "official", "text": "能登花子", "given": ["花子", "華子"]},
        {"use": "usual", "text": "ハナ"},
        {"use": "usual", "text": "はな", "period": {"end": "2020"}},
    ],
    "birthDate": "1950-01-01",
    "_birthDate": {"extension": [extension("b")]},
    "deceasedBoolean": False,
    "multipleBirthInteger": 2,
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "valueQuantity": {"value": 72.5, "unit": "kg"},
    "component": [
        {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueInteger": 1},
        {"code": {"coding": [{"code": "8462-4"}, {"code": "b"}]}, "valueString": "a"},
    ],
}


def _places(path: str, resource: dict[str, Any]) -> list[tuple[str | int, ...]]:
    return [place.path for place in compile_path(path).places(root(resource), Meter())]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Patient", [()]),
        ("Resource.birthDate", [("birthDate",)]),
        ("birthDate", [("birthDate",)]),
        ("Patient.`birthDate`", [("birthDate",)]),
        ("Patient . birthDate ", [("birthDate",)]),
        ("Patient.gender", []),
        ("Patient.name", [("name", 0), ("name", 1), ("name", 2)]),
        ("Patient.name[1]", [("name", 1)]),
        ("Patient.name[3]", []),
        ("Patient.name.first()", [("name", 0)]),
        ("Patient.name.last().text", [("name", 2, "text")]),
        ("Patient.name.given", [("name", 0, "given", 0), ("name", 0, "given", 1)]),
        ("Patient.name.given[1]", [("name", 0, "given", 1)]),
        ("Patient.name.where(use = 'usual')", [("name", 1), ("name", 2)]),
        ("Patient.name.where(use = 'usual')[0].text", [("name", 1, "text")]),
        ("Patient.name.where(use != 'usual')", [("name", 0)]),
        ("Patient.name.where(use = 'usual' and period.exists())", [("name", 2)]),
        ("Patient.name.where(use = 'usual' and period.empty())", [("name", 1)]),
        ("Patient.name.where(given.exists().not())", [("name", 1), ("name", 2)]),
        ("Patient.name.where(text = 'ハナ' or period.end = '2020')", [("name", 1), ("name", 2)]),
        ("Patient.name.where((use = 'usual') and (text = 'はな'))", [("name", 2)]),
        ("Patient.name.where(period.end = '2020')", [("name", 2)]),
        ("Patient.name.where(period.end != '2020')", []),
        ("Patient.name.where(use = 'official' and period.end = '2020')", []),
        ("Patient.name.where((period.end = '2020').not())", []),
        ("Patient.name.where((text = 'ハナ').not())", [("name", 0), ("name", 2)]),
        ("Patient.name.where(true)", [("name", 0), ("name", 1), ("name", 2)]),
        ("Patient.name.given.where($this = '華子')", [("name", 0, "given", 1)]),
        (r"Patient.name.where(text = '\u30cf\u30ca')", [("name", 1)]),
        (f"Patient.extension('{URL}')", [("extension", 0)]),
        (f"Patient.extension('{URL}').value", [("extension", 0, "valueString")]),
        (r"Patient.extension.where(url = 'http://example.org/it\'s')", [("extension", 1)]),
        ("Patient.extension.where(value = 5)", [("extension", 1)]),
        ("Patient.extension.where(value is integer)", [("extension", 1)]),
        (f"Patient.birthDate.extension('{URL}')", [("birthDate", "extension", 0)]),
        ("Patient.deceased", [("deceasedBoolean",)]),
        ("Patient.deceasedBoolean", [("deceasedBoolean",)]),
        ("Patient.deceased.ofType(boolean)", [("deceasedBoolean",)]),
        ("Patient.deceased.ofType(dateTime)", []),
        ("Patient.where(active).birthDate", [("birthDate",)]),
        ("Patient.where(deceased).birthDate", []),
        ("Patient.where(multipleBirth = 2.0).birthDate", [("birthDate",)]),
    ],
)
def test_a_path_leads_to_its_places(path: str, found: list[Any]) -> None:
    assert _places(path, PATIENT) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Observation.value.unit", [("valueQuantity", "unit")]),
        ("Observation.value.as(Quantity).unit", [("valueQuantity", "unit")]),
        ("(Observation.value as Quantity).unit", [("valueQuantity", "unit")]),
        ("Observation.value as Quantity", [("valueQuantity",)]),
        ("Observation.value.ofType(FHIR.Quantity)", [("valueQuantity",)]),
        ("Observation.value.ofType(string)", []),
        ("Observation.where(value.value = 72.50).value", [("valueQuantity",)]),
        ("Observation.component.value", [("component", 0, "valueInteger"), ("component", 1, "valueString")]),
        ("Observation.component.value.ofType(integer)", [("component", 0, "valueInteger")]),
        (
            ("Observation.component.where(code.coding.where(system = 'http://loinc.org' "
            "and code = '8480-6').exists()).value"),
            [("component", 0, "valueInteger")],
        ),
        ("Observation.component.where(code.coding.code = '8462-4')", []),  # two are not one
    ],
)  # fmt: skip
def test_a_path_leads_into_choices(path: str, found: list[Any]) -> None:
    assert _places(path, OBSERVATION) == found


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "Patient.",
        "Patient.name[",
        "Patient.name[-1]",
        "Patient.name[1.0]",
        "Patient.name['a']",
        "Patient.name.where()",
        "Patient.name.where(use = 'usual'",
        "Patient.name.where(use ~ 'usual')",
        "Patient.name.where(use > 'usual')",
        "Patient.birthDate = @1950-01-01",
        "Patient.name.where(use = @1950)",
        "Patient.name | Patient.telecom",
        "Patient.name.count()",
        "Patient.name.select(given)",
        "Patient.children()",
        "Patient.descendants()",
        "Patient.repeat(contact)",
        "Patient.generalPractitioner.resolve()",
        "Patient.name.given & 'a'",
        "Patient.name[0].given[0].replace('a', 'b')",
        "%resource.name",
        "%context",
        "Patient.name.where($index = 0)",
        "iif(true, Patient, Patient)",
        "Patient.extension(url)",
        "Patient.name and",
        "Patient name",
        "Patient.ofType('Patient')",
        "'unfinished",
        "Patient.name // comment",
        "(" * 500 + "Patient" + ")" * 490,
        "Patient.name" + ".where(period" * 17 + ".exists())" * 17,
    ],
)
def test_other_fhirpath_is_refused(path: str) -> None:
    with pytest.raises(Fault) as refused:
        compile_path(path)
    assert refused.value.category is Category.NOT_SUPPORTED
    assert not path or path not in refused.value.message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Observation.status", "another type"),
        ("HumanName.text", "another type"),
        ("Patient.name.where(Patient.active)", "another type"),
        ("Patient.contained.where(Patient.active)", "another type"),
        ("Patient.himitsu", "has not"),
        ("Patient.resourceType", "has not"),
        ("Patient._birthDate", "has not"),
        ("Patient.birthDate.value", "has not"),
        ("Patient.name.where(himitsu = 'a')", "has not"),
        ("Patient.name.where(use)", "neither true nor false"),
        ("Patient.name.where('a')", "neither true nor false"),
        ("Patient.name.use.where('a'.length = 1)", "plain value"),
        ("Patient.name.exists()", "no element"),
        ("'a'", "no element"),
        ("true", "no element"),
    ],
)
def test_a_path_that_makes_no_sense_here_says_so(path: str, words: str) -> None:
    with pytest.raises(Fault) as refused:
        _places(path, PATIENT)
    assert refused.value.category is Category.STRUCTURE
    assert words in refused.value.message
    assert "himitsu" not in refused.value.message


def test_the_length_of_a_path_is_bounded() -> None:
    with pytest.raises(Fault) as refused:
        compile_path("a" * (MAX_EXPRESSION + 1))
    assert refused.value.category is Category.TOO_LARGE


def test_the_work_of_a_path_is_bounded() -> None:
    many = {"resourceType": "Patient", "name": [{"text": "a"}] * (MAX_VISITS // 40)}
    meter = Meter()
    filters = ".where(text = 'a')" * 50
    with pytest.raises(Fault) as refused:
        compile_path(f"Patient.name{filters}").places(root(many), meter)
    assert refused.value.category is Category.TOO_COSTLY


def test_null_in_a_list_is_no_place() -> None:
    name = {"given": [None, "a"], "_given": [{"id": "i"}, None]}
    both = {"resourceType": "Patient", "name": [name]}
    assert _places("Patient.name.given", both) == [("name", 0, "given", 0), ("name", 0, "given", 1)]
    assert _places("Patient.name.given.where($this = 'a')", both) == [("name", 0, "given", 1)]
    del name["_given"]
    assert _places("Patient.name.given", both) == [("name", 0, "given", 1)]
