"""Twins: the OID and the URL by which Japan names the same system.

https://jpfhir.jp/fhir/core/guide-urlmap.html

JP Core moved its systems from OIDs to URLs and keeps both valid; what was sent under one name is
found under the other. The URL is the canonical form. Families with the institution or licence
number inside the OID (`…20.3.51.…`, `…20.3.41.…`) have no URL and stay as they are.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MHLW_CODES = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/"
_MHLW_IDS = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/"
_MEDIS = "http://medis.or.jp/CodeSystem/"
_JAMI = "http://jami.jp/CodeSystem/"
_YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"

_URLS: Mapping[str, str] = MappingProxyType(
    {
        "1.2.392.100495.20.1.73": _YJ,  # seen in the field; 20.2.73 is the registered one
        "1.2.392.100495.20.2.73": _YJ,
        "1.2.392.100495.20.2.21": f"{_MHLW_CODES}MedicationForm",
        "1.2.392.100495.20.2.22": f"{_MHLW_CODES}MedicationIngredientStrengthStrengthType",
        "1.2.392.100495.20.2.34": "http://jpfhir.jp/fhir/core/CodeSystem/route-codes",
        "1.2.392.100495.20.2.41": f"{_MHLW_CODES}MedicationSubstitutionProhibittedCategory",
        "1.2.392.100495.20.2.42": f"{_MHLW_CODES}RequestCheckRemainingMedicine",
        "1.2.392.100495.20.2.51": f"{_MHLW_CODES}MedicationRequestDepartment",
        "1.2.392.100495.20.2.61": f"{_MHLW_CODES}InsuranceMajorCategory",
        "1.2.392.100495.20.2.62": f"{_MHLW_CODES}InsuredPersonCategory",
        "1.2.392.100495.20.2.63": f"{_MHLW_CODES}MedicationInsuredPersonClass",
        "1.2.392.100495.20.2.74": f"{_MEDIS}master-HOT9",
        "1.2.392.100495.20.2.81": f"{_MHLW_CODES}MedicationGeneralOrderCode",
        "1.2.392.100495.20.2.101": f"{_MHLW_CODES}MedicationUnitMERIT9Code",
        "1.2.392.100495.20.3.21": f"{_MHLW_CODES}PrefectureNo-2digits",
        "1.2.392.100495.20.3.22": f"{_MHLW_CODES}MedicationFeeScoreType",
        "1.2.392.100495.20.3.23": f"{_MHLW_IDS}MedicalOrganizationID",
        "1.2.392.100495.20.3.31": f"{_MHLW_IDS}medicalRegistrationNumber",
        "1.2.392.100495.20.3.61": f"{_MHLW_IDS}InsurerNumber",
        "1.2.392.100495.20.3.62": f"{_MHLW_IDS}InsuredPersonSymbol",
        "1.2.392.100495.20.3.63": f"{_MHLW_IDS}InsuredPersonNumber",
        "1.2.392.100495.20.3.71": f"{_MHLW_IDS}PublicPayerNumber",
        "1.2.392.100495.20.3.72": f"{_MHLW_IDS}PublicInsuredPersonNumber",
        "1.2.392.100495.20.3.81": f"{_MHLW_IDS}Medication-RPGroupNumber",
        "1.2.392.100495.20.3.82": f"{_MHLW_IDS}MedicationAdministrationIndex",
        "1.2.392.200119.4.101.2": f"{_MEDIS}master-disease-keyNumber",
        "1.2.392.200119.4.101.6": f"{_MEDIS}master-disease-exCode",
        "1.2.392.200119.4.201.2": f"{_MEDIS}master-disease-modKeyNumber",
        "1.2.392.200119.4.201.5": f"{_MEDIS}master-disease-modExCode",
        "1.2.392.200119.4.402.1": f"{_MEDIS}master-HOT13",
        "1.2.392.200119.4.403.1": f"{_MEDIS}master-HOT9",
        "1.2.392.200119.4.403.2": f"{_MEDIS}master-HOT7",
        "1.2.392.200119.4.504": f"{_MEDIS}master-JLAC10-17digits",
        "1.2.392.200119.4.704": f"{_MEDIS}master-nursingAction-16digits",
        "1.2.392.200119.4.804": f"{_MEDIS}master-nursingObservationKeyCode",
        "1.2.392.200250.2.2.2": "http://jami.jp/SS-MIX2/CodeSystem/ClinicalDepartment",
        "1.2.392.200250.2.2.20.20": f"{_JAMI}MedicationUsage",
        "1.2.392.200250.2.2.20.22": f"{_JAMI}MedicationUsageAdditional",
        "1.2.392.200250.2.2.20.30": f"{_JAMI}MedicationMethodBasicUsage",
        "1.2.392.200250.2.2.20.31": f"{_JAMI}MedicationEventTriggered",
        "1.2.392.200250.2.2.20.32": f"{_JAMI}MedicationBodySiteExternal",
        "1.2.392.200250.2.2.20.40": f"{_JAMI}MedicationMethodDetailUsage",
        "1.2.392.200250.2.2.20.41": f"{_JAMI}MedicationMethodDetailOral",
        "1.2.392.200250.2.2.20.42": f"{_JAMI}MedicationMethodDetailExternal",
        "1.2.392.200250.2.2.20.43": f"{_JAMI}MedicationMethodDetailInjection",
        "1.2.392.200250.2.2.20.44": f"{_JAMI}MedicationMethodDetailPouring",
        "1.2.392.200250.2.2.20.45": f"{_JAMI}MedicationMethodDetailDeviceInjection",
        "1.2.392.200250.2.2.21": f"{_JAMI}MedicationUsage-12digits",
        "1.2.392.200250.2.2.30.10": f"{_JAMI}DrugDispensePreparationMethod",
    }
)
_OID = "urn:oid:"


def canonical_system(uri: str) -> str:
    """Return the URL by which the system is known, whichever of its names was given."""
    if not uri.startswith(_OID):
        return uri
    return _URLS.get(uri.removeprefix(_OID), uri)
