"""`Patient/$match` in and out: what a Parameters resource asks, and candidates as a searchset.

https://hl7.org/fhir/R4/patient-operation-match.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.outcome import warning
from tasuki.shared.text import is_kana
from tasuki.shelter.bundle import names_of
from tasuki.shelter.lookup import OTHER_PLACE, WHOLE
from tasuki.shelter.masking import masked
from tasuki.shelter.query import Typed
from tasuki.shelter.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasuki.shared.web.words import Language
    from tasuki.shelter.lookup import Candidate, Found

GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"
YEAR_LENGTH: Final = 4

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MatchAsked:
    """What a `$match` asks.

    Attributes:
        count: Most candidates wanted; None for no wish.
        certain_only: Nobody is certain without a card, so this finds nobody.
    """

    typed: Typed
    count: int | None
    certain_only: bool


def read_match(parameters: Mapping[str, Any]) -> MatchAsked:
    """Return what a Parameters resource asks.

    Raises:
        Fault: INVALID without a Patient, or with a parameter of another type.
    """
    if parameters.get("resourceType") != "Parameters":
        raise _invalid("a Parameters resource is needed here", "resourceType")
    given = {
        str(each.get("name")): each
        for each in parameters.get("parameter") or ()
        if isinstance(each, dict)
    }
    patient = given.get("resource", {}).get("resource")
    if not isinstance(patient, dict) or patient.get("resourceType") != "Patient":
        raise _invalid("the parameter `resource` must hold a Patient", "Parameters.parameter")
    count = given.get("count", {}).get("valueInteger")
    if count is not None and (type(count) is not int or count < 1):
        raise _invalid("`count` must be a whole number from 1", "Parameters.parameter")
    certain = given.get("onlyCertainMatches", {}).get("valueBoolean", False)
    return MatchAsked(typed_of(patient), count, certain_only=certain is True)


def typed_of(patient: Mapping[str, Any]) -> Typed:
    """Return what a Patient says, as if it had been typed; a reading before other letters."""
    names = sorted(_names(patient), key=lambda name: not is_kana(name))
    addresses = [each for each in patient.get("address") or () if isinstance(each, dict)]
    place = addresses[0] if addresses else {}
    return Typed(
        name=names[0] if names else "",
        birth=str(patient.get("birthDate") or ""),
        sex=str(patient.get("gender") or ""),
        address=str(place.get("text") or place.get("city") or ""),
    )


def match_bundle(found: Found, asked: MatchAsked, base: str, language: Language) -> Json:
    """Return the candidates, masked; where there are too many, their number and what to add."""
    shown = () if asked.certain_only else found.candidates[: asked.count]
    entries = [_entry(candidate, base, language) for candidate in shown]
    if found.ask:
        text = WORDS[found.ask][0 if language == "ja" else 1]
        entries.append({"resource": warning(text), "search": {"mode": "outcome"}})
    total = 0 if asked.certain_only else found.count
    made: Json = {"resourceType": "Bundle", "type": "searchset", "total": total}
    return {**made, "entry": entries} if entries else made


def grade(score: float) -> str:
    """Return the FHIR match grade; never `certain`, since nobody showed a card."""
    return "probable" if score >= WHOLE - OTHER_PLACE else "possible"


def _entry(candidate: Candidate, base: str, language: Language) -> Json:
    shown = masked(candidate.record, language)
    birth = candidate.record.profile.person.birth_date[:YEAR_LENGTH]
    patient: Json = {
        "resourceType": "Patient",
        "id": candidate.person,
        "name": names_of(shown.name, shown.kana),
    }
    if shown.sex:
        patient["gender"] = shown.sex
    if birth:
        patient["birthDate"] = birth
    if shown.place:
        patient["address"] = [{"city": shown.place}]
    return {
        "fullUrl": f"{base}/Patient/{candidate.person}",
        "resource": patient,
        "search": {
            "extension": [{"url": GRADE, "valueCode": grade(candidate.score)}],
            "mode": "match",
            "score": candidate.score,
        },
    }


def _names(patient: Mapping[str, Any]) -> Iterator[str]:
    for name in patient.get("name") or ():
        if not isinstance(name, dict):
            continue
        given = name.get("given")
        parts = [name.get("family"), *(given if isinstance(given, list) else ())]
        whole = " ".join(part for part in parts if isinstance(part, str)).strip()
        text = whole or name.get("text")
        if isinstance(text, str) and text.strip():
            yield text.strip()


def _invalid(message: str, at: str) -> Fault:
    return Fault(Category.INVALID, message, at=(at,))
