"""https://hl7.org/fhir/R4/fhirpatch.html : every case HL7 publishes for FHIRPath Patch.

The cases are XML. `_resource` turns the few elements they use into JSON; what repeats is written
down here by hand, so that it does not lean on the tables under test.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch import fhirpath_patch

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

FHIR = "{http://hl7.org/fhir}"
XHTML = "{http://www.w3.org/1999/xhtml}"
FILE = Path(__file__).parents[3] / "data" / "fhir" / "patch" / "fhir-patch-tests.xml"
CASES = list(ElementTree.parse(FILE).getroot())  # noqa: S314 - our own copy
ALWAYS_LISTS = {"extension", "coding", "part", "parameter", "given", "line", "identifier"}
LISTS = {
    ("Patient", "name"),
    ("Patient", "telecom"),
    ("Patient", "address"),
    ("Patient", "contact"),
    ("contact", "relationship"),
    ("contact", "telecom"),
}
BOOLEANS = {"active", "deceasedBoolean"}
INTEGERS = {"valueInteger"}


def _resource(element: ElementTree.Element) -> Resource:
    name = element.tag.removeprefix(FHIR)
    return {"resourceType": name, **_object(element, name)}


def _object(element: ElementTree.Element, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: value for key, value in element.attrib.items() if key in {"id", "url"}
    }
    for child in element:
        if child.tag.startswith(XHTML):
            found["div"] = ElementTree.tostring(child, encoding="unicode").strip()
            continue
        key = child.tag.removeprefix(FHIR)
        many = key in ALWAYS_LISTS or (name, key) in LISTS
        inside = _object(child, key)
        if "value" in child.attrib:
            _put(found, key, _primitive(key, child.attrib["value"]), many=many)
            if inside:
                assert not many, "no case has an extension in a list of primitives"
                found[f"_{key}"] = inside
        else:
            _put(found, key, inside, many=many)
    return found


def _put(found: dict[str, Any], key: str, value: Any, *, many: bool) -> None:
    if many:
        found.setdefault(key, []).append(value)
    else:
        assert key not in found
        found[key] = value


def _primitive(key: str, text: str) -> str | bool | int:
    if key in BOOLEANS:
        return text == "true"
    return int(text) if key in INTEGERS else text


def _canonical(resource: Resource) -> Resource:
    """The same XHTML may be spelled in several ways."""
    if "text" in resource:
        text = resource["text"]
        div = ElementTree.canonicalize(text["div"], rewrite_prefixes=True)
        return {**resource, "text": {**text, "div": div}}
    return resource


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.attrib["name"])
def test_the_case_comes_out_as_published(case: ElementTree.Element) -> None:
    patient, parameters = _resource(case[0][0]), _resource(case[1][0])
    before, asked = copy.deepcopy(patient), copy.deepcopy(parameters)
    if case[2].tag == "error":
        with pytest.raises(Fault) as refused:
            fhirpath_patch(patient, parameters)
        assert refused.value.category is Category.STRUCTURE
    else:
        assert _canonical(fhirpath_patch(patient, parameters)) == _canonical(_resource(case[2][0]))
    assert (patient, parameters) == (before, asked)


def test_all_cases_are_there() -> None:
    assert len(CASES) == 33
    assert [case.attrib["name"] for case in CASES if case[2].tag == "error"] == [
        "Operation on missing element"
    ]
