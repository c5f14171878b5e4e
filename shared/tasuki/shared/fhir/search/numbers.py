"""Number and quantity search; how precisely a number is written says how near is near enough.

https://hl7.org/fhir/R4/search.html#number
https://hl7.org/fhir/R4/search.html#quantity
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import decimal_of
from tasuki.shared.fhir.search.escapes import split, unescape
from tasuki.shared.fhir.twins import canonical_system

_NUMBER = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?([+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:e[+-]?[0-9]{1,2})?)",
    re.IGNORECASE,
)
_QUANTITY_PARTS = (1, 3)  # number, or number|system|code

_Compare = Callable[[Decimal, Decimal, Decimal], bool]  # held, asked, half of the last digit


def _equal(held: Decimal, asked: Decimal, half: Decimal) -> bool:
    return asked - half <= held < asked + half


def _near(held: Decimal, asked: Decimal, half: Decimal) -> bool:
    return abs(held - asked) <= max(abs(asked) / 10, half)


_COMPARISONS: Mapping[str, _Compare] = MappingProxyType(
    {
        "eq": _equal,
        "ne": lambda held, asked, half: not _equal(held, asked, half),
        "gt": lambda held, asked, _: held > asked,
        "lt": lambda held, asked, _: held < asked,
        "ge": lambda held, asked, _: held >= asked,
        "le": lambda held, asked, _: held <= asked,
        "sa": lambda held, asked, _: held > asked,
        "eb": lambda held, asked, _: held < asked,
        "ap": _near,
    }
)


def number_match(raw: str) -> Callable[[Any], bool]:
    """Return the match of `[prefix]number`.

    Raises:
        Fault: INVALID when the value is no number.
    """
    match = _NUMBER.fullmatch(raw)
    if match is None:
        raise Fault(
            Category.INVALID, "a number must look like 5.4, with a prefix such as gt before it"
        )
    compare = _COMPARISONS[(match[1] or "eq").lower()]
    asked = Decimal(match[2])
    exponent = asked.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)

    def matches(value: Any) -> bool:
        held = decimal_of(value)
        return held is not None and compare(held, asked, half)

    return matches


def quantity_match(raw: str) -> Callable[[Any], bool]:
    """Return the match of `[prefix]number`, or `[prefix]number|system|code`.

    An empty system takes the code as code or printed unit, in any system.

    Raises:
        Fault: INVALID when the value is no quantity.
    """
    parts = [unescape(part) for part in split(raw, "|")]
    if len(parts) not in _QUANTITY_PARTS:
        raise Fault(Category.INVALID, "a quantity must look like 5.4 or 5.4|system|code")
    number = number_match(parts[0])
    system, code = parts[1:] or ("", "")
    wanted = canonical_system(system)

    def matches(value: Any) -> bool:
        if not isinstance(value, dict) or not number(value.get("value")):
            return False
        return not code or _unit_matches(value, wanted, code)

    return matches


def _unit_matches(value: dict[str, Any], system: str, code: str) -> bool:
    if not system:
        return code in (value.get("code"), value.get("unit"))
    held = value.get("system")
    return code == value.get("code") and isinstance(held, str) and system == canonical_system(held)
