"""Names of the code systems, extensions and profiles that the sample uses.

https://jpfhir.jp/fhir/core/ and https://jpfhir.jp/fhir/clins/
"""

from __future__ import annotations

from typing import Any

CORE = "http://jpfhir.jp/fhir/core"
HL7 = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
GENERAL_ORDER = f"{CORE}/mhlw/CodeSystem/MedicationGeneralOrderCode"
UNCODED_DRUG = "http://jpfhir.jp/fhir/eCS/CodeSystem/MedicationCodeNocoded_CS"
MERIT9_UNIT = f"{CORE}/mhlw/CodeSystem/MedicationUnitMERIT9Code"
USAGE = f"{CORE}/mhlw/CodeSystem/MedicationUsage_ePrescription"
USAGE_UNCODED = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_MedicationUsage_Uncoded_CS"
USAGE_SUPPLEMENT = "http://jami.jp/CodeSystem/MedicationUsageAdditional"
ROUTE = f"{CORE}/CodeSystem/route-codes"
STRENGTH_TYPE = f"{CORE}/mhlw/CodeSystem/MedicationIngredientStrengthStrengthType"
FOOD_ALLERGEN = f"{CORE}/CodeSystem/JP_JfagyFoodAllergen_CS"
OTHER_ALLERGEN = f"{CORE}/CodeSystem/JP_JfagyNonFoodNonMedicationAllergen_CS"
DRUG_ALLERGEN_YJ = f"{CORE}/CodeSystem/YCM/JP_JfagyMedicationAllergen_CS"
DRUG_ALLERGEN = f"{CORE}/CodeSystem/JP_JfagyMedicationAllergen_CS"
ICD10 = f"{CORE}/mhlw/CodeSystem/ICD10-2013-full"
SIMPLE_CATEGORY = f"{CORE}/CodeSystem/JP_SimpleObservationCategory_CS"
INDICATION = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"

INSTITUTION = f"{CORE}/IdSystem/insurance-medical-institution-no"
INSTANCE = f"{CORE}/IdSystem/resourceInstance-identifier"
INSURER = f"{CORE}/mhlw/IdSystem/InsurerNumber"
MEMBER = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
RP_GROUP = f"{CORE}/mhlw/IdSystem/Medication-RPGroupNumber"
RP_ORDER = f"{CORE}/mhlw/IdSystem/MedicationAdministrationIndex"
LOCAL_PATIENT = "urn:oid:1.2.392.100495.20.3.51.1"  # + the institution number
LOCAL_PRACTITIONER = "urn:oid:1.2.392.100495.20.3.41.1"  # + the institution number

NAME_FORM = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
INSTITUTION_NUMBER = (
    "http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/JP_eCS_InstitutionNumber"
)
POSTFIX_MODIFIER = f"{CORE}/Extension/StructureDefinition/JP_Condition_DiseasePostfixModifier"
PERIOD_OF_USE = f"{CORE}/Extension/StructureDefinition/JP_MedicationDosage_PeriodOfUse"
COVERAGE_PART = f"{CORE}/Extension/StructureDefinition/JP_Coverage_InsuredPerson"

NONE_KNOWN = "アレルギー歴なし"


def coding(system: str, code: str, display: str | None = None) -> dict[str, Any]:
    """Return a Coding."""
    made = {"system": system, "code": code}
    return made if display is None else {**made, "display": display}


def concept(text: str | None, *codings: dict[str, Any]) -> dict[str, Any]:
    """Return a CodeableConcept; what is missing is left out."""
    made: dict[str, Any] = {"coding": list(codings)} if codings else {}
    return made if text is None else {**made, "text": text}


def profile(name: str) -> str:
    """Return the canonical of a JP Core or JP-CLINS profile; `_eCS` at the end means JP-CLINS."""
    base = "http://jpfhir.jp/fhir/eCS" if name.endswith("_eCS") else CORE
    return f"{base}/StructureDefinition/{name}"


def days(value: int) -> dict[str, Any]:
    """Return a Duration of whole days."""
    return {"value": value, "unit": "日", "system": UCUM, "code": "d"}
