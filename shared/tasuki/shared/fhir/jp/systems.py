"""The URLs by which JP-CLINS names its profiles, identifiers and codes.

https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ECS: Final = "http://jpfhir.jp/fhir/eCS/StructureDefinition/"
CLINS: Final = "http://jpfhir.jp/fhir/clins/StructureDefinition/"
BUNDLE_PROFILE: Final = f"{CLINS}JP_Bundle_CLINS"
PATIENT_PROFILE: Final = f"{ECS}JP_Patient_eCS"
ENTRY_PROFILES: Final = {
    "AllergyIntolerance": f"{ECS}JP_AllergyIntolerance_eCS",
    "Condition": f"{ECS}JP_Condition_eCS",
    "Observation": f"{ECS}JP_Observation_LabResult_eCS",
}
"""The three kinds of what a hospital sends, each with the profile its resources must claim."""
SUBJECTS: Final = {
    "AllergyIntolerance": "patient",
    "Condition": "subject",
    "Observation": "subject",
}

BUNDLE_KIND: Final = "http://jpfhir.jp/fhir/clins/CodeSystem/BundleResourceType_CS"
BUNDLE_IDENTIFIER: Final = "http://jpfhir.jp/fhir/clins/bundle-identifier"
RESOURCE_IDENTIFIER: Final = "http://jpfhir.jp/fhir/core/IdSystem/resourceInstance-identifier"
INSURANCE: Final = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
PUBLIC_PAYER: Final = "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID"
LOCAL_PATIENT: Final = "urn:oid:1.2.392.100495.20.3.51."
INSTITUTION: Final = (
    "http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/JP_eCS_InstitutionNumber"
)
DEPARTMENT: Final = "http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department"
REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
INDICATION: Final = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"

_LAB: Final = "http://jpfhir.jp/fhir/clins/CodeSystem/"
LOCAL_LAB: Final = f"{_LAB}JP_CLINS_ObsLabResult_LocalCode_CS"
UNCODED_LAB: Final = f"{_LAB}JP_CLINS_ObsLabResult_Uncoded_CS"
# Older versions of the guide have no folder for the generation of the code.
_GENERATIONS: Final = ("JLAC10/", "JLAC11/", "")
INFECTION_LABS: Final = frozenset(
    f"{_LAB}{one}JP_CLINS_ObsLabResult_InfectionLabo_CS" for one in _GENERATIONS
)
DESIGNATED_LABS: Final = INFECTION_LABS | frozenset(
    f"{_LAB}{one}JP_CLINS_ObsLabResult_CoreLabo_CS" for one in _GENERATIONS
)
GENERAL_LABS: Final = frozenset(
    {
        "urn:oid:1.2.392.200119.4.504",
        "http://medis.or.jp/CodeSystem/master-JLAC10-17digits",
        "http://medis.or.jp/CodeSystem/master-JLAC11-17digits",
    }
)

USAGE: Final = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUsage_ePrescription"
UNCODED_USAGE: Final = f"{_LAB}JP_CLINS_MedicationUsage_Uncoded_CS"
UNCODED_DRUG: Final = "http://jpfhir.jp/fhir/eCS/CodeSystem/MedicationCodeNocoded_CS"


def profiles_of(resource: Mapping[str, Any]) -> frozenset[str]:
    """Return the profiles a resource claims, without their versions."""
    meta = resource.get("meta")
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    listed = claimed if isinstance(claimed, list) else []
    return frozenset(one.partition("|")[0] for one in listed if isinstance(one, str))


def claims_clins(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource claims any profile of JP-CLINS (eCS or clins)."""
    return any(one.startswith((ECS, CLINS)) for one in profiles_of(resource))
