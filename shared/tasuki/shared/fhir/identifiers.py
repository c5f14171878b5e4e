"""Identifiers: the business identifiers of a resource, as they are looked up.

https://hl7.org/fhir/R4/datatypes.html#Identifier
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.twins import canonical_system

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

__all__ = ["canonical_system", "identifiers_of"]

_ELEMENTS = ("identifier", "masterIdentifier", "accessionIdentifier")


def identifiers_of(resource: Resource) -> list[tuple[str, str]]:
    """Return (canonical system, value) of each identifier with a value, each once, in their order.

    An identifier without a system gives an empty one.
    """
    found: dict[tuple[str, str], None] = {}
    for element in _ELEMENTS:
        held = resource.get(element)
        for identifier in held if isinstance(held, list) else [held]:
            pair = _pair(identifier)
            if pair is not None:
                found[pair] = None
    return list(found)


def _pair(identifier: Any) -> tuple[str, str] | None:
    if not isinstance(identifier, dict):
        return None
    system, value = identifier.get("system", ""), identifier.get("value")
    if not isinstance(system, str) or not isinstance(value, str) or not value:
        return None
    return canonical_system(system), value
