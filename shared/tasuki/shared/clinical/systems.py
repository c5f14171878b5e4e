"""Code systems of Japanese medicine, each with its OID twins.

Sources: JP Core (https://jpfhir.jp/fhir/core/) and the HL7 FHIR e-prescription specification of
MHLW. The same table is written with a URL or with one of several OIDs; both mean the same code.
"""

from __future__ import annotations

YJ = frozenset(
    {
        "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code",
        "urn:oid:1.2.392.100495.20.2.73",
        "urn:oid:1.2.392.100495.20.1.73",
    }
)
# The NHI price list code: not a YJ code, but its first nine characters mean the same.
PRICE_LIST = frozenset({"urn:oid:1.2.392.100495.20.2.72", "urn:oid:1.2.392.100495.20.1.72"})
GENERAL_ORDER = frozenset(
    {
        "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode",
        "urn:oid:1.2.392.100495.20.2.81",
        "urn:oid:1.2.392.100495.20.1.81",
    }
)
HOT7 = frozenset({"http://medis.or.jp/CodeSystem/master-HOT7", "urn:oid:1.2.392.200119.4.402.1"})

USAGE = frozenset(
    {
        "http://jami.jp/CodeSystem/MedicationUsage",
        "urn:oid:1.2.392.200250.2.2.20.20",
        "urn:oid:1.2.392.200250.2.2.20",
        "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUsage_ePrescription",
        "urn:oid:1.2.392.100495.20.2.31",
    }
)
USAGE_UNCODED = frozenset(
    {"http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_MedicationUsage_Uncoded_CS"}
)
USAGE_SUPPLEMENT = frozenset(
    {
        "http://jami.jp/CodeSystem/MedicationUsageAdditional",
        "urn:oid:1.2.392.200250.2.2.20.22",
        "urn:oid:1.2.392.100495.20.2.32",
    }
)
UNIT_MERIT9 = frozenset(
    {
        "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code",
        "urn:oid:1.2.392.100495.20.2.101",
    }
)
UCUM = "http://unitsofmeasure.org"

JFAGY = frozenset(
    f"http://jpfhir.jp/fhir/core/CodeSystem/JP_Jfagy{part}_CS"
    for part in ("FoodAllergen", "NonFoodNonMedicationAllergen", "MedicationAllergen")
)
SNOMED_CT = "http://snomed.info/sct"
ABSENT_UNKNOWN = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
