"""Both ways of patching, on generated records: a patch made from two turns the one into the other.

The differences for FHIRPath Patch are made here, element by element, from what FHIR says about
Patient; those for JSON Patch by the library's own differ.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonpatch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.fhir.patch.asking import asked, extension, operation

from tasuki.shared.faults import Fault
from tasuki.shared.fhir.json import parse, parse_array, render
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.patch import fhirpath_patch, json_patch

WORDS = st.sampled_from(["a", "b", "能登", "花子", "~1/", "ー"])
EXTENSIONS = st.builds(lambda word: {"extension": [extension(word)]}, WORDS)
LEXEMES = st.from_regex(
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)


@st.composite
def names(draw: st.DrawFn) -> dict[str, Any]:
    """Return a HumanName; what is in `given` may have an extension, or be one alone."""
    pairs = draw(st.lists(st.tuples(st.none() | WORDS, st.none() | EXTENSIONS), max_size=4))
    pairs = [pair for pair in pairs if pair != (None, None)]
    name: dict[str, Any] = {"text": draw(WORDS)}
    if any(value is not None for value, _ in pairs):
        name["given"] = [value for value, _ in pairs]
    if any(beside is not None for _, beside in pairs):
        name["_given"] = [beside for _, beside in pairs]
    return name


SINGLE = {
    "active": ("Boolean", st.booleans()),
    "gender": ("Code", st.sampled_from(["male", "female"])),
    "birthDate": ("Date", st.sampled_from(["1950", "1950-01-01"])),
    "maritalStatus": ("CodeableConcept", st.builds(lambda text: {"text": text}, WORDS)),
    "deceasedBoolean": ("Boolean", st.booleans()),
    "deceasedDateTime": ("DateTime", st.just("2026-01-01")),
}
PRIMITIVES = ("active", "gender", "birthDate", "deceasedBoolean", "deceasedDateTime")
CHOICE = ("deceasedBoolean", "deceasedDateTime")


@st.composite
def patients(draw: st.DrawFn) -> dict[str, Any]:
    """Return a valid Patient."""
    patient: dict[str, Any] = {"resourceType": "Patient", "id": "p1"}
    for key in draw(st.sets(st.sampled_from(sorted(SINGLE)))):
        if key in CHOICE and patient.keys() & set(CHOICE):
            continue
        patient[key] = draw(SINGLE[key][1])
        if key in PRIMITIVES and draw(st.booleans()):
            patient[f"_{key}"] = draw(EXTENSIONS)
    if found := draw(st.lists(names(), max_size=4)):
        patient["name"] = found
    return patient


def _value(patient: dict[str, Any], key: str) -> dict[str, Any]:
    suffix = SINGLE[key][0]
    halves = {f"value{suffix}": patient.get(key), f"_value{suffix}": patient.get(f"_{key}")}
    return {name: half for name, half in halves.items() if half is not None}


def _difference(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for key in SINGLE:
        was, will = _value(before, key), _value(after, key)
        if was == will:
            continue
        if was and not will:
            found.insert(0, operation("delete", f"Patient.{key}"))
        elif will and not was:
            found.append(
                operation(
                    "add", "Patient", will, name=key.partition("Bool")[0].partition("DateTime")[0]
                )
            )
        else:
            found.append(operation("replace", f"Patient.{key}", will))
    return found + _list_difference(before.get("name", []), after.get("name", []))


def _list_difference(before: list[Any], after: list[Any]) -> list[dict[str, Any]]:
    now, found = list(before), []
    for index, wanted in enumerate(after):
        later = [at for at in range(index, len(now)) if now[at] == wanted]
        if later:
            now.insert(index, now.pop(later[0]))
            found.append(operation("move", "Patient.name", source=later[0], destination=index))
        else:
            now.insert(index, wanted)
            found.append(
                operation("insert", "Patient.name", {"valueHumanName": wanted}, index=index)
            )
    surplus = range(len(now) - 1, len(after) - 1, -1)
    return found + [operation("delete", f"Patient.name[{index}]") for index in surplus]


@settings(max_examples=100, deadline=None)
@given(patients(), patients())
def test_a_fhirpath_patch_from_one_to_another(before: Any, after: Any) -> None:
    was, wanted = copy.deepcopy(before), copy.deepcopy(after)
    patched = fhirpath_patch(before, asked(*_difference(before, after)))
    assert patched == wanted
    assert (before, after) == (was, wanted)
    assert validate(patched) == ()


@settings(max_examples=100, deadline=None)
@given(patients(), patients())
def test_a_json_patch_from_one_to_another(before: Any, after: Any) -> None:
    was, wanted = copy.deepcopy(before), copy.deepcopy(after)
    operations = list(jsonpatch.make_patch(before, after))
    asking = copy.deepcopy(operations)
    assert json_patch(before, operations) == wanted
    assert (before, after, operations) == (was, wanted, asking)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_moving_and_deleting_keeps_what_belongs_together(data: st.DataObject) -> None:
    words = ["a", "b", "c", "d", "e"][: data.draw(st.integers(1, 5))]
    marked = [data.draw(st.booleans()) for _ in words]
    beside = [extension(w) if m else None for w, m in zip(words, marked, strict=True)]
    name: dict[str, Any] = {"given": words}
    if any(marked):
        name["_given"] = [one and {"extension": [one]} for one in beside]
    patient = {"resourceType": "Patient", "name": [name]}
    operations = []
    left = len(words)
    for _ in range(data.draw(st.integers(0, 6))):
        at, to = (data.draw(st.integers(0, left - 1)) for _ in range(2))
        if left > 1 and data.draw(st.booleans()):
            operations.append(operation("delete", f"Patient.name.given[{at}]"))
            left -= 1
        else:
            operations.append(operation("move", "Patient.name.given", source=at, destination=to))
    (after,) = fhirpath_patch(patient, asked(*operations))["name"]
    halves = after.get("_given", [None] * left)
    assert len(after["given"]) == len(halves) == left
    for word, half in zip(after["given"], halves, strict=True):
        expected = {"extension": [extension(word)]} if marked[words.index(word)] else None
        assert half == expected


@settings(max_examples=200, deadline=None)
@given(LEXEMES, LEXEMES)
def test_no_digit_is_lost(kept: str, added: str) -> None:
    text = '{"resourceType":"Observation","valueQuantity":{"value":%s},"id":"o"}'
    resource = parse((text % kept).encode())
    operations = parse_array(
        b'[{"op":"add","path":"/x","value":%s},{"op":"copy","from":"/valueQuantity","path":"/y"}]'
        % added.encode()
    )
    assert (
        render(json_patch(resource, operations))
        == (text % kept).encode()[:-1] + f',"x":{added},"y":{{"value":{kept}}}}}'.encode()
    )
    part = '{"name":"value","valueQuantity":{"value":%s}}' % added
    parameters = parse(json.dumps(asked(operation("replace", "Observation.value"))).encode())
    parameters["parameter"][0]["part"].append(parse(part.encode()))
    assert render(fhirpath_patch(resource, parameters)) == (text % added).encode()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "a", "op", "/a", "Patient"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["op", "path", "from", "value", "name", "part", "valueString", "parameter"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
POINTERS = st.lists(
    st.sampled_from(
        ["", "0", "1", "-", "name", "given", "_given", "text", "meta", "id", "~0", "a"]
    ),
    max_size=5,
).map(lambda parts: "".join(f"/{part}" for part in parts))
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": POINTERS},
    optional={"from": POINTERS, "value": JSON},
)


@settings(max_examples=200, deadline=None)
@given(patients(), st.lists(OPERATIONS, max_size=6) | JSON)
def test_any_json_patch_is_done_or_refused(patient: Any, operations: Any) -> None:
    before = copy.deepcopy(patient)
    try:
        after = json_patch(patient, operations)
    except Fault:
        pass
    else:
        assert (after["resourceType"], after.get("id")) == ("Patient", "p1")
    assert patient == before


STEPS = st.sampled_from(
    [
        *["Patient", ".name", ".given", "[0]", "[1]", ".text", ".where(text = 'a')", ".first()"],
        *[".deceased", ".birthDate", ".extension", ".id", " as boolean", ".last()", "(", ")", "'"],
    ]
)
PARTS = st.sampled_from(["name", "value", "index", "source", "destination", "path"])
VALUES = st.dictionaries(
    st.sampled_from(["valueString", "valueInteger", "valueHumanName", "part", "_valueDate"]),
    JSON,
    max_size=1,
)
ASKED = st.builds(
    lambda kind, steps, more: {
        "name": "operation",
        "part": [
            {"name": "type", "valueCode": kind},
            {"name": "path", "valueString": "".join(steps)},
            *({"name": name, **value} for name, value in more.items()),
        ],
    },
    st.sampled_from(["add", "insert", "delete", "replace", "move"]),
    st.lists(STEPS, max_size=6),
    st.dictionaries(PARTS, VALUES, max_size=3),
)


@settings(max_examples=200, deadline=None)
@given(patients(), st.lists(ASKED, max_size=4) | JSON)
def test_any_fhirpath_patch_is_done_or_refused(patient: Any, operations: Any) -> None:
    before = copy.deepcopy(patient)
    try:
        after = fhirpath_patch(patient, {"resourceType": "Parameters", "parameter": operations})
    except Fault:
        pass
    else:
        assert (after["resourceType"], after["id"]) == ("Patient", "p1")
    assert patient == before
