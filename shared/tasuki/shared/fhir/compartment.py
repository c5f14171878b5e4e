"""Whom a resource is about: its owner, and every Patient compartment it lies in.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html

The owner decides the key a resource is sealed under; disclosure needs permission for every
compartment. A reference that cannot be read as a local Patient is refused, never taken for nobody.
References must be relative: the server rewrites its own absolute ones and URNs first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.primitives import is_id
from tasuki.shared.fhir.references import Reference, parse_reference
from tasuki.shared.fhir.search.definitions import compartment_parameters
from tasuki.shared.fhir.types import OWNERSHIP, SERVED_TYPES, Ownership

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

__all__ = ["SERVED_TYPES", "owner_of", "owners_through", "patients_of"]


def owner_of(resource: Resource) -> str | None:
    """Return the logical id of the Patient the resource is about; None when it is about nobody.

    For Provenance and Binary, None means that their targets decide: see `owners_through`.

    Raises:
        Fault: NOT_SUPPORTED for a type that is not served; STRUCTURE when it must name a Patient
            and does not, or names one in a form that cannot be followed.
    """
    resource_type, ownership = _ownership(resource)
    if ownership.element is None:
        return None
    if resource_type == "Patient":
        return _own_id(resource)
    at = f"{resource_type}.{ownership.element}"
    owners = {
        patient
        for holder in _listed(resource.get(ownership.element))
        if (patient := _patient_in(holder, at, ownership)) is not None
    }
    if len(owners) > 1:
        raise Fault(Category.STRUCTURE, f"{at} must name one Patient, not several", at=(at,))
    if not owners and ownership.required:
        raise Fault(Category.STRUCTURE, f"{at} must refer to a Patient", at=(at,))
    return next(iter(owners), None)


def owners_through(resource: Resource) -> tuple[str, ...]:
    """Return the relative references whose owners own this resource (Provenance, Binary).

    Empty when the resource names its Patient itself, or is about nobody.
    """
    _, ownership = _ownership(resource)
    if ownership.through is None or owner_of(resource) is not None:
        return ()
    literals = [
        holder["reference"]
        for holder in _listed(resource.get(ownership.through))
        if isinstance(holder, dict) and isinstance(holder.get("reference"), str)
    ]
    parsed = [parse_reference(literal) for literal in literals]
    return tuple(str(reference) for reference in parsed if _is_local(reference))


def patients_of(resource: Resource) -> tuple[str, ...]:
    """Return the ids of all Patients in whose compartment the resource lies, its owner first.

    Raises:
        Fault: As `owner_of`.
    """
    owner = owner_of(resource)
    found: dict[str, None] = {} if owner is None else {owner: None}
    for parameter in compartment_parameters(resource["resourceType"]):
        for holder in parameter.extract(resource):
            reference = _literal(holder)
            if reference is not None and reference.type == "Patient" and _is_local(reference):
                found[str(reference.id)] = None
    return tuple(found)


def _ownership(resource: Resource) -> tuple[str, Ownership]:
    resource_type = resource.get("resourceType")
    ownership = OWNERSHIP.get(resource_type) if isinstance(resource_type, str) else None
    if ownership is None or not isinstance(resource_type, str):
        raise Fault(
            Category.NOT_SUPPORTED, "this resource type is not served here", at=("resourceType",)
        )
    return resource_type, ownership


def _own_id(resource: Resource) -> str:
    own = resource.get("id")
    if not isinstance(own, str) or not is_id(own):
        raise Fault(Category.STRUCTURE, "Patient.id is required", at=("Patient.id",))
    return own


def _patient_in(holder: Any, at: str, ownership: Ownership) -> str | None:
    reference = _literal(holder)
    if reference is None or not _is_local(reference):
        raise Fault(
            Category.STRUCTURE,
            f"{at} must be a literal reference to a resource on this server",
            at=(at,),
        )
    if reference.type == "Patient":
        return reference.id
    if ownership.through is None:
        raise Fault(Category.STRUCTURE, f"{at} must refer to a Patient", at=(at,))
    return None


def _literal(holder: Any) -> Reference | None:
    literal = holder.get("reference") if isinstance(holder, dict) else None
    return parse_reference(literal) if isinstance(literal, str) else None


def _is_local(reference: Reference | None) -> bool:
    return reference is not None and reference.base is None and reference.urn is None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
