"""Which elements an object has, and of which type: what FHIRPath Patch must know to write JSON.

https://hl7.org/fhir/R4/fhirpatch.html

An array or a single value, `valueQuantity` for `value`, a primitive with its other half under
`_birthDate`: none of this can be told from the patch alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_origin

from tasuki.shared.fhir.models import is_r4, model_of
from tasuki.shared.fhir.primitives import PRIMITIVES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_QUANTITIES = frozenset({"Age", "Count", "Distance", "Duration", "Quantity"})
_PRIMITIVE_SUFFIXES = frozenset(name[0].upper() + name[1:] for name in PRIMITIVES)
_OF_PRIMITIVES = ("id", "extension")  # what a primitive has beside its value
_NO_ELEMENTS = frozenset({"fhir_comments"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element as JSON writes it.

    Attributes:
        key: Its JSON key; `valueQuantity` for a choice.
        many: Whether it repeats, so that it is an array.
        type_name: `HumanName`, `dateTime`, `PatientContact`; `Resource` when any resource may be.
        primitive: Whether it is a primitive, with its id and extensions under `_key`.
        choice: The name without the type (`value`), or None when the type is fixed.
        model: The model of its type; None for primitives and for any resource.
    """

    key: str
    many: bool
    type_name: str
    primitive: bool
    choice: str | None
    model: Any

    def takes(self, suffix: str) -> bool:
        """Return whether a `value[x]` with this type may stand here.

        Among primitives every type is taken: HL7 itself gives a string for xhtml and a date for a
        dateTime, and the validation of the result sees whether it fits.
        """
        if self.choice is not None:
            return self.key == f"{self.choice}{suffix}"
        if self.primitive:
            return suffix in _PRIMITIVE_SUFFIXES
        return suffix == self.type_name or {suffix, self.type_name} <= _QUANTITIES


def elements_of(value: Any, element: Element | None) -> Mapping[str, Element]:
    """Return the elements by JSON key of a value that stands in `element` (None: a resource)."""
    if element is not None and element.primitive:
        extension = _elements_of_type("Extension")
        return {key: extension[key] for key in _OF_PRIMITIVES}
    if element is not None and element.model is not None:
        return elements_of_model(element.model)
    resource_type = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(resource_type, str) or not is_r4(resource_type):
        return {}
    return _elements_of_type(resource_type)


def _elements_of_type(name: str) -> Mapping[str, Element]:
    model: Any = model_of(name)
    return elements_of_model(model)


@cache  # as many entries as R4 has types
def elements_of_model(model: Any) -> Mapping[str, Element]:
    """Return the elements by JSON key of a type."""
    found = (_element(info.alias or name, info) for name, info in model.model_fields.items())
    return {element.key: element for element in found if element is not None}


def _element(key: str, info: Any) -> Element | None:
    if key.startswith("_") or key in _NO_ELEMENTS:
        return None
    parts = list(_parts(info.annotation))
    targets = [part for part in parts if hasattr(part, "get_model_klass")]
    anything = bool(targets) and targets[0].__name__ == "ResourceType"
    model = targets[0].get_model_klass() if targets and not anything else None
    return Element(
        key=key,
        many=any(get_origin(part) is list for part in parts),
        type_name="Resource" if anything else _type_name(model, parts),
        primitive=not targets,
        choice=(info.json_schema_extra or {}).get("one_of_many"),
        model=model,
    )


def _type_name(model: Any, parts: list[Any]) -> str:
    if model is not None:
        return str(model.__resource_type__)
    if bool in parts:
        return "boolean"
    names = (str(getattr(part, "__visit_name__", "")) for part in parts)
    return next((name for name in names if name in PRIMITIVES), "uuid")


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
