"""Allergies, conditions and self-kept entries of the written stories, as FHIR resources.

https://jpfhir.jp/fhir/clins/igv1/StructureDefinition-jp-allergyintolerance-ecs.html
https://jpfhir.jp/fhir/clins/igv1/StructureDefinition-jp-condition-ecs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring.vocabulary import (
    DRUG_ALLERGEN,
    DRUG_ALLERGEN_YJ,
    FOOD_ALLERGEN,
    HL7,
    ICD10,
    INDICATION,
    LOINC,
    NONE_KNOWN,
    OTHER_ALLERGEN,
    POSTFIX_MODIFIER,
    SIMPLE_CATEGORY,
    UCUM,
    coding,
    concept,
    profile,
)

if TYPE_CHECKING:
    from datetime import date

Json = dict[str, Any]

# JFAGY says by the first three characters which list a code is from; D9. is "no code, see text".
_LISTS = {
    "J9F": ("food", FOOD_ALLERGEN),
    "D9F": ("food", FOOD_ALLERGEN),
    "J9N": ("environment", OTHER_ALLERGEN),
    "D9N": ("environment", OTHER_ALLERGEN),
    "YCM": ("medication", DRUG_ALLERGEN_YJ),
    "D9M": ("medication", DRUG_ALLERGEN),
}


def no_known_allergy(patient: Json, day: date) -> Json:
    """Return the entry by which a hospital says: asked, and there is none.

    JP-CLINS has no code for it, so it is text alone.
    """
    made = _allergy(patient, day, concept(NONE_KNOWN))
    made["verificationStatus"] = concept(
        None, coding(f"{HL7}/allergyintolerance-verification", "confirmed")
    )
    return made


def allergy(patient: Json, day: date, told: Json) -> Json:
    """Return an AllergyIntolerance.

    Args:
        patient: Reference to the Patient.
        day: When it was written down.
        told: `code` (JFAGY) and `display`, `text`, and maybe `reaction` and `severity`.
    """
    made = _allergy(patient, day, concept(told["text"], allergen(told["code"], told["display"])))
    made["type"] = "allergy"
    made["category"] = [_LISTS[told["code"][:3]][0]]
    made["criticality"] = told.get("criticality", "unable-to-assess")
    if "reaction" in told:
        made["reaction"] = [{"manifestation": [concept(told["reaction"])]}]
        if "severity" in told:
            made["reaction"][0]["severity"] = told["severity"]
    return made


def allergen(code: str, display: str) -> Json:
    """Return the Coding of a JFAGY allergen in the system its code belongs to."""
    return coding(_LISTS[code[:3]][1], code, display)


def _allergy(patient: Json, day: date, code: Json) -> Json:
    return {
        "resourceType": "AllergyIntolerance",
        "meta": {
            "lastUpdated": f"{day.isoformat()}T11:00:00+09:00",
            "profile": [profile("JP_AllergyIntolerance_eCS")],
        },
        "clinicalStatus": concept(None, coding(f"{HL7}/allergyintolerance-clinical", "active")),
        "code": code,
        "patient": patient,
        "recordedDate": day.isoformat(),
    }


def condition(patient: Json, day: date, told: Json) -> Json:
    """Return a Condition.

    Args:
        patient: Reference to the Patient.
        day: Its onset, as far as known.
        told: `text` and ICD-10 `code`; `suspected` for 疑い; `tag` for a JP-CLINS mark.
    """
    suspected = told.get("suspected", False)
    certainty = "unconfirmed" if suspected else "confirmed"
    made: Json = {
        "resourceType": "Condition",
        "meta": {
            "lastUpdated": f"{day.isoformat()}T11:00:00+09:00",
            "profile": [profile("JP_Condition_eCS")],
        },
        "clinicalStatus": concept(None, coding(f"{HL7}/condition-clinical", "active")),
        "verificationStatus": concept(None, coding(f"{HL7}/condition-ver-status", certainty)),
        "category": [concept(None, coding(f"{HL7}/condition-category", "encounter-diagnosis"))],
        "code": concept(told["text"], coding(ICD10, told["code"])),
        "subject": patient,
        "onsetDateTime": day.isoformat(),
        "recordedDate": day.isoformat(),
    }
    if suspected:
        made["code"]["extension"] = [
            {"url": POSTFIX_MODIFIER, "valueCodeableConcept": concept("の疑い")}
        ]
    if "tag" in told:
        made["meta"]["tag"] = [coding(INDICATION, told["tag"])]
    return made


def blood_pressure(patient: Json, moment: str, systolic: int, diastolic: int) -> Json:
    """Return a blood pressure that a resident measured at home, in mmHg."""
    parts = (("8480-6", "収縮期血圧", systolic), ("8462-4", "拡張期血圧", diastolic))
    return {
        "resourceType": "Observation",
        "meta": {"lastUpdated": moment, "profile": [profile("JP_Observation_VitalSigns")]},
        "status": "final",
        "category": [
            concept(
                None,
                coding(SIMPLE_CATEGORY, "vital-signs"),
                coding(f"{HL7}/observation-category", "vital-signs"),
            )
        ],
        "code": concept("家庭血圧", coding(LOINC, "85354-9")),
        "subject": patient,
        "effectiveDateTime": moment,
        "performer": [patient],
        "component": [
            {
                "code": concept(text, coding(LOINC, code)),
                "valueQuantity": {
                    "value": value,
                    "unit": "mmHg",
                    "system": UCUM,
                    "code": "mm[Hg]",
                },
            }
            for code, text, value in parts
        ],
    }


def bought_medicine(patient: Json, start: date, asserted: date, told: Json) -> Json:
    """Return a MedicationStatement of a medicine bought without prescription."""
    return {
        "resourceType": "MedicationStatement",
        "meta": {
            "lastUpdated": f"{asserted.isoformat()}T20:00:00+09:00",
            "profile": [profile("JP_MedicationStatement")],
        },
        "status": "active",
        "category": concept(
            "患者申告", coding(f"{HL7}/medication-statement-category", "patientspecified")
        ),
        "medicationCodeableConcept": concept(told["text"]),
        "subject": patient,
        "effectivePeriod": {"start": start.isoformat()},
        "dateAsserted": f"{asserted.isoformat()}T20:00:00+09:00",
        "informationSource": patient,
        "dosage": [{"text": told["usage"]}],
    }
