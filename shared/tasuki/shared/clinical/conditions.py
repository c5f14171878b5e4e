"""A Condition in the parts a reader needs; a suspected disease is never shown as a sure one.

https://hl7.org/fhir/R4/condition.html; JP Core writes "suspected" (疑い) as a postfix modifier
extension on the code, or leaves the verification unconfirmed, provisional or differential.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from tasuki.shared.clinical.dates import latest_day_of
from tasuki.shared.clinical.fhirjson import (
    Node,
    child,
    children,
    codings,
    extensions,
    first_code,
    string,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

Status = Literal["active", "inactive", "resolved", "unknown"]

POSTFIX: Final = (
    "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Condition_DiseasePostfixModifier"
)
PREFIX: Final = (
    "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Condition_DiseasePrefixModifier"
)
_SUSPECTED_WORD: Final = re.compile(r"(?:の?疑い|うたがい|疑|suspected)\s*\)?\Z", re.IGNORECASE)
_SUSPECTED_CODE: Final = "8002"  # "suspected" in the receipt modifier master
_NOT_SURE: Final = frozenset({"unconfirmed", "provisional", "differential"})
_UNCODED: Final = frozenset({"99999999", "7777777"})
_STATUS: Final[dict[str, Status]] = {
    "active": "active",
    "recurrence": "active",
    "relapse": "active",
    "inactive": "inactive",
    "remission": "inactive",
    "resolved": "resolved",
}


@dataclass(frozen=True, slots=True)
class ReadCondition:
    """One disease or problem.

    Attributes:
        name: As recorded: text first, else prefix, coded name and postfix put together.
        codings: System and code of every coding, dummies left out.
        coded: True if a code names the disease.
        suspected: True if it is not confirmed.
        status: active, inactive (also remission), resolved, or unknown.
        onset: Onset as recorded, which may be a year only, or None.
        ended: Abatement as recorded, or None.
        recorded: The day it was recorded, or None; the latest day a partial date can mean.
    """

    name: str
    codings: tuple[tuple[str, str], ...]
    coded: bool
    suspected: bool
    status: Status
    onset: str | None
    ended: str | None
    recorded: date | None


def read_condition(resource: Mapping[str, object], today: date) -> ReadCondition | None:
    """Return what a Condition says, or None if it is refuted or an error."""
    verification = first_code(child(resource, "verificationStatus"))
    if verification in {"refuted", "entered-in-error"}:
        return None
    concept = child(resource, "code")
    found = tuple(
        (coding.system, coding.code)
        for coding in codings(concept)
        if coding.code and coding.code not in _UNCODED
    )
    name = _name(concept)
    return ReadCondition(
        name=name,
        codings=found,
        coded=bool(found),
        suspected=verification in _NOT_SURE or _is_suspected(concept, resource, name),
        status=_status(resource, today),
        onset=_when(resource, "onset"),
        ended=_when(resource, "abatement"),
        recorded=latest_day_of(string(resource, "recordedDate")),
    )


def _name(concept: Node) -> str:
    text = string(concept, "text")
    if text:
        return text
    named = next((c.display for c in codings(concept) if c.display and c.code not in _UNCODED), "")
    prefixes = "".join(_modifier_words(concept, PREFIX))
    return prefixes + named + "".join(_modifier_words(concept, POSTFIX)) if named else ""


def _modifier_words(concept: Node, url: str) -> list[str]:
    found = (child(extension, "valueCodeableConcept") for extension in extensions(concept, url))
    return [
        string(modifier, "text") or next((c.display for c in codings(modifier) if c.display), "")
        for modifier in found
    ]


def _is_suspected(concept: Node, resource: Mapping[str, object], name: str) -> bool:
    modifiers = [
        child(extension, "valueCodeableConcept")
        for holder in (concept, resource, *children(concept, "coding"))
        for extension in extensions(holder, POSTFIX)
    ]
    if any(coding.code == _SUSPECTED_CODE for one in modifiers for coding in codings(one)):
        return True
    words = [name]
    for modifier in modifiers:
        words.append(string(modifier, "text") or "")
        words.extend(coding.display for coding in codings(modifier))
    return any(_SUSPECTED_WORD.search(unicodedata.normalize("NFKC", word)) for word in words)


def _status(resource: Mapping[str, object], today: date) -> Status:
    known = _STATUS.get(first_code(child(resource, "clinicalStatus")) or "")
    if known is not None:
        return known
    ended = latest_day_of(_when(resource, "abatement"))
    return "resolved" if ended is not None and ended <= today else "unknown"


def _when(resource: Mapping[str, object], element: str) -> str | None:
    """Return a date as recorded, the start of a period, or the words used."""
    period = child(resource, f"{element}Period")
    edge = "start" if element == "onset" else "end"
    return (
        string(resource, f"{element}DateTime")
        or string(period, edge)
        or string(resource, f"{element}String")
    )
