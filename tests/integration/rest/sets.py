"""Bundles as a hospital sends them, for tests."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

ECS = "http://jpfhir.jp/fhir/eCS/StructureDefinition/"
INSURANCE = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
INSTITUTION = "1718814790"
CHART = f"urn:oid:1.2.392.100495.20.3.51.1{INSTITUTION}"
MEMBER = "00012345:あいう:187:05"
IDENTIFIER = f"{INSTITUTION}^2025^set-1"
SENT = "2025-12-01T10:00:00+09:00"

Body = dict[str, Any]
_NUMBERS = itertools.count(1)


def patient(chart: str = "c1", member: str = MEMBER, **more: Any) -> Body:
    """Return 能登 花子 as the guide wants a patient; an empty `chart` leaves the number out."""
    own = [{"system": CHART, "value": chart}] if chart else []
    return {
        "resourceType": "Patient",
        "id": "p",
        "meta": {"profile": [f"{ECS}JP_Patient_eCS"]},
        "identifier": [*own, {"system": INSURANCE, "value": member}],
        "name": [
            {
                "extension": [{"url": REPRESENTATION, "valueCode": code}],
                "text": text,
                "family": text.split()[0],
                "given": text.split()[1:],
            }
            for code, text in (("IDE", "能登 花子"), ("SYL", "ノト ハナコ"))
        ],
        "gender": "female",
        "birthDate": "1938-04-05",
        "address": [{"text": "石川県輪島市"}],
        **more,
    }


def allergy(name: str, text: str = "さば", **more: Any) -> Body:
    """Return an allergy under the hospital's own name."""
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "id": name,
        "meta": {"lastUpdated": SENT, "profile": [f"{ECS}JP_AllergyIntolerance_eCS"]},
        "extension": [
            {
                "url": "http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/"
                "JP_eCS_InstitutionNumber",
                "valueIdentifier": {
                    "system": "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no",
                    "value": INSTITUTION,
                },
            }
        ],
        "identifier": [
            {
                "system": "http://jpfhir.jp/fhir/core/IdSystem/resourceInstance-identifier",
                "value": name,
            }
        ],
        "code": {
            "coding": [
                {
                    "system": "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS",
                    "code": "J9FC11310000",
                    "display": "さば",
                }
            ],
            "text": text,
        },
        **more,
    }


def bundle(
    *members: Body,
    about: Body | None = None,
    identifier: str = IDENTIFIER,
    sent: str = SENT,
    kind: str = "AllergyIntolerance",
) -> Body:
    """Return a Bundle of the Patient and these; a member that names nobody is given the Patient."""
    who = _new_url()
    element = "patient" if kind == "AllergyIntolerance" else "subject"
    held = [{element: {"reference": who}, **member} for member in members]
    return {
        "resourceType": "Bundle",
        "meta": {
            "lastUpdated": sent,
            "profile": ["http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_CLINS|1.12.0"],
            "tag": [
                {
                    "system": "http://jpfhir.jp/fhir/clins/CodeSystem/BundleResourceType_CS",
                    "code": kind,
                }
            ],
        },
        "identifier": {
            "system": "http://jpfhir.jp/fhir/clins/bundle-identifier",
            "value": identifier,
        },
        "type": "collection",
        "timestamp": sent,
        "entry": [
            {"fullUrl": who, "resource": about or patient()},
            *({"fullUrl": _new_url(), "resource": one} for one in held),
        ],
    }


def _new_url() -> str:
    return f"urn:uuid:{UUID(int=next(_NUMBERS))}"


async def send(house: House, made: Body, **more: Any) -> httpx2.Response:
    """Send a Bundle."""
    return await house.post("/$clins-collection", json=made, **more)


async def sent(house: House, made: Body) -> tuple[int, int, int, int]:
    """Send a Bundle that is accepted; return created, updated, unchanged and deleted."""
    answer = await send(house, made)
    assert answer.status_code == 200, answer.text
    told = {one["name"]: one.get("valueInteger") for one in answer.json()["parameter"]}
    return (told["created"], told["updated"], told["unchanged"], told["deleted"])


async def texts(house: House, type_: str = "AllergyIntolerance") -> list[str]:
    """Return the texts of all codes of a type that are here, sorted."""
    answer = await house.get(f"/{type_}?_count=200")
    assert answer.status_code == 200, answer.text
    return sorted(one["resource"]["code"]["text"] for one in answer.json().get("entry", []))
