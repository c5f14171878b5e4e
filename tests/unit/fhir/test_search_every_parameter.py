"""https://hl7.org/fhir/R4/searchparameter-registry.html : every parameter finds what it should.

For each parameter of each served type, and each place and datatype its expression can lead to, a
resource is made from the R4 models that must be found, and asked for something it does not hold.
Datatypes that HL7 lists and that hold nothing to search for are named in `_SILENT`.
"""

from __future__ import annotations

import re
import typing
from typing import Any

import pytest

from tasuki.shared.fhir.models import _parts, _primitive_name, model_of, validate
from tasuki.shared.fhir.search import SearchParameter, parse_query, search_parameters
from tasuki.shared.fhir.types import SERVED_TYPES

BASE = "https://ehr.example/fhir"
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
JP = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition"
CODING = {"system": "http://s", "code": "hit"}
DAY = "2026-01-05"
NIGHT = "2026-01-05T23:59:59+09:00"

# By kind of parameter and datatype: what is held, what finds it, what does not.
_SAMPLES: dict[tuple[str, str], tuple[Any, str, str]] = {
    ("token", "CodeableConcept"): ({"coding": [CODING]}, "http://s|hit", "http://s|miss"),
    ("token", "Coding"): (CODING, "http://s|hit", "http://t|hit"),
    ("token", "Identifier"): ({"system": "http://s", "value": "hit"}, "http://s|hit", "|hit"),
    ("token", "ContactPoint"): ({"system": "phone", "value": "03-1"}, "phone|031", "fax|031"),
    ("token", "code"): ("hit", "hit", "miss"),
    ("token", "id"): ("hit", "hit", "HIT"),
    ("token", "string"): ("hit", "hit", "miss"),
    ("token", "boolean"): (True, "true", "false"),
    ("reference", "Reference"): (None, "", ""),  # made for its target
    ("reference", "canonical"): ("http://q/hit|2", "http://q/hit", "http://q/miss"),
    ("reference", "uri"): ("http://q/hit", "http://q/hit", "http://q/miss"),
    ("string", "string"): ("ﾋｯﾄ", "ひっと", "みす"),
    ("string", "markdown"): ("ﾋｯﾄ", "ひっと", "みす"),
    ("string", "HumanName"): ({"family": "能登"}, "能", "登"),
    ("string", "Address"): ({"city": "輪島市"}, "輪島", "珠洲"),
    ("uri", "uri"): ("http://u/hit", "http://u/hit", "http://u"),
    ("uri", "url"): ("http://u/hit", "http://u/hit", "http://u"),
    ("uri", "canonical"): ("http://u/hit|1", "http://u/hit", "http://u"),
    ("date", "date"): (DAY, DAY, "2026-01-06"),
    ("date", "dateTime"): (NIGHT, DAY, "2026-01-06"),
    ("date", "instant"): (NIGHT, DAY, "2026-01-06"),
    ("date", "Period"): ({"start": DAY, "end": DAY}, DAY, "2026-01-06"),
    ("date", "Timing"): ({"event": [NIGHT]}, DAY, "2026-01-06"),
    ("quantity", "Quantity"): ({"value": 5, "unit": "g"}, "5||g", "5||mg"),
    ("quantity", "Age"): ({"value": 5}, "5", "6"),
    ("quantity", "Duration"): ({"value": 5}, "gt4", "gt5"),
    ("quantity", "Range"): ({"low": {"value": 5}, "high": {"value": 5}}, "5", "6"),
}
# An age or a text is no date, a sampled curve no quantity, a scan no reference; HL7's expressions
# lead to them all the same.
_SILENT = {
    ("Immunization", "date", "string"),
    ("CarePlan", "activity-date", "string"),
    ("Procedure", "date", "Age"),
    ("Procedure", "date", "Range"),
    ("Procedure", "date", "string"),
    ("Consent", "source-reference", "Attachment"),
    ("Observation", "value-quantity", "SampledData"),
    ("Observation", "component-value-quantity", "SampledData"),
    ("Observation", "combo-value-quantity", "SampledData"),
}


def _extension(name: str, **value: Any) -> dict[str, Any]:
    return {"extension": [{"url": f"{JP}/{name}", **value}]}


def _kana(use: str) -> dict[str, Any]:
    extension = [{"url": REPRESENTATION, "valueCode": "SYL"}]
    return {"name": [{"use": use, "text": "ノト", "extension": extension}]}


# By hand: expressions with a condition. What is held, what finds it, what does not.
_BY_HAND: dict[tuple[str, str], tuple[dict[str, Any], str, str]] = {
    ("Patient", "jp-kana-sort"): (_kana("usual"), "のと", "わじま"),
    ("Patient", "deceased"): ({"deceasedDateTime": DAY}, "true", "false"),
    ("Coverage", "jp-insured-personsymbol"): (
        _extension("JP_Coverage_InsuredPersonSymbol", valueString="あいう"),
        "あいう",
        "かきく",
    ),
    ("Coverage", "jp-insured-personnumber"): (
        _extension("JP_Coverage_InsuredPersonNumber", valueString="１２３"),
        "123",
        "223",
    ),
    ("Coverage", "jp-insured-personsubnumber"): (
        _extension("JP_Coverage_InsuredPersonSubNumber", valueString="05"),
        "05",
        "06",
    ),
    ("MedicationRequest", "jp-medication-start"): (
        {
            "dosageInstruction": [
                _extension("JP_MedicationDosage_PeriodOfUse", valuePeriod={"start": DAY})
            ]
        },
        DAY,
        "2026-01-06",
    ),
    ("Organization", "jp-insurance-organizationcategory"): (
        _extension("JP_Organization_InsuranceOrganizationCategory", valueCoding=CODING),
        "http://s|hit",
        "miss",
    ),
    ("Organization", "jp-insurance-organizationno"): (
        _extension(
            "JP_Organization_InsuranceOrganizationNo",
            valueIdentifier={"system": "http://s", "value": "hit"},
        ),
        "http://s|hit",
        "miss",
    ),
    ("Organization", "jp-prefectureno"): (
        _extension("JP_Organization_PrefectureNo", valueCoding=CODING),
        "http://s|hit",
        "miss",
    ),
    **{
        (type_, system): (
            {"telecom": [{"system": system, "value": "a@b"}, {"system": "fax", "value": "c@d"}]},
            "a@b",
            "c@d",
        )
        for type_ in ("Patient", "Practitioner", "PractitionerRole", "RelatedPerson")
        for system in ("email", "phone")
    },
}

_RESOLVED = re.compile(r"\.where\(resolve\(\) is ([A-Za-z]+)\)")
_TYPED = re.compile(r"\.(?:as|ofType)\(([A-Za-z]+)\)")


def _alternatives(parameter: SearchParameter) -> list[tuple[list[str], str | None]]:
    """Return (path, target type or None) of each part of the expression, casts made JSON names."""
    found = []
    for part in re.sub(r"[()]", "", _marked(parameter.expression)).split("|"):
        resolved = re.search(r"@([A-Za-z]+)", part)
        path = re.sub(r"@[A-Za-z]+", "", part).strip().split(".")[1:]
        found.append((path, resolved and resolved[1]))
    return found


def _marked(expression: str) -> str:
    text = _RESOLVED.sub(r"@\1", expression)
    text = _TYPED.sub(lambda match: _suffix(match[1]), text)
    return re.sub(r" as ([A-Za-z]+)", lambda match: _suffix(match[1]), text)


def _suffix(datatype: str) -> str:
    return datatype[0].upper() + datatype[1:]


def _fields(model: Any, name: str) -> list[tuple[str, Any]]:
    """Return the (JSON name, field) an element can have: several for a choice."""
    fields = [(info.alias or key, info) for key, info in model.model_fields.items()]
    exact = [(alias, info) for alias, info in fields if alias == name]
    return exact or [
        (alias, info)
        for alias, info in fields
        if (info.json_schema_extra or {}).get("one_of_many") == name and not alias.startswith("_")
    ]


def _leaves(model: Any, path: list[str]) -> list[tuple[list[tuple[str, bool]], str]]:
    """Return ([(JSON name, is a list)], datatype) of every element the path leads to."""
    found = []
    for alias, info in _fields(model, path[0]):
        parts = list(_parts(info.annotation))
        step = (alias, any(typing.get_origin(part) is list for part in parts))
        primitive = next(filter(None, map(_primitive_name, parts)), None)
        if primitive is not None:
            assert len(path) == 1
            found.append(([step], primitive))
            continue
        inner = next(part for part in parts if hasattr(part, "get_model_klass")).get_model_klass()
        if len(path) == 1:
            found.append(([step], inner.__resource_type__))
        else:
            deeper = _leaves(inner, path[1:])
            found += [([step, *steps], datatype) for steps, datatype in deeper]
    return found


def _made(resource_type: str, steps: list[tuple[str, bool]], value: Any) -> dict[str, Any]:
    for name, is_list in reversed(steps):
        value = {name: [value] if is_list else value}
    return {"resourceType": resource_type, **value}


def _sample(parameter: SearchParameter, datatype: str, target: str | None) -> tuple[Any, str, str]:
    if datatype == "Reference":
        type_ = target or next(iter(parameter.target), "Group")
        return {"reference": f"{type_}/hit"}, f"{type_}/hit", f"{type_}/miss"
    return _SAMPLES[(parameter.type, datatype)]


def _cases(resource_type: str, code: str) -> list[tuple[dict[str, Any], str, str]]:
    parameter = search_parameters(resource_type)[code]
    if (resource_type, code) in _BY_HAND:
        held, hit, miss = _BY_HAND[(resource_type, code)]
        return [({"resourceType": resource_type, **held}, hit, miss)]
    cases = []
    for path, target in _alternatives(parameter):
        leaves = _leaves(model_of(resource_type), path)
        assert leaves, (code, path)
        for steps, datatype in leaves:
            if (resource_type, code, datatype) in _SILENT:
                continue
            held, hit, miss = _sample(parameter, datatype, target)
            cases.append((_made(resource_type, steps, held), hit, miss))
    return cases


EVERY = [
    (resource_type, code)
    for resource_type in sorted(SERVED_TYPES)
    for code, parameter in search_parameters(resource_type).items()
    if parameter.type != "composite"  # test_search_composites.py has all nine
]


def _matches(resource: dict[str, Any], name: str, value: str) -> bool:
    query = parse_query(resource["resourceType"], [(name, value)], strict=True, base=BASE)
    return query.matches(resource)


@pytest.mark.parametrize(("resource_type", "code"), EVERY)
def test_a_parameter_finds_what_it_is_for(resource_type: str, code: str) -> None:
    cases = _cases(resource_type, code)
    assert cases
    for resource, hit, miss in cases:
        rules = [fault.message for fault in validate(resource)]
        assert not [rule for rule in rules if "not an element" in rule]
        assert _matches(resource, code, hit)
        assert not _matches(resource, code, miss)
        assert not _matches({"resourceType": resource_type}, code, hit)
        assert _matches(resource, f"{code}:missing", "false")
        if code != "deceased":  # HL7's expression always says yes or no
            assert _matches({"resourceType": resource_type}, f"{code}:missing", "true")


def test_what_is_silent_is_there_and_finds_nothing() -> None:
    values: dict[str, tuple[Any, str]] = {
        "Age": ({"value": 5}, "ge0001"),
        "Range": ({"low": {"value": 5}}, "ge0001"),
        "string": ("毎朝", "ge0001"),
        "Attachment": ({"url": f"{BASE}/Consent/c"}, "Consent/c"),
        "SampledData": ({"origin": {"value": 5}, "period": 1, "dimensions": 1}, "5"),
    }
    for resource_type, code, datatype in _SILENT:
        leaves = [
            steps
            for path, _ in _alternatives(search_parameters(resource_type)[code])
            for steps, held in _leaves(model_of(resource_type), path)
            if held == datatype
        ]
        assert leaves, (resource_type, code, datatype)
        for steps in leaves:
            held, asked = values[datatype]
            assert not _matches(_made(resource_type, steps, held), code, asked)


def test_kana_is_found_only_where_it_is_the_usual_name() -> None:
    assert not _matches({"resourceType": "Patient", **_kana("old")}, "jp-kana-sort", "のと")
