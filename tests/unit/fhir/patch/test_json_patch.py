"""https://www.rfc-editor.org/rfc/rfc6902 : the published cases, numbers, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import MAX_DEPTH, Number, parse, parse_array, render
from tasuki.shared.fhir.patch import json_patch
from tasuki.shared.fhir.patch.limits import MAX_CARRIED, MAX_OPERATIONS

HL7 = Path(__file__).parents[3] / "data" / "fhir" / "patch" / "json-patch-tests.json"
CASES: list[dict[str, Any]] = json.loads(HL7.read_bytes())

# Appendix A of the RFC. A.13 is about the bytes: see the test of duplicate members.
APPENDIX: dict[str, tuple[str, str, str | None]] = {
    "A.1": (
        '{"foo": "bar"}',
        '[{"op": "add", "path": "/baz", "value": "qux"}]',
        '{"baz": "qux", "foo": "bar"}',
    ),
    "A.2": (
        '{"foo": ["bar", "baz"]}',
        '[{"op": "add", "path": "/foo/1", "value": "qux"}]',
        '{"foo": ["bar", "qux", "baz"]}',
    ),
    "A.3": (
        '{"baz": "qux", "foo": "bar"}',
        '[{"op": "remove", "path": "/baz"}]',
        '{"foo": "bar"}',
    ),
    "A.4": (
        '{"foo": ["bar", "qux", "baz"]}',
        '[{"op": "remove", "path": "/foo/1"}]',
        '{"foo": ["bar", "baz"]}',
    ),
    "A.5": (
        '{"baz": "qux", "foo": "bar"}',
        '[{"op": "replace", "path": "/baz", "value": "boo"}]',
        '{"baz": "boo", "foo": "bar"}',
    ),
    "A.6": (
        '{"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}',
        '[{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}]',
        '{"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}',
    ),
    "A.7": (
        '{"foo": ["all", "grass", "cows", "eat"]}',
        '[{"op": "move", "from": "/foo/1", "path": "/foo/3"}]',
        '{"foo": ["all", "cows", "eat", "grass"]}',
    ),
    "A.8": (
        '{"baz": "qux", "foo": ["a", 2, "c"]}',
        (
            '[{"op": "test", "path": "/baz", "value": "qux"},'
            ' {"op": "test", "path": "/foo/1", "value": 2}]'
        ),
        '{"baz": "qux", "foo": ["a", 2, "c"]}',
    ),
    "A.9": ('{"baz": "qux"}', '[{"op": "test", "path": "/baz", "value": "bar"}]', None),
    "A.10": (
        '{"foo": "bar"}',
        '[{"op": "add", "path": "/child", "value": {"grandchild": {}}}]',
        '{"foo": "bar", "child": {"grandchild": {}}}',
    ),
    "A.11": (
        '{"foo": "bar"}',
        '[{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}]',
        '{"foo": "bar", "baz": "qux"}',
    ),
    "A.12": ('{"foo": "bar"}', '[{"op": "add", "path": "/baz/bat", "value": "qux"}]', None),
    "A.14": (
        '{"/": 9, "~1": 10}',
        '[{"op": "test", "path": "/~01", "value": 10}]',
        '{"/": 9, "~1": 10}',
    ),
    "A.15": ('{"/": 9, "~1": 10}', '[{"op": "test", "path": "/~01", "value": "10"}]', None),
    "A.16": (
        '{"foo": ["bar"]}',
        '[{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}]',
        '{"foo": ["bar", ["abc", "def"]]}',
    ),
}

WEIGHT = b'{"resourceType":"Observation","id":"o","valueQuantity":{"value":72.50},"x":[1.0,2e1]}'
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z", "tag": [{"code": "a"}]},
    "gender": "female",
    "name": [{"text": "能登花子"}],
}


def _op(op: str, path: str, **members: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **members}


def _refused(operations: Any, document: dict[str, Any] = PATIENT) -> Fault:
    before, asked = copy.deepcopy(document), copy.deepcopy(operations)
    with pytest.raises(Fault) as refused:
        json_patch(document, operations)
    assert (document, operations) == (before, asked)
    return refused.value


@pytest.mark.parametrize("name", APPENDIX)
def test_the_appendix_of_the_rfc(name: str) -> None:
    document, operations, expected = APPENDIX[name]
    before = parse(document.encode())
    if expected is None:
        fault = _refused(parse_array(operations.encode()), before)
        assert (fault.category, fault.at) == (Category.STRUCTURE, ("[0]",))
    else:
        assert json_patch(before, parse_array(operations.encode())) == json.loads(expected)
        assert render(before) == render(parse(document.encode()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_the_cases_of_hl7(case: dict[str, Any]) -> None:
    if "error" in case:
        assert _refused(case["patch"], case["doc"]).category is Category.STRUCTURE
    else:
        assert json_patch(case["doc"], case["patch"]) == case["expected"]


def test_a_member_given_twice_is_refused_before_it_is_a_patch() -> None:
    with pytest.raises(Fault, match="the key 'op' twice"):
        parse_array(b'[{"op":"add","path":"/baz","value":"qux","op":"remove"}]')


def test_every_digit_stays_where_it_is_and_as_it_was_given() -> None:
    operations = parse_array(
        b'[{"op":"add","path":"/x/0","value":0.10},{"op":"copy","from":"/x/1","path":"/y"},'
        b'{"op":"move","from":"/x/2","path":"/z"},{"op":"replace","path":"/x/1","value":7.000}]'
    )
    assert render(json_patch(parse(WEIGHT), operations)) == (
        b'{"resourceType":"Observation","id":"o","valueQuantity":{"value":72.50},'
        b'"x":[0.10,7.000],"y":1.0,"z":2e1}'
    )


@pytest.mark.parametrize(
    ("lexeme", "holds"),
    [
        ("72.5", True),
        ("72.500", True),
        ("725e-1", True),
        ("72.51", False),
        ("72.50000000000000000000000001", False),
        ('"72.50"', False),
        ("true", False),
        ("null", False),
    ],
)
def test_a_test_compares_numbers_by_value(lexeme: str, *, holds: bool) -> None:
    document = parse(WEIGHT)
    operations = parse_array(
        b'[{"op":"test","path":"/valueQuantity/value","value":' + lexeme.encode() + b"}]"
    )
    if holds:
        assert render(json_patch(document, operations)) == WEIGHT
    else:
        assert "test" in _refused(operations, document).message


@pytest.mark.parametrize(
    ("value", "given"), [(True, 1), (1, True), (False, 0), ([1], [True]), ({}, []), (None, False)]
)
def test_a_test_confuses_no_types(value: Any, given: Any) -> None:
    document = {"resourceType": "Basic", "x": value}
    assert "test" in _refused([_op("test", "/x", value=given)], document).message


def test_a_test_may_look_at_anything() -> None:
    operations = [
        _op("test", "", value=dict(reversed(PATIENT.items()))),
        _op("test", "/id", value="p1"),
        _op("test", "/meta/versionId", value="3"),
    ]
    assert json_patch(PATIENT, operations) == PATIENT


def test_nothing_of_the_patch_lives_on_in_the_result() -> None:
    operations: list[dict[str, Any]] = [
        _op("add", "/name/-", value={"text": "a"}),
        _op("add", "/name/1/use", value="usual"),
    ]
    json_patch(PATIENT, operations)["name"][1]["text"] = "b"
    assert operations[0]["value"] == {"text": "a"}


@pytest.mark.parametrize(
    "operation",
    [
        _op("replace", "/resourceType", value="Observation"),
        _op("remove", "/id"),
        _op("add", "/id", value="p2"),
        _op("add", "/_id", value={"id": "a"}),
        _op("move", "/language", **{"from": "/id"}),
        _op("copy", "/id", **{"from": "/gender"}),
        _op("replace", "/meta/versionId", value="3"),
        _op("remove", "/meta/lastUpdated"),
        _op("add", "/meta/_versionId", value={"id": "a"}),
        _op("move", "/language", **{"from": "/meta/versionId"}),
        _op("replace", "/meta", value={"versionId": "4"}),
        _op("add", "/meta", value={"lastUpdated": "2027-01-01T00:00:00Z"}),
        _op("replace", "", value={"resourceType": "Patient", "id": "p1"}),
        _op("move", "/contained", **{"from": ""}),
    ],
)
def test_what_is_not_the_callers_stays(operation: dict[str, Any]) -> None:
    fault = _refused([operation])
    assert fault.category is Category.STRUCTURE
    assert "may not" in fault.message


@pytest.mark.parametrize(
    ("operation", "meta"),
    [
        (_op("remove", "/meta"), {}),
        (_op("replace", "/meta", value={"tag": [{"code": "b"}]}), {"tag": [{"code": "b"}]}),
        (_op("add", "/meta/tag/-", value={"code": "b"}), {"tag": [{"code": "a"}, {"code": "b"}]}),
    ],
)
def test_the_rest_of_meta_is_the_callers(operation: dict[str, Any], meta: dict[str, Any]) -> None:
    servers = {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z"}
    assert json_patch(PATIENT, [operation])["meta"] == {**servers, **meta}


@pytest.mark.parametrize(
    "operations",
    [
        None,
        {},
        "[]",
        _op("remove", "/gender"),
        [None],
        ["remove"],
        [{}],
        [{"op": "remove"}],
        [{"op": ["remove"], "path": "/gender"}],
        [_op("delete", "/gender")],
        [_op("remove", "gender")],
        [_op("remove", "/gender~2")],
        [{"op": "remove", "path": 5}],
        [{"op": "remove", "path": ["gender"]}],
        [_op("add", "/gender")],
        [_op("test", "/gender")],
        [_op("move", "/gender")],
        [_op("copy", "/gender", **{"from": None})],
    ],
)
def test_what_is_no_patch_is_not_understood(operations: Any) -> None:
    assert _refused(operations).category is Category.INVALID


@pytest.mark.parametrize(
    "operation",
    [
        _op("remove", "/birthDate"),
        _op("replace", "/birthDate", value="2000-01-01"),
        _op("remove", "/name/1"),
        _op("remove", "/name/-"),
        _op("remove", "/name/00"),
        _op("remove", "/name/-1"),
        _op("replace", "/name/-", value={}),
        _op("add", "/name/2", value={}),
        _op("add", "/name/a", value={}),
        _op("add", "/gender/0", value="a"),
        _op("add", "/gender/code", value="a"),
        _op("copy", "/name/-", **{"from": "/name/-"}),
        _op("move", "/name/0/text/a", **{"from": "/name/0"}),
        _op("remove", "/name/" + "9" * 5000),
        _op("test", "/name/-", value={}),
        _op("test", "/birthDate", value=None),
    ],
)
def test_a_place_that_is_not_there_is_refused(operation: dict[str, Any]) -> None:
    fault = _refused([_op("replace", "/gender", value="other"), operation])
    assert (fault.category, fault.at) == (Category.STRUCTURE, ("[1]",))


def test_copies_of_copies_do_not_grow_without_end() -> None:
    document = {"resourceType": "Basic", "x": ["a" * 1000]}
    doubling = [_op("copy", "/x/-", **{"from": "/x"}) for _ in range(20)]
    assert _refused(doubling, document).category in {Category.TOO_COSTLY, Category.STRUCTURE}
    flat = [_op("copy", f"/y{index}", **{"from": "/x"}) for index in range(20)]
    assert json_patch(document, flat)["y19"] == document["x"]
    document["x"] = ["a" * (MAX_CARRIED // 2)]
    assert _refused(flat, document).category is Category.TOO_COSTLY


def test_no_operation_nests_deeper_than_a_body_may() -> None:
    document = {"resourceType": "Basic", "x": {"x": {}}, "y": {"y": {}}}
    doubling = [_op("copy", "/x/x/x", **{"from": "/x"}) for _ in range(MAX_DEPTH)]
    weaving = [
        _op("move", "/y/y/x", **{"from": "/x"}),
        *[_op("add", "/y/y/x/x/" + "/".join("x" * depth), value={}) for depth in range(1, 40)],
    ]
    for operations in (doubling, weaving):
        fault = _refused(operations, document)
        assert fault.category is Category.STRUCTURE
        assert "deeper" in fault.message


@pytest.mark.parametrize("verb", ["add", "copy", "move"])
def test_what_is_written_can_be_read_again(verb: str) -> None:
    inner: Any = {}
    for _ in range(MAX_DEPTH - 3):
        inner = {"x": inner}
    document = {"resourceType": "Basic", "x": inner, "y": {"y": {}}}
    given = {"value": inner} if verb == "add" else {"from": "/x"}
    after = json_patch(document, [_op(verb, "/y/z", **given)])
    assert parse(render(after)) == after
    assert "deeper" in _refused([_op(verb, "/y/y/z", **given)], document).message


def test_the_number_of_operations_is_bounded() -> None:
    operation = _op("test", "/gender", value="female")
    assert json_patch(PATIENT, [operation] * MAX_OPERATIONS) == PATIENT
    assert _refused([operation] * (MAX_OPERATIONS + 1)).category is Category.TOO_LARGE


def test_no_fault_repeats_a_value() -> None:
    document = {**PATIENT, "gender": "himitsu"}
    for operation in (
        _op("test", "/gender", value="naisho"),
        _op("remove", "/gender/naisho"),
        _op("naisho", "/gender"),
        _op("move", "/naisho/himitsu", **{"from": "/gender/himitsu"}),
    ):
        fault = _refused([operation], document)
        assert not [word for word in ("himitsu", "naisho") if word in fault.message]


def test_a_number_is_never_made_a_float() -> None:
    after = json_patch(parse(WEIGHT), parse_array(b'[{"op":"add","path":"/w","value":1.10}]'))
    assert [type(after["w"]), after["w"].text] == [Number, "1.10"]
