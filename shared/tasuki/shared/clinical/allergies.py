"""An AllergyIntolerance in the parts a reader needs: what, how sure, how bad, how old.

https://hl7.org/fhir/R4/allergyintolerance.html, https://jpfhir.jp/fhir/clins/

"None known" counts only when somebody confirmed it and wrote down when: then the answer is
"asked, none, on that day". Its clinicalStatus is not read, except that an inactive statement is
withdrawn; exporters write `resolved` there, which means nothing for an absence. Any other
statement of none reads as not asked. A recorded allergy always outranks a statement of none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from tasuki.shared.clinical.allergens import DUMMIES, display
from tasuki.shared.clinical.dates import latest_day_of, years_before
from tasuki.shared.clinical.drug_names import folded
from tasuki.shared.clinical.fhirjson import (
    Node,
    child,
    children,
    codings,
    first_code,
    string,
    strings,
)
from tasuki.shared.clinical.systems import ABSENT_UNKNOWN, SNOMED_CT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from tasuki.shared.clinical.language import Language

_OLD_YEARS: Final = 5
_SEVERITIES: Final = ("mild", "moderate", "severe")

Scope = Literal["any", "drug", "food", "environment"]


class AllergyKind(Enum):
    """What an AllergyIntolerance says."""

    RECORDED = "recorded"
    NONE_KNOWN = "none-known"  # asked and none, on `ReadAllergy.recorded`


@dataclass(frozen=True, slots=True)
class ReadAllergy:
    """One allergy, or one confirmed statement that there is none.

    Attributes:
        kind: Which of the two.
        scope: What a statement of none covers; "any" for an allergy.
        name: As recorded: text first, then a coding's display.
        codings: System and code of every coding.
        category: food, medication, environment, biologic.
        criticality: low, high, unable-to-assess, or None.
        severity: The worst of the recorded reactions: mild, moderate, severe, or None.
        clinical: active, inactive, resolved, or None.
        verification: confirmed, unconfirmed, presumed, or None.
        recorded: The day it was recorded, or None; the latest day a partial date can mean.
        older_than_5_years: True if recorded more than five years ago.
        reactions: Manifestations in the words recorded.
    """

    kind: AllergyKind
    scope: Scope
    name: str
    codings: tuple[tuple[str, str], ...]
    category: tuple[str, ...]
    criticality: str | None
    severity: str | None
    clinical: str | None
    verification: str | None
    recorded: date | None
    older_than_5_years: bool
    reactions: tuple[str, ...]

    def name_in(self, language: Language) -> str:
        """Return the name: the recorded one in Japanese, the code's English name if it has one."""
        if language == "ja":
            return self.name
        specific = (code for _, code in self.codings if len(code) > len("00F"))
        return next((words for code in specific if (words := display(code, "en"))), self.name)


_NONE_CODES: Final[dict[tuple[str, str], Scope]] = {
    (SNOMED_CT, "716186003"): "any",
    (SNOMED_CT, "409137002"): "drug",
    (SNOMED_CT, "429625007"): "food",
    (SNOMED_CT, "428607008"): "environment",
    (ABSENT_UNKNOWN, "no-known-allergies"): "any",
    (ABSENT_UNKNOWN, "no-known-medication-allergies"): "drug",
    (ABSENT_UNKNOWN, "no-known-food-allergies"): "food",
    (ABSENT_UNKNOWN, "no-known-environmental-allergies"): "environment",
}
# Nobody knows: neither an allergy nor a statement of none.
_NO_INFORMATION: Final = frozenset({(ABSENT_UNKNOWN, "no-allergy-info"), (SNOMED_CT, "1287211007")})
_NONE_TEXT: Final = re.compile(
    r"(?P<what>薬剤|薬物|薬|食物|食品)?\s*アレルギー(?:歴)?\s*(?:ハ|:)?\s*(?:ナシ|無シ|無|アリマセン)\s*\Z"
)
_TEXT_SCOPES: Final[dict[str | None, Scope]] = {
    None: "any",
    "薬剤": "drug",
    "薬物": "drug",
    "薬": "drug",
    "食物": "food",
    "食品": "food",
}


def read_allergy(resource: Mapping[str, object], today: date) -> ReadAllergy | None:
    """Return what an AllergyIntolerance says, or None if it says nothing that holds."""
    clinical = first_code(child(resource, "clinicalStatus"))
    verification = first_code(child(resource, "verificationStatus"))
    if verification in {"refuted", "entered-in-error"}:
        return None
    concept = child(resource, "code")
    coded = tuple((coding.system, coding.code) for coding in codings(concept) if coding.code)
    if any(pair in _NO_INFORMATION for pair in coded):
        return None
    scope = _none_scope(concept)
    recorded = latest_day_of(string(resource, "recordedDate"))
    if scope is not None and not _is_asked(clinical, verification, recorded):
        return None
    return ReadAllergy(
        kind=AllergyKind.NONE_KNOWN if scope else AllergyKind.RECORDED,
        scope=scope or "any",
        name=_name(concept),
        codings=coded,
        category=strings(resource, "category"),
        criticality=string(resource, "criticality"),
        severity=_worst(resource),
        clinical=clinical,
        verification=verification,
        recorded=recorded,
        older_than_5_years=recorded is not None and recorded < years_before(today, _OLD_YEARS),
        reactions=_reactions(resource),
    )


def _is_asked(clinical: str | None, verification: str | None, recorded: date | None) -> bool:
    return verification == "confirmed" and recorded is not None and clinical != "inactive"


def _none_scope(concept: Node) -> Scope | None:
    for coding in codings(concept):
        if (coding.system, coding.code) in _NONE_CODES:
            return _NONE_CODES[coding.system, coding.code]
    said = _NONE_TEXT.match(folded(string(concept, "text") or ""))
    return _TEXT_SCOPES[said["what"]] if said else None


def _name(concept: Node) -> str:
    """Return the text, else a display that is not a dummy's, else the code's own name."""
    text = string(concept, "text")
    if text:
        return text
    for coding in codings(concept):
        named = None if coding.code in DUMMIES else coding.display or display(coding.code, "ja")
        if named:
            return named
    return ""


def _worst(resource: Mapping[str, object]) -> str | None:
    found = {string(reaction, "severity") for reaction in children(resource, "reaction")}
    return next((severity for severity in reversed(_SEVERITIES) if severity in found), None)


def _reactions(resource: Mapping[str, object]) -> tuple[str, ...]:
    words: list[str] = []
    for reaction in children(resource, "reaction"):
        for concept in children(reaction, "manifestation"):
            shown = next((c.display for c in codings(concept) if c.display), None)
            words.append(string(concept, "text") or shown or "")
        words.append(string(reaction, "description") or "")
    return tuple(dict.fromkeys(word for word in words if word))
