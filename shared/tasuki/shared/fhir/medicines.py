"""A medicine that stands apart from its order: what is said of it is said of whoever takes it.

https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.medication_x_
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.references import parse_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

ORDERS = frozenset(
    {
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
        "MedicationStatement",
    }
)
"""Types that may name their medicine by reference."""
ELEMENT = "medicationReference"


def medicine_of(resource: Mapping[str, Any]) -> str | None:
    """Return the id of the Medication on this server that an order names; None where it names none.

    A contained one, or one elsewhere, is none.
    """
    named = resource.get(ELEMENT)
    literal = named.get("reference") if isinstance(named, dict) else None
    reference = parse_reference(literal) if isinstance(literal, str) else None
    if reference is None or reference.base is not None or reference.urn is not None:
        return None
    return reference.id if reference.type == "Medication" else None


def with_medicine(order: Mapping[str, Any], medicine: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order to be looked at as though it contained its medicine; never to be shown."""
    return {**order, "contained": [*(order.get("contained") or ()), medicine]}
