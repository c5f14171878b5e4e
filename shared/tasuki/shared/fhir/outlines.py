"""Outlines: which elements of a type are mandatory, and which belong to its summary.

https://hl7.org/fhir/R4/elementdefinition.html

Read once for each type from the same models as its validation. The models do not know modifier
elements: those are named in `_MODIFIERS`, from HL7's R4 StructureDefinitions of the served types.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.models import model_of, own_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERYWHERE = frozenset({"implicitRules", "modifierExtension", "status"})
_MODIFIERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "AllergyIntolerance": frozenset({"clinicalStatus", "verificationStatus"}),
        "CarePlan": frozenset({"intent"}),
        "Condition": frozenset({"clinicalStatus", "verificationStatus"}),
        "Consent": frozenset({"scope"}),
        "Goal": frozenset({"lifecycleStatus"}),
        "Immunization": frozenset({"isSubpotent"}),
        "List": frozenset({"mode"}),
        "MedicationRequest": frozenset({"intent", "doNotPerform"}),
        "Organization": frozenset({"active"}),
        "Patient": frozenset({"active", "deceased", "link"}),
        "RelatedPerson": frozenset({"active"}),
        "ServiceRequest": frozenset({"intent", "doNotPerform"}),
    }
)


@dataclass(frozen=True, slots=True)
class Outline:
    """One type, or a part that a resource type defines itself.

    Attributes:
        elements: JSON keys by element: `value` has `valueQuantity` and the others, and `_` twins.
        mandatory: JSON keys of the elements that must be there.
        summary: JSON keys of the elements of the summary.
        modifiers: JSON keys of the elements that change what the others mean.
        parts: Models of the elements with an outline of their own, by JSON key.
    """

    elements: Mapping[str, frozenset[str]]
    mandatory: frozenset[str]
    summary: frozenset[str]
    modifiers: frozenset[str]
    parts: Mapping[str, Any]


@cache
def outline(resource_type: str) -> Outline:
    """Return the outline of a resource type.

    Raises:
        ValueError: There is no such type.
    """
    model: Any = model_of(resource_type)
    return outline_of(model)


@cache
def outline_of(model: Any) -> Outline:
    """Return the outline of a model."""
    elements: dict[str, set[str]] = {}
    mandatory: set[str] = set()
    summary: set[str] = set()
    parts: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        key, extra = info.alias or name, info.json_schema_extra or {}
        if key.startswith("_") or not extra.get("element_property"):
            continue
        keys = {key, f"_{key}"}
        elements.setdefault(extra.get("one_of_many", key), set()).update(keys)
        if _is_mandatory(info, extra):
            mandatory |= keys
        if extra.get("summary_element_property"):
            summary |= keys
        for part in own_parts(model, info):
            parts[key] = part
    return Outline(
        MappingProxyType({name: frozenset(keys) for name, keys in elements.items()}),
        frozenset(mandatory),
        frozenset(summary),
        _modifiers(model.__resource_type__, elements),
        MappingProxyType(parts),
    )


def _is_mandatory(info: Any, extra: Mapping[str, Any]) -> bool:
    required = extra.get("element_required") or extra.get("one_of_many_required")
    return bool(info.is_required() or required)


def _modifiers(type_: str, elements: Mapping[str, set[str]]) -> frozenset[str]:
    names = _EVERYWHERE | _MODIFIERS.get(type_, frozenset())
    return frozenset(key for name in names for key in elements.get(name, ()))
