"""FHIR JSON in and out, keeping every digit and character as it came.

https://hl7.org/fhir/R4/json.html

Reading refuses what two readers could understand in two ways: duplicate keys, U+0000, lone
surrogates, NaN. Numbers keep their lexeme (`72.50` stays `72.50`), for in FHIR the precision of a
decimal is part of its meaning. White space and the spelling of string escapes are not kept.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import orjson

from tasuki.shared.faults import Category, Fault

Resource = dict[str, Any]

MAX_DEPTH = 32  # levels of objects and arrays; real resources stay below 20
MAX_NUMBER_LENGTH = 256  # characters; FHIR asks for 18 digits at least
MAX_EXPONENT = 308  # a power of ten that a double can still hold
_SAFE_INTEGER = 2**53  # above it, readers using doubles disagree

_TYPE_NAME = re.compile(r"[A-Z][A-Za-z]{0,63}")
_BOM = b"\xef\xbb\xbf"
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_ELEMENT_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")


class Number(float):
    """A JSON number that knows how it was written.

    It counts and compares as a float; `text` is the lexeme, `decimal` its exact value.
    """

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Number:
        """Make a number from its JSON lexeme."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    @property
    def decimal(self) -> Decimal:
        """Return the exact value, with the digits as written."""
        return Decimal(self.text)

    def __repr__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        return (Number, (self.text,))

    def __copy__(self) -> Number:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Number:
        return self


def parse(data: bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return the JSON object in `data`: dict, list, str, int, `Number`, bool and None.

    Raises:
        Fault: INVALID, when the bytes are not one unambiguous JSON object in UTF-8.
    """
    return _parse(data, dict, max_depth)


def parse_array(data: bytes, *, max_depth: int = MAX_DEPTH) -> list[Any]:
    """Return the JSON array in `data`, read as `parse` reads an object.

    Raises:
        Fault: INVALID, when the bytes are not one unambiguous JSON array in UTF-8.
    """
    value: list[Any] = _parse(data, list, max_depth)
    return value


def parse_resource(data: bytes, *, max_depth: int = MAX_DEPTH) -> Resource:
    """Return the FHIR resource in `data`; only its `resourceType` has been looked at.

    Raises:
        Fault: INVALID, as `parse`, or without a resourceType.
    """
    value: Resource = parse(data, max_depth=max_depth)
    resource_type = value.get("resourceType")
    if not isinstance(resource_type, str) or _TYPE_NAME.fullmatch(resource_type) is None:
        raise Fault(
            Category.INVALID,
            "a FHIR resource needs a resourceType, for example Patient",
            at=("resourceType",),
        )
    return value


def meaning_of(stored: bytes) -> Resource:
    """Return a resource of our own store to be looked at, never to be written or sent.

    `parse_resource` read it before it was sealed, so that nothing is checked again; numbers are
    plain, without their lexemes.
    """
    try:
        meaning: Resource = orjson.loads(stored)
    except orjson.JSONDecodeError:  # a number that R4 allows and a double cannot hold
        return parse_resource(stored)
    return meaning


def verbatim(stored: bytes) -> orjson.Fragment:
    """Return stored JSON as a part of something to be rendered, byte by byte as it is."""
    return orjson.Fragment(stored)


def render(value: Any) -> bytes:
    """Return compact UTF-8 JSON: keys in their order, numbers by their lexeme."""
    return orjson.dumps(value, _fragment, orjson.OPT_PASSTHROUGH_SUBCLASS)


def decimal_of(value: Any) -> Decimal | None:
    """Return the exact value of a JSON number, or None for anything else (a boolean too)."""
    if isinstance(value, Number):
        return value.decimal
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return Decimal(repr(value))


def _parse(data: bytes, wanted: type, max_depth: int) -> Any:
    data = data.removeprefix(_BOM)
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _invalid(f"the body is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise _invalid(
            f"the body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except RecursionError:
        raise _too_deep(max_depth) from None
    if not isinstance(value, wanted):
        raise _invalid(f"the body must be one JSON {'array' if wanted is list else 'object'}")
    _check_depth(data, value, max_depth)
    _check_characters(data, value)
    return value


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)


def _invalid(message: str) -> Fault:
    return Fault(Category.INVALID, message)


def _too_deep(max_depth: int) -> Fault:
    return _invalid(f"the body nests deeper than {max_depth} levels")


def _integer(text: str) -> int | Number:
    if len(text) <= len(str(_SAFE_INTEGER)) + 1:
        number = int(text)
        if abs(number) < _SAFE_INTEGER and str(number) == text:
            return number
    return _number(text)


def _number(text: str) -> Number:
    if len(text) > MAX_NUMBER_LENGTH:
        raise _invalid(f"a number is longer than {MAX_NUMBER_LENGTH} characters")
    try:
        adjusted = Decimal(text).adjusted()
    except InvalidOperation:
        adjusted = MAX_EXPONENT + 1
    if abs(adjusted) > MAX_EXPONENT:
        raise _invalid(f"a number is beyond ten to the power of {MAX_EXPONENT}")
    return Number(text)


def _constant(text: str) -> NoReturn:
    raise _invalid(f"{text} is not a JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _duplicate([key for key, _ in pairs])
    return value


def _duplicate(keys: list[str]) -> Fault:
    twice = next(key for index, key in enumerate(keys) if key in keys[:index])
    # A key is free text in a hostile body: it is named only when it looks like an element.
    named = f" '{twice}'" if _ELEMENT_NAME.fullmatch(twice) else ""
    return _invalid(f"an object has the key{named} twice")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_number,
    parse_int=_integer,
    parse_constant=_constant,
)


def _check_depth(data: bytes, value: Any, max_depth: int) -> None:
    if data.count(b"{") + data.count(b"[") <= max_depth:
        return
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > max_depth:
            raise _too_deep(max_depth)
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]


def _check_characters(data: bytes, value: Any) -> None:
    # Raw U+0000 and raw surrogates never get here: JSON and UTF-8 forbid them. Escapes do.
    if _SUSPECT_ESCAPE.search(data) is None:
        return
    try:
        text = render(value)
    except TypeError:
        raise _invalid("a text holds half a character (a lone surrogate)") from None
    if _NUL_ESCAPE.search(text) is not None:
        raise _invalid("a text holds the character U+0000")
