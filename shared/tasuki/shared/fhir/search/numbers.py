"""Number and quantity search; how precisely a number is asked says how near is near enough.

https://hl7.org/fhir/R4/search.html#number
https://hl7.org/fhir/R4/search.html#quantity

What is held is a span: one point, a Range, or what a comparator (`<5`) leaves open. Units are
compared by code, not converted: 1 g is not found as 1000 mg.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import decimal_of
from tasuki.shared.fhir.search.escapes import split, unescape
from tasuki.shared.fhir.twins import canonical_system

_NUMBER = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?([+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:e[+-]?[0-9]{1,2})?)",
    re.IGNORECASE,
)
_QUANTITY_PARTS = (1, 3)  # number, or number|system|code

_INFINITY = Decimal("Infinity")


class Span(NamedTuple):
    """The values a held number can have, both ends among them."""

    low: Decimal
    high: Decimal


_Compare = Callable[[Span, Decimal, Decimal], bool]  # held, asked, half of the last digit


def _equal(held: Span, asked: Decimal, half: Decimal) -> bool:
    return asked - half <= held.low and held.high < asked + half


def _near(held: Span, asked: Decimal, half: Decimal) -> bool:
    # HL7 proposes a tenth of what is asked for.
    margin = max(abs(asked) / 10, half)
    return held.low <= asked + margin and asked - margin <= held.high


_COMPARISONS: Mapping[str, _Compare] = MappingProxyType(
    {
        "eq": _equal,
        "ne": lambda held, asked, half: not _equal(held, asked, half),
        "gt": lambda held, asked, _: held.high > asked,
        "lt": lambda held, asked, _: held.low < asked,
        "ge": lambda held, asked, _: held.high >= asked,
        "le": lambda held, asked, _: held.low <= asked,
        "sa": lambda held, asked, _: held.low > asked,
        "eb": lambda held, asked, _: held.high < asked,
        "ap": _near,
    }
)


def number_match(raw: str) -> Callable[[Any], bool]:
    """Return the match of `[prefix]number`.

    Raises:
        Fault: INVALID when the value is no number.
    """
    matches = _span_match(raw)

    def matches_number(value: Any) -> bool:
        held = decimal_of(value)
        return held is not None and matches(Span(held, held))

    return matches_number


def _span_match(raw: str) -> Callable[[Span], bool]:
    match = _NUMBER.fullmatch(raw)
    if match is None:
        raise Fault(
            Category.INVALID, "a number must look like 5.4, with a prefix such as gt before it"
        )
    compare = _COMPARISONS[(match[1] or "eq").lower()]
    asked = Decimal(match[2])
    exponent = asked.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    return lambda held: compare(held, asked, half)


def quantity_match(raw: str) -> Callable[[Any], bool]:
    """Return the match of `[prefix]number`, or `[prefix]number|system|code`.

    An empty system takes the code as code or printed unit, in any system.

    Raises:
        Fault: INVALID when the value is no quantity.
    """
    parts = [unescape(part) for part in split(raw, "|")]
    if len(parts) not in _QUANTITY_PARTS:
        raise Fault(Category.INVALID, "a quantity must look like 5.4 or 5.4|system|code")
    matches = _span_match(parts[0])
    system, code = parts[1:] or ("", "")
    wanted = canonical_system(system)

    def matches_quantity(value: Any) -> bool:
        held = span_of(value)
        if held is None or not matches(held):
            return False
        return not code or any(_unit_matches(part, wanted, code) for part in _parts(value))

    return matches_quantity


def span_of(value: Any) -> Span | None:
    """Return the span of a Quantity or a Range; None if it has no number."""
    if not isinstance(value, dict):
        return None
    if "low" in value or "high" in value:
        low, high = (_value_of(value.get(end)) for end in ("low", "high"))
        if low is None and high is None:
            return None
        return Span(-_INFINITY if low is None else low, _INFINITY if high is None else high)
    held = decimal_of(value.get("value"))
    if held is None:
        return None
    return _OPEN.get(str(value.get("comparator")), _point)(held)


def _value_of(value: Any) -> Decimal | None:
    return decimal_of(value.get("value")) if isinstance(value, dict) else None


def _point(value: Decimal) -> Span:
    return Span(value, value)


_OPEN: Mapping[str, Callable[[Decimal], Span]] = MappingProxyType(
    {
        "<": lambda value: Span(-_INFINITY, value.next_minus()),
        "<=": lambda value: Span(-_INFINITY, value),
        ">=": lambda value: Span(value, _INFINITY),
        ">": lambda value: Span(value.next_plus(), _INFINITY),
    }
)


def _parts(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the quantities whose unit counts: a Range's ends, or the Quantity itself."""
    ends = [end for name in ("low", "high") if isinstance(end := value.get(name), dict)]
    return ends or [value]


def _unit_matches(value: dict[str, Any], system: str, code: str) -> bool:
    if not system:
        return code in (value.get("code"), value.get("unit"))
    held = value.get("system")
    return code == value.get("code") and isinstance(held, str) and system == canonical_system(held)
