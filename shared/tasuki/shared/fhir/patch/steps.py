"""The steps that paths of a patch are made of: from what was found to what is found next.

https://hl7.org/fhirpath/N1/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch.equality import same
from tasuki.shared.fhir.patch.limits import Meter
from tasuki.shared.fhir.patch.places import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANY_RESOURCE = frozenset({"Resource", "DomainResource"})


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in no resource."""

    value: Any


Item = Place | Constant
Step = Callable[[list[Item], Meter], list[Item]]


def run(taken: Sequence[Step], items: list[Item], meter: Meter) -> list[Item]:
    """Return what is found after all these steps."""
    for step in taken:
        meter.spend(1 + len(items))
        items = step(items, meter)
    return items


def starting(name: str) -> Step:
    """Return the step that stays on a resource of this type."""

    def step(items: list[Item], meter: Meter) -> list[Item]:  # noqa: ARG001 - a Step
        if all(_is_resource(item, name) for item in items):
            return items
        raise Fault(Category.STRUCTURE, "the path starts with another type than the resource has")

    return step


def _is_resource(item: Item, name: str) -> bool:
    if not isinstance(item, Place) or item.owner is not None:
        return False
    return name in _ANY_RESOURCE or item.type_name == name


def member(name: str) -> Step:
    """Return the step into an element."""

    def step(items: list[Item], meter: Meter) -> list[Item]:
        found: list[Item] = []
        for item in items:
            if not isinstance(item, Place):
                raise Fault(Category.STRUCTURE, "the path looks for an element in a plain value")
            children = item.children(name)
            meter.spend(len(children))
            found += children
        return found

    return step


def at_index(index: int) -> Step:
    """Return the step to one of several."""
    return lambda items, _: items[index : index + 1]


def constant(value: Any) -> Step:
    """Return the step that forgets where it is and says this."""
    return lambda _, __: [Constant(value)]


def grouped(inner: list[Step]) -> Step:
    """Return the steps in brackets as one."""
    return lambda items, meter: run(inner, items, meter)


def where(condition: list[Step]) -> Step:
    """Return the step that keeps those for which the condition holds."""
    return lambda items, meter: [
        item for item in items if truth(run(condition, [item], meter)) is True
    ]


def extension(url: str) -> Step:
    """Return the step to the extensions of this url, on primitives too."""
    into = member("extension")

    def step(items: list[Item], meter: Meter) -> list[Item]:
        return [
            item
            for item in into(items, meter)
            if isinstance(item.value, dict) and item.value.get("url") == url
        ]

    return step


def of_type(name: str) -> Step:
    """Return the step that keeps those of this type."""
    return lambda items, _: [item for item in items if _has_type(item, name)]


def is_type(name: str) -> Step:
    """Return the step that asks whether a single one is of this type."""
    return lambda items, _: [Constant(_has_type(item, name)) for item in items]


def _has_type(item: Item, name: str) -> bool:
    return isinstance(item, Place) and item.type_name == name


def compared(left: list[Step], right: list[Step], *, wanted: bool) -> Step:
    """Return the step that compares two sides; nothing when either side has nothing."""

    def step(items: list[Item], meter: Meter) -> list[Item]:
        here, there = run(left, items, meter), run(right, items, meter)
        if not here or not there:
            return []
        equal = len(here) == len(there) and all(
            same(one.value, other.value) for one, other in zip(here, there, strict=True)
        )
        return [Constant(equal is wanted)]

    return step


def joined(word: str, parts: list[list[Step]]) -> Step:
    """Return the step that joins conditions with `and` or `or`, in FHIRPath's three values."""
    decisive = word == "or"

    def step(items: list[Item], meter: Meter) -> list[Item]:
        truths = [truth(run(part, items, meter)) for part in parts]
        if decisive in truths:
            return [Constant(decisive)]
        return [] if None in truths else [Constant(not decisive)]

    return step


def truth(items: list[Item]) -> bool | None:
    """Return what a condition says; None when it says nothing.

    Raises:
        Fault: STRUCTURE: it is no condition.
    """
    if not items:
        return None
    if len(items) == 1 and isinstance(items[0].value, bool):
        return items[0].value
    raise Fault(Category.STRUCTURE, "a condition of the path is neither true nor false")


def _negated(items: list[Item], meter: Meter) -> list[Item]:  # noqa: ARG001 - a Step
    held = truth(items)
    return [] if held is None else [Constant(not held)]


PLAIN: Mapping[str, Step] = MappingProxyType(
    {
        "first": at_index(0),
        "last": lambda items, _: items[-1:],
        "exists": lambda items, _: [Constant(bool(items))],
        "empty": lambda items, _: [Constant(not items)],
        "not": _negated,
    }
)
