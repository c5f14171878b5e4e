"""Entries of holders, and the records made of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tasuki.shared.clinical.sources import SourceState
from tasuki.shelter.building import build_record
from tasuki.shelter.entries import SourceEntry
from tasuki.shelter.settings import Holder

NOW = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
TODAY = date(2026, 1, 5)
HOLDERS = {
    name: Holder(name=name, base_url=f"https://{name}", title_ja=name, title_en=name)
    for name in ("noto", "kaga")
}
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

Json = dict[str, Any]


def patient(kana: str = "ノト ハナコ", name: str = "能登 花子", **more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": "p",
        "name": [
            {"extension": [{"url": REPRESENTATION, "valueCode": "IDE"}], "text": name},
            {"extension": [{"url": REPRESENTATION, "valueCode": "SYL"}], "text": kana},
        ],
        "birthDate": "1938-04-05",
        "gender": "female",
        "address": [{"text": "石川県輪島市河井町1-1", "city": "輪島市"}],
        "telecom": [{"system": "phone", "value": "090-0000-0001"}],
        "contact": [{"name": {"text": "能登 太郎"}}],
        **more,
    }


def medicine(text: str = "ワーファリン錠1mg", **more: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": {"text": text},
        "authoredOn": "2025-12-28",
        **more,
    }


def allergy(text: str = "ペニシリン", **more: Any) -> Json:
    return {"resourceType": "AllergyIntolerance", "id": "a", "code": {"text": text}, **more}


def condition(text: str = "高血圧症", **more: Any) -> Json:
    return {"resourceType": "Condition", "id": "c", "code": {"text": text}, **more}


def labelled(system: str, code: str) -> Json:
    return {"meta": {"security": [{"system": system, "code": code}]}}


def entry(*resources: Json, holder: str = "noto", **more: Any) -> SourceEntry:
    given: Json = {
        "holder": holder,
        "owner": "p",
        "tokens": ("aa" * 16,),
        "state": SourceState.ANSWERED,
        "fetched_at": NOW,
        "epoch": "e1",
        "resources": tuple(resources),
        **more,
    }
    return SourceEntry(**given)


def record(*entries: SourceEntry, refused: bool = False) -> Any:
    return build_record(entries, HOLDERS, today=TODAY, built_at=NOW, refused=refused)
