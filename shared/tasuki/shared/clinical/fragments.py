"""Cutting resources down to what the readers of a profile need.

Identifiers, references to other records, narratives and meta stay behind: a stored profile, a card and
an offline pack hold no more than they show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.clinical.conditions import POSTFIX, PREFIX
from tasuki.shared.clinical.drugs import drug_of_medication
from tasuki.shared.clinical.fhirjson import child, children, codings, string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.clinical.sources import Resource

ALLERGY = ("AllergyIntolerance",)
# Not MedicationAdministration: a dose given in a ward says nothing of what is taken at home.
MEDICINE = ("MedicationRequest", "MedicationStatement", "MedicationDispense")
CONDITION = ("Condition",)

_COMMON = ("resourceType", "status", "code", "recordedDate")
_KEPT: dict[str, tuple[str, ...]] = {
    "AllergyIntolerance": (
        *_COMMON,
        *("clinicalStatus", "verificationStatus", "type", "category", "criticality", "reaction"),
        *("onsetDateTime", "onsetString", "lastOccurrence", "note"),
    ),
    "Condition": (
        *_COMMON,
        *("clinicalStatus", "verificationStatus", "category", "severity", "bodySite"),
        *("onsetDateTime", "onsetPeriod", "onsetString", "onsetAge"),
        *("abatementDateTime", "abatementPeriod", "abatementString"),
    ),
    "MedicationRequest": (
        *("resourceType", "status", "intent", "doNotPerform", "medicationCodeableConcept"),
        *("authoredOn", "dosageInstruction", "dispenseRequest", "category"),
    ),
    "MedicationStatement": (
        *("resourceType", "status", "medicationCodeableConcept", "dateAsserted", "dosage"),
        *("effectiveDateTime", "effectivePeriod", "category"),
    ),
    "MedicationDispense": (
        *("resourceType", "status", "medicationCodeableConcept", "whenHandedOver", "whenPrepared"),
        *("quantity", "daysSupply", "dosageInstruction", "category"),
    ),
}
# Kept for a summary, never read for a profile.
_SUMMARY_ONLY = frozenset({"category", "severity", "bodySite", "intent"})
_MODIFIERS = frozenset({PREFIX, POSTFIX})
_DISPENSE_KEPT = (
    *(
        "validityPeriod",
        "numberOfRepeatsAllowed",
        "quantity",
        "expectedSupplyDuration",
        "extension",
    ),
    "initialFill",
)


def fragment_of(resource: Resource, medications: Mapping[str, Resource]) -> dict[str, object]:
    """Return the elements of an allergy, medicine or condition that readers need.

    Args:
        resource: The record as its source gave it.
        medications: Medication resources of the same source by `Medication/id`; a reference to one
            of them, or to a contained one, is replaced by its code.
    """
    kept = _KEPT[str(resource["resourceType"])]
    fragment = {name: value for name, value in resource.items() if name in kept}
    modifiers = [e for e in children(resource, "extension") if e.get("url") in _MODIFIERS]
    if modifiers:
        fragment["extension"] = modifiers
    if "dispenseRequest" in fragment:
        request = child(fragment, "dispenseRequest")
        fragment["dispenseRequest"] = {k: v for k, v in request.items() if k in _DISPENSE_KEPT}
    if "medicationReference" in resource:
        fragment["medicationCodeableConcept"] = _medication(resource, medications)
    return fragment


def stored(fragment: Resource) -> dict[str, object]:
    """Return what of a fragment a stored profile keeps: what its view reads, and no more."""
    dropped = () if fragment.get("resourceType") in ALLERGY else _SUMMARY_ONLY
    return {name: value for name, value in fragment.items() if name not in dropped}


def _medication(resource: Resource, medications: Mapping[str, Resource]) -> dict[str, object]:
    """Return what a medicationReference leads to, or its display if it leads nowhere.

    A mixture without a code of its own is named by its ingredients and keeps their codes.
    """
    reference = child(resource, "medicationReference")
    target = string(reference, "reference") or ""
    contained = {f"#{each.get('id')}": each for each in children(resource, "contained")}
    found = contained.get(target) or medications.get(target.split("/_history/", 1)[0])
    if found is None:
        return {"text": string(reference, "display") or ""}
    drug = drug_of_medication(found)
    coding = [{"system": system, "code": code} for system, code in drug.codings]
    own = child(found, "code")
    return {"text": drug.name, "coding": coding} | (dict(own) if codings(own) else {})
