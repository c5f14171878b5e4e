"""The other residents: records of the generator under a drawn identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring import desk, identities
from tasuki.deploy.sample.authoring.courses import settled

if TYPE_CHECKING:
    from tasuki.deploy.sample.authoring.hospital import Hospital
    from tasuki.deploy.sample.authoring.lots import Lots
    from tasuki.deploy.sample.authoring.source import Source

Json = dict[str, Any]


def identity(source: Source, key: str, region: str, lots: Lots) -> identities.Identity:
    """Return the identity under which a generated patient lives in a region."""
    return identities.drawn(
        lots, key, source.patients[key]["gender"], source.birth_date(key), region
    )


def tell(hospital: Hospital, patient: Json, resources: list[Json], lots: Lots, key: str) -> None:
    """Add a generated patient's cleaned records, Conditions first, to a hospital."""
    conditions: dict[str, str] = {}
    for resource in settled(resources, desk.REFERENCE_DAY, lots, key):
        old = f"{resource['resourceType']}/{resource['id']}"
        own = _repointed(resource, hospital, patient, conditions)
        new = hospital.add(own)
        if resource["resourceType"] == "Condition":
            conditions[old] = new


def _repointed(
    resource: Json, hospital: Hospital, patient: Json, conditions: dict[str, str]
) -> Json:
    """Return the resource with every reference resolved inside the export, or left out."""
    made: Json = {}
    for key, value in resource.items():
        pointed = _pointed(value, hospital, patient, conditions)
        if pointed not in (None, {}, []):
            made[key] = pointed
    return made


def _pointed(value: Any, hospital: Hospital, patient: Json, conditions: dict[str, str]) -> Any:
    if isinstance(value, list):
        children = [_pointed(child, hospital, patient, conditions) for child in value]
        return [child for child in children if child not in (None, {}, [])]
    if not isinstance(value, dict):
        return value
    reference = value.get("reference")
    if isinstance(reference, str):
        return _reference(reference, hospital, patient, conditions)
    return _repointed(value, hospital, patient, conditions)


def _reference(
    reference: str, hospital: Hospital, patient: Json, conditions: dict[str, str]
) -> Json | None:
    kind, _, key = reference.partition("/")
    if kind == "Patient":
        return patient
    if kind == "Practitioner":
        return hospital.doctor(sum(key.encode()))
    if reference in conditions:
        return {"reference": conditions[reference]}
    return None


def log(lots: Lots, key: str) -> Json:
    """Return a drawn PHR log: some blood pressures, now and then a bought medicine or an allergy."""
    words = desk.table("words")
    base = 112 + lots.number(45, "pressure", key)
    pressures = [
        [
            ago,
            base + lots.number(14, "up", key, ago),
            base // 2 + 14 + lots.number(8, "low", key, ago),
        ]
        for ago in range(1, 3 + lots.number(8, "times", key))
    ]
    made: Json = {"blood_pressure": pressures, "bought": [], "allergies": []}
    if lots.percent(50, "buys", key):
        text, usage = lots.one_of(words["bought"], "bought", key)
        made["bought"].append({"text": text, "usage": usage, "ago": 2 + lots.number(40, "b", key)})
    if lots.percent(25, "own allergy", key):
        text, code, display = lots.one_of(words["own_allergies"], "own allergen", key)
        made["allergies"].append({"text": text, "code": code, "display": display, "ago": 300})
    return made
