"""DOMAIN A2, A4, A5: JP Core's own parameters and systems, asked of JP Core's own examples."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.search import parse_query, search_parameters
from tasuki.shared.fhir.types import SERVED_TYPES

BASE = "https://ehr.example/fhir"
EXAMPLES = Path(__file__).parents[2] / "data" / "fhir" / "jp-core"
MHLW = "http://jpfhir.jp/fhir/core/mhlw"
HOT9 = "http://medis.or.jp/CodeSystem/master-HOT9"
JLAC10 = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"
CLINIC = "Organization-jp-organization-example-clinic"
DRUG = "MedicationRequest-jp-medicationrequest-example-1"
LAB = "Observation-jp-observation-labresult-example-1"


@pytest.mark.parametrize(
    ("name", "parameter", "found", "missed"),
    [
        ("Patient-jp-patient-example-1", "jp-kana-sort", "やまだたろう", "たろうやまだ"),
        ("Patient-jp-patient-example-1", "name", "ﾔﾏﾀﾞ", "ﾔﾏﾈ"),
        ("Coverage-jp-coverage-example-1", "jp-insured-personsymbol", "12-34", "34"),
        ("Coverage-jp-coverage-example-1", "jp-insured-personnumber", "5678", "678"),
        ("Coverage-jp-coverage-example-1", "jp-insured-personnumber:exact", "５６７８", "5678"),  # noqa: RUF001
        ("Coverage-jp-coverage-example-1", "jp-insured-personsubnumber", "00", "01"),
        (CLINIC, "jp-insurance-organizationcategory", "1", "3"),
        (CLINIC, "jp-insurance-organizationcategory", "urn:oid:1.2.392.100495.20.3.22|1", "|1"),
        (CLINIC, "jp-prefectureno", f"{MHLW}/CodeSystem/PrefectureNo-2digits|13", "17"),
        (CLINIC, "jp-prefectureno", "urn:oid:1.2.392.100495.20.3.21|13", "http://x|13"),
        (CLINIC, "jp-insurance-organizationno", f"{MHLW}/IdSystem/MedicalOrganizationID|1234567", "1"),
        (DRUG, "jp-medication-start", "2020-04-01", "2020-04-02"),
        (DRUG, "jp-medication-start", "ge2020-04", "lt2020-04"),
        (DRUG, "code", f"{HOT9}|103835401", f"{HOT9}|103835402"),
        (DRUG, "code", "urn:oid:1.2.392.200119.4.403.1|103835401", "urn:oid:1.2.3|103835401"),
        (DRUG, "code:text", "ムコダイン", "ロキソニン"),
        (LAB, "code", f"{JLAC10}|3C020000002327101", f"{JLAC10}|3C02"),
        (LAB, "_profile:below", "http://jpfhir.jp/fhir/core/StructureDefinition", "http://hl7.org"),
    ],
)  # fmt: skip
def test_an_example_is_found(name: str, parameter: str, found: str, missed: str) -> None:
    body = (EXAMPLES / f"{name}.json").read_bytes()
    for resource in (parse_resource(body), orjson.loads(body)):
        for value, expected in ((found, True), (missed, False)):
            pairs = [(parameter, value)]
            query = parse_query(resource["resourceType"], pairs, strict=True, base=BASE)
            assert query.matches(resource) is expected, value


def test_all_of_jp_cores_own_parameters_are_asked() -> None:
    own = {
        code
        for type_ in SERVED_TYPES
        for code, parameter in search_parameters(type_).items()
        if parameter.url.startswith("http://jpfhir.jp/")
    }
    assert own == {
        "jp-insurance-organizationcategory",
        "jp-insurance-organizationno",
        "jp-insured-personnumber",
        "jp-insured-personsubnumber",
        "jp-insured-personsymbol",
        "jp-kana-sort",
        "jp-medication-start",
        "jp-prefectureno",
    }
