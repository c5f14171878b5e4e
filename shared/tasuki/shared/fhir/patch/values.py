"""The values a FHIRPath Patch gives: as `value[x]`, as parts, or as a resource.

https://hl7.org/fhir/R4/fhirpatch.html

A type that `value[x]` does not offer, for example `Patient.contact`, is given by parts that are
named after its elements.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch.elements import Element, elements_of_model
from tasuki.shared.fhir.patch.places import Halves, put

_VALUE = "value"
_FORMS = 1  # exactly one of value[x], part and resource


@dataclass(frozen=True, slots=True)
class Given:
    """What one part says.

    Attributes:
        suffix: The type in the name of its `value[x]`; empty when it has none.
        value: The value of its `value[x]`.
        beside: The id and extensions of a primitive one.
        parts: Its parts, when it has them.
        resource: Its resource, when it has one.
    """

    suffix: str = ""
    value: Any = None
    beside: Any = None
    parts: list[Any] | None = None
    resource: Any = None


def given(part: dict[str, Any]) -> Given:
    """Return what a part says.

    Raises:
        Fault: INVALID: it says nothing, or two things.
    """
    suffixes = {
        key.removeprefix("_").removeprefix(_VALUE)
        for key in part
        if key.removeprefix("_").startswith(_VALUE)
    }
    forms = [*suffixes, *(part.keys() & {"part", "resource"})]
    parts = part.get("part")
    if len(forms) != _FORMS or "" in suffixes or not isinstance(parts, (list, type(None))):
        raise Fault(Category.INVALID, "a part has either one value[x], or parts, or a resource")
    suffix = next(iter(suffixes), "")
    return Given(
        suffix=suffix,
        value=part.get(f"{_VALUE}{suffix}"),
        beside=part.get(f"_{_VALUE}{suffix}"),
        parts=parts,
        resource=part.get("resource"),
    )


def form_of(forms: list[Element], value: Given) -> Element:
    """Return the one form of an element that the value has: `valueQuantity` for a Quantity.

    Raises:
        Fault: STRUCTURE: the element cannot hold a value of this type.
    """
    for form in forms:
        if _fits(form, value):
            return form
    raise Fault(Category.STRUCTURE, "the value has not the type of the element")


def _fits(form: Element, value: Given) -> bool:
    if value.parts is not None:
        # Of a choice it would not be known which; those types are all offered by value[x].
        return form.model is not None and form.choice is None
    if value.resource is not None:
        return form.type_name == "Resource"
    return form.takes(value.suffix)


def content(element: Element, value: Given) -> Halves:
    """Return what to write for an element; nothing in it is shared with the patch.

    Raises:
        Fault: STRUCTURE, INVALID: as `given` and `form_of`, for something in its parts.
    """
    if value.parts is not None and element.model is not None:
        return _assembled(element.model, value.parts), None
    if value.resource is not None:
        return copy.deepcopy(value.resource), None
    return copy.deepcopy(value.value), copy.deepcopy(value.beside)


def _assembled(model: Any, parts: list[Any]) -> dict[str, Any]:
    elements = elements_of_model(model)
    found: dict[str, list[Halves]] = {}
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        forms = [one for one in elements.values() if name in {one.key, one.choice}]
        if not isinstance(name, str) or not forms:
            raise Fault(Category.STRUCTURE, "a part of the value is not named after an element")
        said = given(part)
        element = form_of(forms, said)
        if not element.many and any(form.key in found for form in forms):
            raise twice()
        found.setdefault(element.key, []).append(content(element, said))
    body: dict[str, Any] = {}
    for key, items in found.items():
        put(body, elements[key], items)
    return body


def twice() -> Fault:
    """Return the fault of giving an element that is there already."""
    return Fault(Category.STRUCTURE, "the element is there already and does not repeat")
