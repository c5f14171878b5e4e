"""The sections of an International Patient Summary: codes, what may stand in them, titles.

https://hl7.org/fhir/uv/ips/StructureDefinition-Composition-uv-ips.html
"""

from __future__ import annotations

from dataclasses import dataclass

LOINC = "http://loinc.org"
SUMMARY_TYPE = "60591-5"


@dataclass(frozen=True)
class SectionRule:
    """What the guide says of one section.

    Attributes:
        key: Our short name.
        loinc: The section code.
        display: LOINC's name of the code, as the guide's examples write it.
        entry_types: Resource types an entry may refer to; empty means any.
        required: Whether every summary has it.
        title_ja: Title in Japanese.
        title_en: Title in English.
    """

    key: str
    loinc: str
    display: str
    entry_types: frozenset[str]
    required: bool
    title_ja: str
    title_en: str


def _optional(key: str, loinc: str, types: str) -> SectionRule:
    """Return a section that is judged when met, but never written by us."""
    return SectionRule(key, loinc, "", _types(types), required=False, title_ja="", title_en="")


def _types(names: str) -> frozenset[str]:
    return frozenset(names.split()) | {"DocumentReference"} if names else frozenset()


ALLERGIES = SectionRule(
    "allergies",
    "48765-2",
    "Allergies and adverse reactions Document",
    _types("AllergyIntolerance"),
    required=True,
    title_ja="アレルギー・不耐",
    title_en="Allergies and intolerances",
)
MEDICINES = SectionRule(
    "medicines",
    "10160-0",
    "History of Medication use Narrative",
    _types("MedicationStatement MedicationRequest MedicationAdministration MedicationDispense"),
    required=True,
    title_ja="薬",
    title_en="Medication summary",
)
PROBLEMS = SectionRule(
    "problems",
    "11450-4",
    "Problem list - Reported",
    _types("Condition"),
    required=True,
    title_ja="病名",
    title_en="Problems",
)
IMMUNIZATIONS = SectionRule(
    "immunizations",
    "11369-6",
    "History of Immunization note",
    _types("Immunization"),
    required=False,
    title_ja="予防接種",
    title_en="Immunizations",
)
RESULTS = SectionRule(
    "results",
    "30954-2",
    "Relevant diagnostic tests/laboratory data note",
    _types("Observation DiagnosticReport"),
    required=False,
    title_ja="検査結果",
    title_en="Results",
)
PROCEDURES = SectionRule(
    "procedures",
    "47519-4",
    "History of Procedures Document",
    _types("Procedure"),
    required=False,
    title_ja="手術・処置",
    title_en="Procedures",
)

# Read but not written: what the guide allows beside the six that we assemble.
OTHERS = (
    _optional("devices", "46264-8", "DeviceUseStatement"),
    _optional("directives", "42348-3", "Consent"),
    _optional("alerts", "104605-1", "Flag"),
    _optional("function", "47420-5", "Condition ClinicalImpression"),
    _optional("past-problems", "11348-0", "Condition"),
    _optional("pregnancy", "10162-6", "Observation"),
    _optional("story", "81338-6", ""),
    _optional("plan", "18776-5", "CarePlan ImmunizationRecommendation"),
    _optional("social", "29762-2", "Observation"),
    _optional("vital-signs", "8716-3", "Observation"),
)

RULES: dict[str, SectionRule] = {
    rule.loinc: rule
    for rule in (
        ALLERGIES,
        MEDICINES,
        PROBLEMS,
        IMMUNIZATIONS,
        RESULTS,
        PROCEDURES,
        *OTHERS,
    )
}
