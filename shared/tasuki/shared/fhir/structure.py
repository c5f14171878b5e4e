"""Structure: which elements an object of a FHIR type may have, and the walk that checks it.

https://hl7.org/fhir/R4/json.html

Every check returns the problems it found as (where, rule): `where` grows to a FHIRPath-like place on
the way up, so a sound resource costs no text building at all. No rule repeats a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasuki.shared.fhir.primitives import Primitive

Problem = tuple[str, str]
Check = Callable[[Any], Sequence[Problem]]

SOUND: tuple[Problem, ...] = ()
_ELEMENT_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")


@dataclass(frozen=True, slots=True)
class Structure:
    """One FHIR type.

    Attributes:
        elements: The check of each JSON key.
        required: Groups of keys of which one must be there.
        choices: Groups of keys of which at most one may be there (`value[x]`).
        primitive_lists: Keys whose arrays may hold null beside an extension.
        invariants: Rules over the whole object.
    """

    elements: dict[str, Check] = field(default_factory=dict)
    required: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    choices: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    primitive_lists: set[str] = field(default_factory=set)
    invariants: list[Check] = field(default_factory=list)


def check_object(structure: Structure, value: Any) -> Sequence[Problem]:
    """Return the problems of one JSON object against its type."""
    if type(value) is not dict:
        return [("", "must be an object")]
    if not value:
        return [("", "must not be an empty object")]
    found: list[Problem] = []
    elements = structure.elements
    for key, item in value.items():
        check = elements.get(key)
        if check is None:
            found.append(_unknown(key))
            continue
        problems = check(item)
        if problems:
            found += [(f".{key}{where}", rule) for where, rule in problems]
    found += _presence(structure, value)
    for invariant in structure.invariants:
        found += invariant(value)
    return found


def one_primitive(primitive: Primitive) -> Check:
    """Return the check of a primitive element that occurs once."""

    def check(value: Any) -> Sequence[Problem]:
        rule = primitive(value)
        return SOUND if rule is None else [("", rule)]

    return check


def many_primitives(primitive: Primitive) -> Check:
    """Return the check of an array of primitives; a null in it is judged by its owner."""

    def check(value: Any) -> Sequence[Problem]:
        if type(value) is not list or not value:
            return [("", "must be an array with something in it")]
        found: list[Problem] = []
        for index, item in enumerate(value):
            rule = None if item is None else primitive(item)
            if rule is not None:
                found.append((f"[{index}]", rule))
        return found

    return check


def many(single: Check, *, or_null: bool = False) -> Check:
    """Return the check of an array of objects."""

    def check(value: Any) -> Sequence[Problem]:
        if type(value) is not list or not value:
            return [("", "must be an array with something in it")]
        found: list[Problem] = []
        for index, item in enumerate(value):
            problems = SOUND if or_null and item is None else single(item)
            if problems:
                found += [(f"[{index}]{where}", rule) for where, rule in problems]
        return found

    return check


def one_of(codes: frozenset[str], primitive: Primitive) -> Primitive:
    """Return a check that the code is in HL7's required value set."""
    rule = f"must be one of: {', '.join(sorted(codes))}"

    def check(value: Any) -> str | None:
        return primitive(value) or (None if value in codes else rule)

    return check


def _unknown(key: str) -> Problem:
    # A key that cannot be an element's name is free text, so it is not repeated.
    where = f".{key}" if _ELEMENT_NAME.fullmatch(key) else ""
    return (where, "is not an element of this type")


def _presence(structure: Structure, value: dict[str, Any]) -> list[Problem]:
    keys = value.keys()
    found: list[Problem] = []
    for name, group in structure.required:
        if keys.isdisjoint(group):
            found.append((f".{name}", "is required"))
    for name, group in structure.choices:
        given = {key.removeprefix("_") for key in keys & group}
        if len(given) > 1:
            found.append((f".{name}", "must be given in one form only"))
    for key in keys & structure.primitive_lists:
        found += _nulls(key, value)
    return found


def _nulls(key: str, value: dict[str, Any]) -> list[Problem]:
    items, beside = value[key], value.get(f"_{key}")
    if type(items) is not list or None not in items:
        return []
    others = beside if type(beside) is list else []
    return [
        (f".{key}[{index}]", "may be null only beside an extension")
        for index, item in enumerate(items)
        if item is None and (index >= len(others) or others[index] is None)
    ]
