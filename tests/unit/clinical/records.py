"""Small records and sources for the tests of profiles and summaries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from tasuki.shared.clinical.profile import build_profile
from tasuki.shared.clinical.sources import SourceRecords, SourceState

if TYPE_CHECKING:
    from tasuki.shared.clinical.profile_lines import EmergencyProfile, Section

TODAY = date(2024, 1, 5)
BUILT = datetime(2024, 1, 5, 3, 0, tzinfo=UTC)
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
JFAGY_FOOD = "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS"
EGG, EGG_WHITE = "J9FB13110000", "J9FB13110013"
SNOMED = "http://snomed.info/sct"
INDICATION = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"

Body = dict[str, Any]


def allergy(name: str, code: str | None = None, **more: Any) -> Body:
    coding = {"coding": [{"system": JFAGY_FOOD, "code": code}]} if code else {}
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"text": name, **coding},
        "recordedDate": "2023-06-01",
        **more,
    }


def no_known_allergy(recorded: str = "2023-07-01") -> Body:
    code = {"coding": [{"system": SNOMED, "code": "716186003"}], "text": "アレルギー歴なし"}
    return allergy("", recordedDate=recorded) | {"code": code}


def medicine(name: str, yj: str | None, start: str, days: int | None, **more: Any) -> Body:
    coding = {"coding": [{"system": YJ, "code": yj}]} if yj else {}
    supply = {"expectedSupplyDuration": {"value": days, "code": "d"}} if days else {}
    return {
        "resourceType": "MedicationRequest",
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": {"text": name, **coding},
        "authoredOn": start,
        "dispenseRequest": supply,
        "dosageInstruction": [{"text": "1日1回 朝食後", "doseAndRate": [tablets(1)]}],
        **more,
    }


def tablets(count: int) -> Body:
    return {"doseQuantity": {"value": count, "unit": "錠"}}


def condition(name: str, status: str = "active", **more: Any) -> Body:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": status}]},
        "code": {"text": name},
        "recordedDate": "2023-05-01",
        **more,
    }


def hospital(
    name: str, *resources: Body, state: SourceState = SourceState.ANSWERED
) -> SourceRecords:
    title = f"{name} Hospital"
    return SourceRecords(f"ehr/{name}", f"{name}病院", title, "hospital", state, BUILT, resources)


def resident(*resources: Body) -> SourceRecords:
    answered = SourceState.ANSWERED
    return SourceRecords("phr", "本人の記録", "Own log", "resident", answered, BUILT, resources)


def profile_of(*sources: SourceRecords) -> EmergencyProfile:
    return build_profile(sources, today=TODAY, built_at=BUILT)


def sections(profile: EmergencyProfile) -> tuple[Section, ...]:
    return (profile.allergies, profile.medicines, profile.conditions)


WARFARIN = ("ワルファリンK錠1mg「トーワ」", "3332001F1024")
WARFARIN_BRAND = ("ワーファリン錠1mg", "3332001F1032")
WARFARIN_HALF = ("ワーファリン錠0.5mg", "3332001F2020")
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


def written(name: str, representation: str) -> Body:
    return {"text": name, "extension": [{"url": REPRESENTATION, "valueCode": representation}]}


PATIENT: Body = {
    "resourceType": "Patient",
    "name": [written("能登 花子", "IDE"), written("ノト ハナコ", "SYL")],
    "birthDate": "1938-04-05",
    "gender": "female",
    "address": [{"text": "石川県輪島市河井町1", "city": "輪島市"}],
    "telecom": [{"system": "phone", "value": "0768-00-0000"}],
    "communication": [{"language": {"coding": [{"code": "ja-JP"}]}, "preferred": True}],
    "contact": [
        {
            "relationship": [{"text": "長女"}],
            "name": {"text": "能登 桜"},
            "telecom": [{"system": "phone", "value": "090-0000-0000"}],
        }
    ],
}
