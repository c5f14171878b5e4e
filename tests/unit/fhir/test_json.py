"""https://hl7.org/fhir/R4/json.html ; promise P5: what came in goes out."""

from __future__ import annotations

import copy
import json
import pickle
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import (
    Number,
    decimal_of,
    meaning_of,
    parse,
    parse_array,
    parse_resource,
    render,
)

if TYPE_CHECKING:
    from pathlib import Path

LEXEMES = [
    "72.50",
    "1.0e3",
    "0.000000001",
    "-0",
    "-0.0",
    "1E+2",
    "1e-7",
    "123456789012345678901234567890.1234567890",
    "9007199254740993",
    "-9007199254740992",
    "0",
    "-5",
    "42",
]
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+\-]*|true|false|null|[{}\[\]:,]')


def _lexemes(data: bytes) -> list[Any]:
    """Return every token of a JSON text: numbers as written, strings decoded."""
    return [
        json.loads(token) if token.startswith(b'"') else token for token in _TOKENS.findall(data)
    ]


def test_an_official_example_survives_token_by_token(example: Path) -> None:
    data = example.read_bytes()
    once = render(parse(data))
    assert _lexemes(once) == _lexemes(data)
    assert render(parse(once)) == once


def test_the_meaning_of_an_official_example_is_what_parsing_it_gives(example: Path) -> None:
    stored = render(parse(example.read_bytes()))
    assert meaning_of(stored) == parse_resource(stored)


@pytest.mark.parametrize("lexeme", [*LEXEMES, "9e308"])
def test_a_number_means_the_same_when_it_is_only_looked_at(lexeme: str) -> None:
    stored = f'{{"resourceType":"Observation","value":{lexeme}}}'.encode()
    assert float(meaning_of(stored)["value"]) == float(parse_resource(stored)["value"])


@pytest.mark.parametrize("lexeme", LEXEMES)
def test_a_number_keeps_how_it_was_written(lexeme: str) -> None:
    data = f'{{"value":{lexeme}}}'.encode()
    value = parse(data)
    assert render(value) == data
    assert decimal_of(value["value"]) == Decimal(lexeme)


@pytest.mark.parametrize(
    "text", ["𠮷野家", "葛\U000e0100城", "福", "﨑", "\ue000", "a\u0301", "\u202e"]
)
def test_every_character_survives(text: str) -> None:
    data = json.dumps({"text": text}, ensure_ascii=False, separators=(",", ":")).encode()
    assert render(parse(data)) == data


def test_small_integers_are_plain_ints_and_the_rest_are_numbers() -> None:
    value = parse(b'{"a":7,"b":7.0,"c":-0,"d":9007199254740992}')
    assert {key: type(item) for key, item in value.items()} == {
        "a": int,
        "b": Number,
        "c": Number,
        "d": Number,
    }


def test_a_number_counts_as_a_float_and_survives_copying() -> None:
    number = Number("72.50")
    assert number == 72.5
    assert number.decimal.as_tuple().digits == (7, 2, 5, 0)
    copies = [copy.copy(number), copy.deepcopy(number), pickle.loads(pickle.dumps(number))]  # noqa: S301 - our own bytes
    assert [made.text for made in copies] == ["72.50"] * 3


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert parse(rb'{"a":"\\u0000"}') == {"a": "\\u0000"}


def test_surrogate_pairs_are_one_character() -> None:
    assert parse(rb'{"a":"\ud842\udfb7"}') == {"a": "𠮷"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a":1,"a":1}', "key 'a' twice"),
        ('{"山田太郎":1,"山田太郎":1}'.encode(), "has the key twice"),
        (b'{"b":{"a":1,"a":2}}', "twice"),
        (rb'{"a":"\u0000"}', "U+0000"),
        (rb'{"\u0000":1}', "U+0000"),
        (b'{"a":"\x00"}', "line 1, column 7"),
        (rb'{"a":"\ud800"}', "surrogate"),
        (rb'{"\udfff":1}', "surrogate"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "-Infinity"),
        (b'{"a":1e400}', "power of 308"),
        (b'{"a":0e999999999}', "power of 308"),
        (b'{"a":1e99999999999999999999}', "power of 308"),
        (b'{"a":' + b"9" * 257 + b"}", "256 characters"),
        (b'{"a":\n 1,}', "line 2"),
        (b'{"a":1} x', "Extra data"),
        (b'{"a":01}', "line 1"),
        (b"\xff", "byte 0"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b'"text"', "one JSON object"),
        (b"[]", "one JSON object"),
        (b"", "line 1"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "32 levels"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "32 levels"),
    ],
)
def test_ambiguous_or_hostile_json_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(data)
    assert caught.value.category is Category.INVALID
    assert message in caught.value.message
    assert "山田" not in caught.value.message


def test_depth_is_counted_in_levels() -> None:
    assert parse(b'{"a":' + b"[" * 31 + b"]" * 31 + b"}")
    assert parse(b'{"a":[[1]]}', max_depth=3) == {"a": [[1]]}
    with pytest.raises(Fault, match="2 levels"):
        parse(b'{"a":[[1]]}', max_depth=2)


@pytest.mark.parametrize("data", [b"{}", b'{"resourceType":1}', b'{"resourceType":"a/b"}'])
def test_a_resource_names_its_type(data: bytes) -> None:
    with pytest.raises(Fault) as caught:
        parse_resource(data)
    assert caught.value.at == ("resourceType",)


def test_what_is_no_json_is_not_written() -> None:
    with pytest.raises(TypeError):
        render({"a": object()})


_texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=15,
)


@given(st.dictionaries(_texts, _values, max_size=4))
def test_any_json_object_comes_back_the_same(value: dict[str, Any]) -> None:
    data = json.dumps(value, ensure_ascii=False).encode()
    assert json.loads(render(parse(data, max_depth=64))) == value


@given(st.from_regex(r"\A-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?\Z"))
def test_any_number_lexeme_survives(lexeme: str) -> None:
    data = b'{"a":' + lexeme.encode() + b"}"
    assert render(parse(data)) == data


@given(st.binary(max_size=40))
def test_arbitrary_bytes_give_an_object_or_a_fault(data: bytes) -> None:
    outcome: object
    try:
        outcome = parse(data)
    except Fault as fault:
        outcome = fault.category
    assert outcome is Category.INVALID or isinstance(outcome, dict)


def test_an_array_is_read_as_an_object_is() -> None:
    assert render(parse_array(b'\xef\xbb\xbf [{"a": 72.50}, [], "x"]')) == b'[{"a":72.50},[],"x"]'


@pytest.mark.parametrize(
    "body", [b"{}", b"5", b"[1", b"[NaN]", b'["\\ud800"]', b"[" * 99 + b"]" * 99]
)
def test_what_is_no_array_is_not_read(body: bytes) -> None:
    with pytest.raises(Fault) as refused:
        parse_array(body)
    assert refused.value.category is Category.INVALID
