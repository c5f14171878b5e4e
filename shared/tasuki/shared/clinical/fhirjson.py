"""Reads parts of parsed FHIR JSON (https://hl7.org/fhir/R4/json.html) without trusting its shape.

A part that is missing or of another type reads as empty, never as an exception: what a screen
shows of a bad record is "not recorded".
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

Node = Mapping[str, object]
EMPTY: Node = {}


class Coding(NamedTuple):
    """One coding of a CodeableConcept; missing parts are empty strings."""

    system: str
    code: str
    display: str


def child(node: Node, key: str) -> Node:
    """Return the object at `key`, or an empty one."""
    value = node.get(key)
    return value if isinstance(value, Mapping) else EMPTY


def children(node: Node, key: str) -> tuple[Node, ...]:
    """Return the objects in the list at `key`."""
    value = node.get(key)
    items = value if isinstance(value, (list, tuple)) else ()
    return tuple(item for item in items if isinstance(item, Mapping))


def string(node: Node, key: str) -> str | None:
    """Return the text at `key` without outer white space, or None if there is none."""
    value = node.get(key)
    return (value.strip() or None) if isinstance(value, str) else None


def strings(node: Node, key: str) -> tuple[str, ...]:
    """Return the texts in the list at `key`."""
    value = node.get(key)
    items = value if isinstance(value, (list, tuple)) else ()
    return tuple(item for item in items if isinstance(item, str))


def lexeme(value: object) -> str | None:
    """Return a JSON number as it was written (`72.50`), or None if it is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    written = getattr(value, "text", None)
    return written if isinstance(written, str) else str(value)


def number(value: object) -> Decimal | None:
    """Return a JSON number exactly, or None if it is no finite number."""
    written = lexeme(value)
    if written is None:
        return None
    try:
        exact = Decimal(written)
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None


def codings(concept: Node) -> tuple[Coding, ...]:
    """Return the codings of a CodeableConcept that carry a code or a display."""
    read = (
        Coding(
            string(item, "system") or "", string(item, "code") or "", string(item, "display") or ""
        )
        for item in children(concept, "coding")
    )
    return tuple(coding for coding in read if coding.code or coding.display)


def extensions(node: Node, url: str) -> tuple[Node, ...]:
    """Return the extensions of an element that have this url."""
    return tuple(item for item in children(node, "extension") if item.get("url") == url)


def first_code(concept: Node) -> str | None:
    """Return the first code of a CodeableConcept."""
    return next((coding.code for coding in codings(concept) if coding.code), None)
