"""FHIRPath Patch: a list of operations in a Parameters resource.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch.keeping import settled
from tasuki.shared.fhir.patch.limits import Meter, check_count
from tasuki.shared.fhir.patch.operations import VERBS, Operation
from tasuki.shared.fhir.patch.places import root
from tasuki.shared.fhir.patch.values import Given, given

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

_TEXTS = frozenset({"type", "path", "name"})
_NUMBERS = frozenset({"index", "source", "destination"})
_PARTS: dict[str, frozenset[str]] = {
    "add": frozenset({"path", "name", "value"}),
    "insert": frozenset({"path", "index", "value"}),
    "delete": frozenset({"path"}),
    "replace": frozenset({"path", "value"}),
    "move": frozenset({"path", "source", "destination"}),
}


def fhirpath_patch(resource: Resource, parameters: Resource) -> Resource:
    """Return the resource after the operations, all of them or none.

    Args:
        resource: What is stored; it is not changed.
        parameters: The patch document, a Parameters resource.

    Raises:
        Fault: INVALID: not a FHIRPath Patch. NOT_SUPPORTED: a FHIRPath beyond what
            `patch.paths` knows. STRUCTURE: a path leads nowhere or to several places, an index
            is out of range, an element is there already, or a place is not the caller's to
            change. TOO_LARGE, TOO_COSTLY: over a limit.
    """
    operations = _operations(parameters)
    check_count(operations)
    document, meter = copy.deepcopy(resource), Meter()
    for index, written in enumerate(operations):
        try:
            operation = _operation(written)
            VERBS[operation.type](root(document), operation, meter)
        except Fault as fault:
            where = f"Parameters.parameter[{index}]"
            raise Fault(fault.category, fault.message, at=(where,)) from None
    return settled(resource, document)


def _operations(parameters: Any) -> list[Any]:
    kind = parameters.get("resourceType") if isinstance(parameters, dict) else None
    operations = parameters.get("parameter", []) if kind == "Parameters" else None
    if not isinstance(operations, list):
        raise Fault(Category.INVALID, "a FHIRPath Patch is a Parameters resource")
    return operations


def _operation(written: Any) -> Operation:
    parts = _parts(written)
    kind = _text(parts, "type")
    if kind not in _PARTS:
        raise Fault(
            Category.INVALID, f"an operation has a type: one of {', '.join(sorted(_PARTS))}"
        )
    if parts.keys() != _PARTS[kind] | {"type"}:
        raise Fault(
            Category.INVALID,
            f"the operation {kind} has the parts type, {', '.join(sorted(_PARTS[kind]))}",
        )
    return Operation(
        type=kind,
        path=_text(parts, "path"),
        name=_text(parts, "name") if "name" in parts else "",
        value=parts.get("value", Given()),
        **{name: _number(parts, name) for name in _NUMBERS & parts.keys()},
    )


def _parts(written: Any) -> dict[str, Given]:
    parts = written.get("part") if isinstance(written, dict) else None
    if not isinstance(parts, list) or written.get("name") != "operation":
        raise Fault(Category.INVALID, "every parameter is named operation and has parts")
    found: dict[str, Given] = {}
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str) or name in found:
            raise Fault(Category.INVALID, "every part of an operation has a name of its own")
        found[name] = given(part)
    return found


def _text(parts: dict[str, Given], name: str) -> str:
    value = parts[name].value if name in parts else None
    if not isinstance(value, str):
        raise Fault(Category.INVALID, f"an operation needs a {name}, given as a text")
    return value


def _number(parts: dict[str, Given], name: str) -> int:
    value = parts[name].value
    if type(value) is not int or value < 0:
        raise Fault(Category.INVALID, f"{name} is a whole number, given as valueInteger")
    return value
