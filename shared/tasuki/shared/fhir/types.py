"""The resource types this exchange serves, and whom each one is about.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Ownership:
    """Where a type names the Patient it is about.

    Attributes:
        element: The element with the reference, or None when the type is about nobody.
        required: Whether a resource without it is refused. Clinical records are: one that names
            nobody would be readable by everybody.
        through: The element whose targets decide instead, when there is no Patient in `element`.
        members: The element whose entries each name a Patient: it is nobody's own and about all.
    """

    element: str | None
    required: bool = False
    through: str | None = None
    members: str | None = None


_NOBODY = Ownership(None)
_SUBJECT = Ownership("subject", required=True)
_PATIENT = Ownership("patient", required=True)

OWNERSHIP: Mapping[str, Ownership] = MappingProxyType(
    {
        "AllergyIntolerance": _PATIENT,
        "Binary": Ownership("securityContext", through="securityContext"),
        "CarePlan": _SUBJECT,
        "CareTeam": _SUBJECT,
        "Composition": _SUBJECT,
        "Condition": _SUBJECT,
        "Consent": _PATIENT,
        "Coverage": Ownership("beneficiary", required=True),
        "Device": Ownership("patient"),
        "DeviceUseStatement": _SUBJECT,
        "DiagnosticReport": _SUBJECT,
        "DocumentReference": _SUBJECT,
        "Encounter": _SUBJECT,
        "Endpoint": _NOBODY,
        "EpisodeOfCare": _PATIENT,
        "FamilyMemberHistory": _PATIENT,
        "Flag": _SUBJECT,
        "Goal": _SUBJECT,
        "Group": Ownership(None, members="member"),
        "Immunization": _PATIENT,
        "List": _SUBJECT,
        "Location": _NOBODY,
        "Medication": _NOBODY,
        "MedicationAdministration": _SUBJECT,
        "MedicationDispense": _SUBJECT,
        "MedicationRequest": _SUBJECT,
        "MedicationStatement": _SUBJECT,
        "Observation": _SUBJECT,
        "Organization": _NOBODY,
        "Patient": Ownership("id", required=True),
        "Practitioner": _NOBODY,
        "PractitionerRole": _NOBODY,
        "Procedure": _SUBJECT,
        "Provenance": Ownership("target", through="target"),
        "QuestionnaireResponse": _SUBJECT,
        "RelatedPerson": _PATIENT,
        "ServiceRequest": _SUBJECT,
        "Specimen": _SUBJECT,
    }
)

SERVED_TYPES: frozenset[str] = frozenset(OWNERSHIP)
