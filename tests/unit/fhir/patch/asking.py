"""Short ways to write a FHIRPath Patch in a test."""

from __future__ import annotations

from typing import Any

URL = "http://example.org/e"


def operation(
    kind: str, path: str, *values: dict[str, Any], **numbers: int | str
) -> dict[str, Any]:
    """Return one operation; each of `values` completes a part named `value`."""
    parts: list[dict[str, Any]] = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": path},
        *({"name": "value", **value} for value in values),
    ]
    for name, given in numbers.items():
        key = "valueInteger" if isinstance(given, int) else "valueString"
        parts.append({"name": name, key: given})
    return {"name": "operation", "part": parts}


def asked(*operations: dict[str, Any]) -> dict[str, Any]:
    """Return the Parameters with these operations."""
    return {"resourceType": "Parameters", "parameter": list(operations)}


def extension(value: str) -> dict[str, Any]:
    """Return an extension."""
    return {"url": URL, "valueString": value}
