from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"


@pytest.fixture(scope="session")
def patient() -> Callable[..., Json]:
    def made(
        name: str = "能登 花子",
        kana: str = "ノト ハナコ",
        birth: str = "1938-04-05",
        gender: str = "female",
        city: str = "輪島市",
    ) -> Json:
        return {
            "resourceType": "Patient",
            "id": "p",
            "name": [
                {
                    "extension": [{"url": REPRESENTATION, "valueCode": code}],
                    "family": text.split()[0],
                    "given": [text.split()[1]],
                }
                for code, text in (("IDE", name), ("SYL", kana))
            ],
            "gender": gender,
            "birthDate": birth,
            "address": [{"text": f"石川県{city}河井町1-1", "state": "石川県", "city": city}],
            "telecom": [{"system": "phone", "value": "090-0000-0001"}],
            "contact": [
                {
                    "name": {"text": "能登 太郎"},
                    "relationship": [{"text": "長男"}],
                    "telecom": [{"system": "phone", "value": "090-0000-0002"}],
                }
            ],
        }

    return made


@pytest.fixture(scope="session")
def allergy() -> Callable[..., Json]:
    def made(text: str = "ペニシリン", **more: object) -> Json:
        base = "http://terminology.hl7.org/CodeSystem/allergyintolerance"
        return {
            "resourceType": "AllergyIntolerance",
            "id": "a",
            "clinicalStatus": {"coding": [{"system": f"{base}-clinical", "code": "active"}]},
            "verificationStatus": {
                "coding": [{"system": f"{base}-verification", "code": "confirmed"}]
            },
            "criticality": "high",
            "code": {"text": text},
            "patient": {"reference": "Patient/p"},
            "recordedDate": "2025-05-01",
            **more,
        }

    return made


@pytest.fixture(scope="session")
def medicine() -> Callable[..., Json]:
    def made(text: str = "ワーファリン錠1mg", code: str = "3332001F1024", **more: object) -> Json:
        return {
            "resourceType": "MedicationRequest",
            "id": "m",
            "status": "completed",
            "intent": "order",
            "medicationCodeableConcept": {"text": text, "coding": [{"system": YJ, "code": code}]},
            "subject": {"reference": "Patient/p"},
            "authoredOn": "2025-05-01",
            "dosageInstruction": [{"text": "1日1回 朝食後"}],
            **more,
        }

    return made
