"""HL7's FHIRPath tests: what the compiler reads it answers as HL7 does, the rest it refuses.

https://github.com/FHIR/fhir-test-cases/blob/master/r4/fhirpath/tests-fhir-r4.xml
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from tests.corpus import DATA

from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.search.expressions import ExpressionError, compile_expression

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_IN_SUBSET = """testExtractBirthDate testPatientHasBirthDate testPatientTelecomTypes testSimple testSimpleNone
    testSimpleWithContext testPolymorphismA testPolymorphismAsA testPolymorphismAsAFunction
    testPolymorphismAsBFunction testLiteralTrue testExists1 testEquality9 testEquality10
    testEquality11 testEquality25 testNEquality4 testNEquality5 testNEquality19
    testBooleanLogicAnd1 testBooleanLogicAnd2 testBooleanLogicAnd4 testBooleanLogicAnd5
    testExtension1 testPolymorphicsA"""
IN_SUBSET = frozenset(_IN_SUBSET.split())
# Errors of types, which HL7 wants told before anything is evaluated: here nothing is selected.
UNTYPED = frozenset({"testSimpleFail", "testSimpleWithWrongContext", "testPolymorphismAsB"})
# HL7's own type names only `value`; JP Core's parameters say `valuePeriod`, so both are read.
SUFFIXED = {"testPolymorphismB": ["lbs"], "testPolymorphicsB": [True]}
# Read by the compiler, but the resource they are asked of is not published with the tests.
WITHOUT_INPUT = frozenset({"testContainedId"})
READ = IN_SUBSET | UNTYPED | WITHOUT_INPUT | SUFFIXED.keys()

_ROOT = ElementTree.fromstring(  # noqa: S314 - a file of our own
    gzip.decompress((DATA / "fhir" / "fhirpath" / "tests-fhir-r4.xml.gz").read_bytes())
)
_ALL = list(_ROOT.iter("test"))
# A few names are used twice: the later ones get their place in the file.
CASES: dict[str, Element] = {str(case.get("name")): case for case in reversed(_ALL)} | {
    f"{case.get('name')}-{place}": case
    for place, case in enumerate(_ALL)
    if case.get("name") in {earlier.get("name") for earlier in _ALL[:place]}
}


def _expression(case: Element) -> str:
    return case.findtext("expression") or ""


def _answer(case: Element) -> list[Any]:
    name = str(case.get("inputfile")).partition(".")[0]
    resource = parse_resource((DATA / "fhir" / "hl7-r4" / f"{name}.json").read_bytes())
    found = compile_expression(_expression(case))(resource)
    return [bool(found)] if case.get("predicate") == "true" else found


def _wanted(case: Element) -> list[Any]:
    texts = [(one.get("type"), one.text or "") for one in case.findall("output")]
    return [text == "true" if kind == "boolean" else text.lstrip("@") for kind, text in texts]


def test_all_of_hl7s_cases_are_there() -> None:
    assert len(CASES) == len(_ALL) == 935
    assert CASES.keys() >= READ


@pytest.mark.parametrize("name", sorted(IN_SUBSET))
def test_what_is_read_is_answered_as_hl7_does(name: str) -> None:
    assert CASES[name].find("expression[@invalid]") is None
    assert _answer(CASES[name]) == _wanted(CASES[name])


@pytest.mark.parametrize("name", sorted(UNTYPED))
def test_what_cannot_be_by_its_type_selects_nothing(name: str) -> None:
    assert CASES[name].find("expression[@invalid='semantic']") is not None
    assert _answer(CASES[name]) == []


@pytest.mark.parametrize("name", sorted(SUFFIXED))
def test_a_choice_may_be_named_with_its_type(name: str) -> None:
    assert CASES[name].find("expression[@invalid='semantic']") is not None
    assert _answer(CASES[name]) == SUFFIXED[name]


def _compiles(expression: str) -> bool:
    try:
        compile_expression(expression)
    except ExpressionError:
        return False
    return True


def test_the_rest_of_fhirpath_is_refused() -> None:
    assert {name for name, case in CASES.items() if _compiles(_expression(case))} == READ
