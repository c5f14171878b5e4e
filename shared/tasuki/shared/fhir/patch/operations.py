"""The five operations of FHIRPath Patch.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch.keeping import check_place
from tasuki.shared.fhir.patch.limits import Meter, check_depth
from tasuki.shared.fhir.patch.paths import compile_path
from tasuki.shared.fhir.patch.places import Place, ensure_body, halves, put, remove, replace
from tasuki.shared.fhir.patch.values import Given, content, form_of, twice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from tasuki.shared.fhir.patch.elements import Element
    from tasuki.shared.fhir.patch.places import Halves


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was asked for; a part it has no use for keeps its default."""

    type: str
    path: str
    name: str
    value: Given
    index: int = 0
    source: int = 0
    destination: int = 0


def _add(resource: Place, operation: Operation, meter: Meter) -> None:
    holder = _only(compile_path(operation.path).places(resource, meter))
    check_place((*holder.path, operation.name))
    forms = holder.named(operation.name)
    element = form_of(forms, operation.value)
    new = _new(holder, element, operation.value)
    body = ensure_body(holder)
    if not element.many and any(halves(body, form) for form in forms):
        raise twice()
    _put(body, element, [*halves(body, element), new], meter)


def _insert(resource: Place, operation: Operation, meter: Meter) -> None:
    holder, element = _list(resource, operation, meter)
    new = _new(holder, form_of([element], operation.value), operation.value)
    body = ensure_body(holder)
    items = halves(body, element)
    if operation.index > len(items):
        raise _out_of_range()
    items.insert(operation.index, new)
    _put(body, element, items, meter)


def _delete(resource: Place, operation: Operation, meter: Meter) -> None:
    places = compile_path(operation.path).places(resource, meter)
    if not places:
        return  # "if found": to delete what is not there is no error
    place = _only(places)
    check_place(place.path)
    remove(place)


def _replace(resource: Place, operation: Operation, meter: Meter) -> None:
    place = _only(compile_path(operation.path).places(resource, meter))
    check_place(place.path)
    owner, old = place.owner, place.element
    if owner is None or old is None:
        return  # the whole resource: refused just above
    forms = [old] if old.choice is None else owner.named(old.choice)
    element = form_of(forms, operation.value)
    replace(place, element, _new(owner, element, operation.value))


def _move(resource: Place, operation: Operation, meter: Meter) -> None:
    holder, element = _list(resource, operation, meter)
    body = ensure_body(holder)
    items = halves(body, element)
    if max(operation.source, operation.destination) >= len(items):
        raise _out_of_range()
    items.insert(operation.destination, items.pop(operation.source))
    _put(body, element, items, meter)


VERBS: Mapping[str, Callable[[Place, Operation, Meter], None]] = MappingProxyType(
    {"add": _add, "insert": _insert, "delete": _delete, "replace": _replace, "move": _move}
)


def _list(resource: Place, operation: Operation, meter: Meter) -> tuple[Place, Element]:
    holders, name = compile_path(operation.path).collection(resource, meter)
    holder = _only(holders)
    check_place((*holder.path, name))
    element = holder.named(name)[0]
    if not element.many:
        raise Fault(Category.STRUCTURE, "the path must end with the name of a list")
    return holder, element


def _new(holder: Place, element: Element, value: Given) -> Halves:
    new = content(element, value)
    below: list[Any] = [half for half in new if half is not None]
    if not below:
        raise Fault(Category.INVALID, "an operation needs a value that is something")
    check_depth(len(holder.path) + element.many, below)
    return new


def _put(body: dict[str, Any], element: Element, items: list[Halves], meter: Meter) -> None:
    meter.spend(len(items))
    put(body, element, items)


def _only(places: list[Place]) -> Place:
    if len(places) != 1:
        found = "several elements" if places else "no element"
        raise Fault(Category.STRUCTURE, f"the path leads to {found}; it must lead to one")
    return places[0]


def _out_of_range() -> Fault:
    return Fault(Category.STRUCTURE, "an index is beyond the end of the list")
