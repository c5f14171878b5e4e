"""Places in a resource: where FHIRPath Patch reads and writes.

https://hl7.org/fhir/R4/json.html#primitive

A primitive's id and extensions stand beside it, under `_birthDate`; in an array, at the same index
of `_given`. Here the two halves are always read, moved and removed together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch.elements import Element, elements_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.fhir.json import Resource

Halves = tuple[Any, Any]  # the value, and what stands beside it; None where there is no such half


@dataclass(frozen=True, slots=True)
class Place:
    """One element that is there.

    Attributes:
        value: Its JSON value; None for a primitive that has only an extension.
        beside: The id and extensions of a primitive; None when it has none.
        owner: The place that holds it, or None for the resource itself.
        element: What it is there; None for the resource itself.
        index: Its index, when it repeats.
        path: The keys and indexes that lead to it from the resource.
    """

    value: Any
    beside: Any = None
    owner: Place | None = None
    element: Element | None = None
    index: int | None = None
    path: tuple[str | int, ...] = ()

    @property
    def body(self) -> dict[str, Any] | None:
        """Return the object that holds its children, or None when there is none yet."""
        body = self.beside if self.is_primitive else self.value
        return body if isinstance(body, dict) else None

    @property
    def is_primitive(self) -> bool:
        """Return whether it is a primitive."""
        return self.element is not None and self.element.primitive

    @property
    def type_name(self) -> str:
        """Return its FHIR type."""
        if self.element is not None and self.element.type_name != "Resource":
            return self.element.type_name
        return str(self.value.get("resourceType")) if isinstance(self.value, dict) else ""

    def elements(self) -> Mapping[str, Element]:
        """Return what it may hold, by JSON key."""
        return elements_of(self.value, self.element)

    def named(self, name: str) -> list[Element]:
        """Return the elements of this name: all forms of a choice, otherwise one.

        Raises:
            Fault: STRUCTURE: its type has no such element.
        """
        elements = self.elements()
        if name in elements:
            return [elements[name]]
        forms = [element for element in elements.values() if element.choice == name]
        if not forms:
            raise Fault(
                Category.STRUCTURE, f"the patch names an element that {self.type_name} has not"
            )
        return forms

    def children(self, name: str) -> list[Place]:
        """Return the places of this name in it.

        Raises:
            Fault: STRUCTURE, as `named`.
        """
        return [child for element in self.named(name) for child in self._children(element)]

    def _children(self, element: Element) -> list[Place]:
        if self.body is None:
            return []
        path = (*self.path, element.key)
        return [
            Place(
                value,
                beside,
                self,
                element,
                index if element.many else None,
                (*path, index) if element.many else path,
            )
            for index, (value, beside) in enumerate(halves(self.body, element))
            if value is not None or beside is not None
        ]


def root(resource: Resource) -> Place:
    """Return the place of a whole resource."""
    return Place(resource)


def halves(body: dict[str, Any], element: Element) -> list[Halves]:
    """Return what the body holds of an element, in order; at most one when it does not repeat."""
    value, beside = body.get(element.key), body.get(f"_{element.key}")
    if not element.many:
        return [] if value is None and beside is None else [(value, beside)]
    values = value if isinstance(value, list) else []
    others = beside if isinstance(beside, list) else []
    return list(zip_longest(values, others))


def put(body: dict[str, Any], element: Element, items: list[Halves]) -> None:
    """Let the body hold exactly these of an element; none takes it out."""
    for key, half in ((element.key, 0), (f"_{element.key}", 1)):
        given = [item[half] for item in items]
        if all(one is None for one in given):
            body.pop(key, None)
        else:
            body[key] = given if element.many else given[0]


def ensure_body(place: Place) -> dict[str, Any]:
    """Return the object that holds the children of a place, made when a primitive had none.

    Raises:
        Fault: STRUCTURE: the place holds no object.
    """
    if place.body is not None:
        return place.body
    if not place.is_primitive or place.owner is None:
        raise Fault(Category.STRUCTURE, "the path leads to something that cannot hold elements")
    body: dict[str, Any] = {}
    _write(place, (place.value, body))
    return body


def replace(place: Place, element: Element, new: Halves) -> None:
    """Let something else stand at a place, perhaps in another form of the same choice."""
    if place.owner is None or place.element is None:
        raise Fault(Category.STRUCTURE, "a patch may not replace the whole resource")
    if element.key != place.element.key:
        _rename(ensure_body(place.owner), place.element.key, element.key)
    _write(Place(place.value, None, place.owner, element, place.index), new)


def remove(place: Place) -> None:
    """Take a place out, and whatever would be left empty by that."""
    if place.owner is None or place.element is None:
        raise Fault(Category.STRUCTURE, "a patch may not delete the whole resource")
    body = ensure_body(place.owner)
    items = halves(body, place.element)
    del items[place.index or 0]
    put(body, place.element, items)
    _tidy(place.owner)


def _tidy(place: Place) -> None:
    if place.owner is None or place.body:
        return
    if place.is_primitive and place.value is not None:
        _write(place, (place.value, None))
    else:
        remove(place)


def _write(place: Place, new: Halves) -> None:
    if place.owner is None or place.element is None:
        return
    body = ensure_body(place.owner)
    items = halves(body, place.element)
    items[place.index or 0] = new
    put(body, place.element, items)


def _rename(body: dict[str, Any], old: str, new: str) -> None:
    keys = {old: new, f"_{old}": f"_{new}"}
    renamed = {keys.get(key, key): value for key, value in body.items()}
    body.clear()
    body.update(renamed)
