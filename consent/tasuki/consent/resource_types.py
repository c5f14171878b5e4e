"""The names of the R4 resource types, and the data class each belongs to.

https://hl7.org/fhir/R4/resourcelist.html
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.consent.vocabulary import DataClass

if TYPE_CHECKING:
    from collections.abc import Mapping

R4_TYPES = frozenset(
    """
Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse
AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement
CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse
ClinicalImpression CodeSystem Communication CommunicationRequest CompartmentDefinition
Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest
DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference
EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse
EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService
ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation
ImplementationGuide InsurancePlan Invoice Library Linkage List Location Measure
MeasureReport Media Medication MedicationAdministration MedicationDispense
MedicationKnowledge MedicationRequest MedicationStatement MedicinalProduct
MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductIndication
MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured
MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect
MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder Observation
ObservationDefinition OperationDefinition OperationOutcome Organization
OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation Person
PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire
QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition
ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis
Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition
StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein
SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery
SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet VerificationResult
VisionPrescription
""".split()  # noqa: SIM905 - 146 quoted names would read worse than this block
)

_TYPES_OF: Mapping[DataClass, frozenset[str]] = MappingProxyType(
    {
        DataClass.ALLERGIES: frozenset({"AllergyIntolerance"}),
        DataClass.MEDICINES: frozenset(
            {
                "Medication",
                "MedicationAdministration",
                "MedicationDispense",
                "MedicationRequest",
                "MedicationStatement",
            }
        ),
        DataClass.CONDITIONS: frozenset({"Condition"}),
        # Patient carries the demographics and Patient.contact: whom to call, and who this is.
        DataClass.CONTACTS: frozenset({"Patient", "RelatedPerson"}),
    }
)
_CLASS_OF = MappingProxyType({name: dc for dc, names in _TYPES_OF.items() for name in names})
_OTHER = R4_TYPES - frozenset(_CLASS_OF)


def class_of(resource_type: str) -> DataClass | None:
    """Return the data class of a resource type; None when R4 has no such type."""
    if resource_type not in R4_TYPES:
        return None
    return _CLASS_OF.get(resource_type, DataClass.OTHER)


@cache  # at most 32 sets of classes
def types_of(classes: frozenset[DataClass]) -> frozenset[str]:
    """Return every resource type of the given data classes; none for no classes."""
    found: frozenset[str] = frozenset()
    for data_class in classes:
        found |= _TYPES_OF.get(data_class, _OTHER)
    return found
