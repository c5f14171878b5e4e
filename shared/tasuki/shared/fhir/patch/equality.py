"""When two JSON values mean the same.

https://www.rfc-editor.org/rfc/rfc6902#section-4.6

Numbers are the same when they are numerically equal, digit for digit and not only as doubles: 1.0
is 1.00, and neither is `true`. Objects are the same in any order of their members.
"""

from __future__ import annotations

from typing import Any

from tasuki.shared.fhir.json import decimal_of


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values mean the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    number = decimal_of(one)
    if number is not None:
        return number == decimal_of(other)
    return type(one) is type(other) and bool(one == other)
