"""Patient and Coverage of one resident, as a hospital (or the PHR) would hold them.

https://jpfhir.jp/fhir/core/1.2.0/StructureDefinition-jp-patient.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring import desk
from tasuki.deploy.sample.authoring.hospital import written_name
from tasuki.deploy.sample.authoring.vocabulary import (
    COVERAGE_PART,
    HL7,
    LOCAL_PATIENT,
    MEMBER,
    coding,
    concept,
    profile,
)

if TYPE_CHECKING:
    from tasuki.deploy.sample.authoring.hospital import Hospital
    from tasuki.deploy.sample.authoring.identities import Identity

Json = dict[str, Any]

_RELATION = {"female": "長男", "male": "長女"}


def patient(who: Identity) -> Json:
    """Return the Patient without local identifiers: as the PHR holds a resident."""
    names = [written_name("IDE", who.family[0], who.given[0])]
    if who.romaji is not None:
        names = [written_name("ABC", *who.romaji)]
    names.append(written_name("SYL", who.family[1], who.given[1]))
    return {
        "resourceType": "Patient",
        "meta": {"profile": [profile("JP_Patient_eCS")]},
        "language": "ja",
        "identifier": [{"system": MEMBER, "value": who.insurance.member_id}],
        "active": True,
        "name": names,
        "telecom": [{"system": "phone", "value": who.mobile, "use": "mobile"}],
        "gender": who.sex,
        "birthDate": who.birth_date.isoformat(),
        "address": [_address(who)],
        "communication": [
            {"language": concept(None, coding("urn:ietf:bcp:47", who.language)), "preferred": True}
        ],
    }


def admit(hospital: Hospital, who: Identity, chart: int, insured: tuple[str, str]) -> Json:
    """Add the Patient and the Coverage of a resident to a hospital.

    Args:
        hospital: Where.
        who: The resident.
        chart: The hospital's chart number.
        insured: First and last day of the insurance year, as FHIR dates.

    Returns:
        A Reference to the Patient.
    """
    own = patient(who)
    local = {"system": LOCAL_PATIENT + hospital.institution, "value": f"{chart:08d}"}
    own["identifier"] = [local, *own["identifier"]]
    own["contact"] = [_contact(who, chart)]
    reference = {"reference": hospital.add(own)}
    hospital.add(_coverage(hospital, who, reference, insured))
    return reference


def _address(who: Identity) -> Json:
    city, postal = desk.city_of(who.municipality)
    prefecture = desk.table("places")["prefecture"]["name"]
    return {
        "use": "home",
        "text": f"{prefecture}{city}{who.street}",
        "line": [who.street],
        "city": city,
        "state": prefecture,
        "postalCode": postal,
        "country": "JP",
    }


def _contact(who: Identity, chart: int) -> Json:
    family = who.romaji[0] if who.romaji is not None else who.family[0]
    return {
        "relationship": [concept(_RELATION[who.sex], coding(f"{HL7}/v2-0131", "C"))],
        "name": {"text": f"{family} {'一郎' if who.sex == 'female' else '春子'}"},
        "telecom": [
            {"system": "phone", "value": f"080-0000-{chart % 10_000:04d}", "use": "mobile"}
        ],
    }


def _coverage(hospital: Hospital, who: Identity, reference: Json, insured: tuple[str, str]) -> Json:
    card = who.insurance
    parts = [("Symbol", card.symbol), ("Number", card.number), ("SubNumber", card.branch)]
    made = {
        "resourceType": "Coverage",
        "meta": {"profile": [profile("JP_Coverage")]},
        "extension": [
            {"url": COVERAGE_PART + part, "valueString": value} for part, value in parts if value
        ],
        "identifier": [{"system": MEMBER, "value": card.member_id}],
        "status": "active",
        "type": concept(card.plan),
        "subscriber": reference,
        "beneficiary": reference,
        "period": {"start": insured[0], "end": insured[1]},
        "payor": [hospital.payer(card.insurer, card.plan)],
    }
    if card.branch:
        made["dependent"] = card.branch
    return made
