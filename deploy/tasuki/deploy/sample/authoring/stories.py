"""The people the demo is about: `stories.json` made into records of hospitals and the PHR."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring import desk, identities, records
from tasuki.deploy.sample.authoring.prescriptions import Course, prescribed
from tasuki.deploy.sample.authoring.vocabulary import concept, profile

if TYPE_CHECKING:
    from tasuki.deploy.sample.authoring.hospital import Collection, Hospital
    from tasuki.deploy.sample.authoring.lots import Lots

Json = dict[str, Any]

_NOT_ASKED, _NONE_KNOWN = "not-asked", "none-known"
_ASKED_AGO = 365  # days since somebody without allergies was asked
_DIALYSIS_AGO = (5, 3, 1)  # days since the last sessions
_KIDNEY_DEPARTMENT = "腎臓内科"


def told() -> list[Json]:
    """Return the stories as written, in their order."""
    people: list[Json] = desk.table("stories")["people"]
    return people


def identity(story: Json, lots: Lots) -> identities.Identity:
    """Return who a story is about; house number, card and phone are drawn by lot."""
    key = story["key"]
    birth_date = date.fromisoformat(story["birth"])
    romaji = story.get("romaji")
    return identities.Identity(
        key=key,
        family=(story["family"][0], story["family"][1]),
        given=(story["given"][0], story["given"][1]),
        birth_date=birth_date,
        sex=story["sex"],
        municipality=story["city"],
        street=identities.street(lots, key),
        insurance=identities.insurance(lots, key, birth_date, story["city"]),
        mobile=identities.mobile(lots, key),
        romaji=None if romaji is None else (romaji[0], romaji[1]),
        language=story.get("language", "ja"),
    )


def tell(hospital: Hospital, patient: Json, part: Json, ticket: int) -> None:
    """Add one region's part of a story to its hospital."""
    department = part.get("department")
    doctor = hospital.doctor(ticket) if department is None else hospital.doctor_of(department)
    for order, medicine in enumerate(part["medicines"], start=1):
        hospital.add(prescribed(_course(medicine, order), patient, doctor))
    for condition in part["conditions"]:
        hospital.add(records.condition(patient, _ago(condition), condition))
    for entry in _allergies(patient, part["allergies"]):
        hospital.add(entry)
    if part.get("dialysis"):
        for ago in _DIALYSIS_AGO:
            hospital.add(_session(hospital, patient, _day(ago)))


def keep_log(phr: Collection, patient: Json, log: Json) -> None:
    """Add what a resident wrote into the PHR."""
    for ago, systolic, diastolic in log["blood_pressure"]:
        moment = f"{_day(ago).isoformat()}T07:15:00+09:00"
        phr.add(records.blood_pressure(patient, moment, systolic, diastolic))
    for bought in log["bought"]:
        day = _ago(bought)
        phr.add(records.bought_medicine(patient, day, day, bought))
    for entry in log["allergies"]:
        own = records.allergy(patient, _ago(entry), entry)
        phr.add({**own, "recorder": patient, "asserter": patient})


def _course(medicine: Json, order: int) -> Course:
    return Course(
        drug=medicine["drug"],
        usage=medicine["usage"],
        start=_ago(medicine),
        supplied=medicine["days"],
        units=medicine["units"],
        repeats=medicine.get("repeats", 0),
        supplements=tuple((code, text) for code, text in medicine.get("supplements", [])),
        remark=medicine.get("remark", ""),
        order=order,
    )


def _allergies(patient: Json, told_allergies: Any) -> list[Json]:
    if told_allergies == _NOT_ASKED:
        return []
    if told_allergies == _NONE_KNOWN:
        return [records.no_known_allergy(patient, _day(_ASKED_AGO))]
    return [records.allergy(patient, _ago(one), one) for one in told_allergies]


def _session(hospital: Hospital, patient: Json, day: date) -> Json:
    start, end = (f"{day.isoformat()}T{time}:00+09:00" for time in ("09:00", "13:00"))
    return {
        "resourceType": "Procedure",
        "meta": {"lastUpdated": end, "profile": [profile("JP_Procedure")]},
        "status": "completed",
        "code": concept(desk.table("words")["dialysis"]),
        "subject": patient,
        "performedPeriod": {"start": start, "end": end},
        "performer": [{"actor": hospital.doctor_of(_KIDNEY_DEPARTMENT)}],
    }


def _ago(entry: Json) -> date:
    return _day(entry["ago"])


def _day(ago: int) -> date:
    return desk.REFERENCE_DAY - timedelta(days=ago)
