"""Sorting: the order that `_sort` asks for.

https://hl7.org/fhir/R4/search.html#sort
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.dates import interval_of
from tasuki.shared.fhir.json import decimal_of
from tasuki.shared.fhir.search.numbers import span_of
from tasuki.shared.fhir.search.strings import sort_text
from tasuki.shared.fhir.search.tokens import codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search.results import Sort


def in_order(keys: Mapping[str, Sequence[Sort]], resources: Iterable[Resource]) -> list[Resource]:
    """Return the resources in this order; those without a value come last.

    Args:
        keys: By resource type, as many for each and of the same names: several types may have
            different definitions of one name.
        resources: Of these types.
    """
    ordered = list(resources)
    for place in reversed(range(len(next(iter(keys.values()), ())))):
        keyed = [
            (_sort_key(keys[resource["resourceType"]][place], resource), resource)
            for resource in ordered
        ]
        present = [pair for pair in keyed if pair[0] is not None]
        descending = next(iter(keys.values()))[place].descending
        present.sort(key=lambda pair: pair[0], reverse=descending)
        absent = [resource for key, resource in keyed if key is None]
        ordered = [resource for _, resource in present] + absent
    return ordered


def _sort_key(sort: Sort, resource: Resource) -> Any:
    keys = [
        key
        for value in sort.parameter.extract(resource)
        if (key := _value_key(sort.parameter.type, value)) is not None
    ]
    if not keys:
        return None
    return max(keys) if sort.descending else min(keys)


def _value_key(kind: str, value: Any) -> Any:
    if kind == "date":
        held = interval_of(value)
        return None if held is None else held.start
    if kind == "string":
        return sort_text(value)
    if kind == "token":
        return str(value).lower() if isinstance(value, bool) else min(codes_of(value), default=None)
    if kind == "number":
        return decimal_of(value)
    if kind == "quantity":
        span = span_of(value)
        return None if span is None else span.low
    literal = value.get("reference") if isinstance(value, dict) else value
    return literal if isinstance(literal, str) else None
