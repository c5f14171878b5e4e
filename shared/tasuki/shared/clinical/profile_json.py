"""The profile as JSON: versioned and append-only, so that yesterday's stored profiles stay readable.

A member once written keeps its name and meaning. New members get a default; members this reader does
not know are passed over. Members equal to their default are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from tasuki.shared.faults import Category, Fault

T = TypeVar("T")


def plain(value: object) -> Any:
    """Return a dataclass tree as JSON objects, arrays and strings; free JSON inside is kept as is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(member)
            for field in fields(value)
            if (member := getattr(value, field.name)) != field.default
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def rebuilt(kind: type[T], data: object) -> T:
    """Return a dataclass of this kind from what `plain` made.

    Raises:
        Fault: STRUCTURE when a required member is missing or has another shape.
    """
    try:
        return _instance(kind, data)
    except (TypeError, ValueError, KeyError, AttributeError):
        # Not chained: what Python says of a bad value repeats the value.
        raise Fault(Category.STRUCTURE, "the stored profile cannot be read") from None


def _instance(kind: type[T], data: object) -> T:
    if not isinstance(data, Mapping):
        raise TypeError
    shape: Any = kind
    hints = _hints(shape)
    given = {
        field.name: _value(hints[field.name], data[field.name])
        for field in _fields(kind)
        if field.name in data or field.default is MISSING
    }
    return kind(**given)


def _value(hint: Any, data: Any) -> Any:
    origin = get_origin(hint)
    if origin is UnionType:  # the only unions are `X | None`
        return None if data is None else _value(get_args(hint)[0], data)
    if origin is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in _array(data))
    if isinstance(hint, type):
        return _leaf(hint, data)
    return data


def _leaf(kind: type, data: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(data)
    if issubclass(kind, date):  # a datetime too
        return kind.fromisoformat(data)
    return _instance(kind, data) if is_dataclass(kind) else data


def _array(data: object) -> Sequence[Any]:
    if not isinstance(data, list):
        raise TypeError
    return data


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _fields(kind: Any) -> tuple[Field[Any], ...]:
    return fields(kind)
