"""JSON Patch.

https://www.rfc-editor.org/rfc/rfc6902 ; the applying itself is the library `jsonpatch`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import jsonpatch
from jsonpointer import EndOfList, JsonPointer, JsonPointerException

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.fhir.patch.equality import same
from tasuki.shared.fhir.patch.keeping import check_place, settled
from tasuki.shared.fhir.patch.limits import MAX_CARRIED, check_count, check_depth

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

_MEMBERS = {
    "add": ("value",),
    "remove": (),
    "replace": ("value",),
    "move": ("from",),
    "copy": ("from",),
    "test": ("value",),
}


def json_patch(resource: Resource, operations: Any) -> Resource:
    """Return the resource after the operations, all of them or none.

    Args:
        resource: What is stored; it is not changed.
        operations: The patch document, as `fhir.json.parse_array` reads it.

    Raises:
        Fault: INVALID: not a JSON Patch. STRUCTURE: a `test` does not hold, a place is not there,
            or it is not the caller's to change. TOO_LARGE, TOO_COSTLY: over a limit.
    """
    if not isinstance(operations, list):
        raise Fault(Category.INVALID, "a JSON Patch is an array of operations")
    check_count(operations)
    run = _Run(copy.deepcopy(resource))
    for index, operation in enumerate(operations):
        try:
            run.apply(operation)
        except Fault as fault:
            raise Fault(fault.category, fault.message, at=(f"[{index}]",)) from None
    return settled(resource, run.document)


class _Run:
    """One patch on its way through a document of its own."""

    def __init__(self, document: Resource) -> None:
        self.document = document
        self.carried = 0

    def apply(self, operation: Any) -> None:
        """Do one operation."""
        verb = _verb(operation)
        path = _pointer(operation, "path")
        if verb == "test":
            self._test(path, operation["value"])
            return
        check_place(path.parts)
        if verb == "move":
            check_place(_pointer(operation, "from").parts)
        self._check_growth(verb, path, operation)
        try:
            jsonpatch.JsonPatch([operation]).apply(self.document, in_place=True)
        except (jsonpatch.JsonPatchException, JsonPointerException):
            raise _nowhere() from None

    def _test(self, path: JsonPointer, value: Any) -> None:
        if not same(self._found(path), value):
            raise Fault(
                Category.STRUCTURE, "a test of this patch does not hold, so nothing was changed"
            )

    def _check_growth(self, verb: str, path: JsonPointer, operation: Any) -> None:
        if verb == "remove":
            return
        if "from" not in _MEMBERS[verb]:
            check_depth(len(path.parts), operation["value"])
            return
        value = self._found(_pointer(operation, "from"))
        self.carried += len(render(value))
        if self.carried > MAX_CARRIED:
            raise Fault(
                Category.TOO_COSTLY, f"a patch may copy and move {MAX_CARRIED:,} bytes at most"
            )
        check_depth(len(path.parts), value)

    def _found(self, pointer: JsonPointer) -> Any:
        try:
            value = pointer.resolve(self.document)
        except JsonPointerException:
            raise _nowhere() from None
        if isinstance(value, EndOfList):
            raise _nowhere()
        return value


def _verb(operation: Any) -> str:
    verb = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(verb, str) or verb not in _MEMBERS:
        raise Fault(
            Category.INVALID, f"an operation needs an `op`: one of {', '.join(sorted(_MEMBERS))}"
        )
    for member in _MEMBERS[verb]:
        if member not in operation:
            raise Fault(Category.INVALID, f"the operation {verb} needs a `{member}`")
    return verb


def _pointer(operation: dict[str, Any], member: str) -> JsonPointer:
    try:
        return JsonPointer(operation[member])
    except (KeyError, TypeError, JsonPointerException):
        raise Fault(
            Category.INVALID, f"an operation needs a `{member}` that is a JSON Pointer"
        ) from None


def _nowhere() -> Fault:
    return Fault(Category.STRUCTURE, "the operation does not fit: its place is not there")
