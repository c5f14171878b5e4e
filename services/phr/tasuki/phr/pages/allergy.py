"""An allergy in a resident's own words: from the form to an AllergyIntolerance.

https://hl7.org/fhir/R4/allergyintolerance.html, https://jpfhir.jp/fhir/core/ (J-FAGY)
The words are always kept. A J-FAGY code stands beside them only where the person chose the term.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from tasuki.phr.pages.fields import Problem, text_in
from tasuki.shared.clinical.allergens import matching_allergens
from tasuki.shared.clinical.allergies import AllergyKind, read_allergy
from tasuki.shared.clinical.drug_names import folded
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tasuki.shared.clinical.allergens import Allergen
    from tasuki.shared.fhir.json import Resource

MOST_WORDS: Final = 100  # characters
MOST_HAPPENED: Final = 300  # characters
CATEGORIES: Final = ("food", "medication", "environment", "unknown")
SEVERITIES: Final = ("mild", "moderate", "severe", "unknown")
OWN_WORDS: Final = "own-words"
MOST_OFFERED: Final = 20
_CODE_SYSTEMS: Final = {
    prefix: f"http://jpfhir.jp/fhir/core/CodeSystem/JP_Jfagy{part}_CS"
    for prefix, part in (("J9F", "FoodAllergen"), ("J9N", "NonFoodNonMedicationAllergen"))
}
_ANY_DAY: Final = date(2000, 1, 2)
_CODES: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"
# "Nothing" in the field for an allergen would be shown as an allergy to "nothing".
_NOTHING: Final = re.compile(
    r"(?:特ニ)?(?:ナシ|無シ|無|ナイ|アリマセン|無イ)|none|no|nothing|n/?a|nka|nkda|no known allerg(?:y|ies)"
    r"|no allerg(?:y|ies)|不明|ワカラナイ|分カラナイ|unknown"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says of their allergy.

    Attributes:
        what: What they react to, in their words.
        category: food, medication, environment, or None where they do not know.
        happened: What happened, in their words; may be empty.
        severity: mild, moderate, severe, or None where they do not know.
    """

    what: str
    category: str | None
    happened: str
    severity: str | None

    @property
    def offers(self) -> tuple[Allergen, ...]:
        """J-FAGY terms the words name; the person chooses among them."""
        named = (one for one in matching_allergens(self.what) if one.code[:3] in _CODE_SYSTEMS)
        return tuple(named)[:MOST_OFFERED]


def read_statement(form: Mapping[str, str]) -> Statement | tuple[Problem, ...]:
    """Return the statement of a form, or everything that is wrong with it."""
    what = text_in(form, "what", most=MOST_WORDS, needed=True)
    happened = text_in(form, "happened", most=MOST_HAPPENED, needed=False)
    category = _one_of(form, "category", CATEGORIES)
    severity = _one_of(form, "severity", SEVERITIES)
    problems = [one for one in (what, category, happened, severity) if isinstance(one, Problem)]
    if isinstance(what, str) and says_nothing(what):
        problems.append(Problem("what", "problem.what.nothing"))
    if severity in SEVERITIES[:-1] and happened == "":
        # R4 has no severity without a manifestation, and nobody is to make one up.
        problems.append(Problem("happened", "problem.happened.empty"))
    if (
        problems
        or isinstance(what, Problem)
        or isinstance(happened, Problem)
        or isinstance(category, Problem)
        or isinstance(severity, Problem)
    ):
        return tuple(problems)
    return Statement(what, _known(category), happened, _known(severity))


def says_nothing(what: str) -> bool:
    """Return whether the words are a statement of no allergy, or of not knowing."""
    if _NOTHING.fullmatch(folded(what).strip(" 。.、")):
        return True
    read = read_allergy(
        {
            "code": {"text": what},
            "verificationStatus": {"coding": [{"code": "confirmed"}]},
            "recordedDate": "2000-01-01",
        },
        _ANY_DAY,
    )
    return read is None or read.kind is AllergyKind.NONE_KNOWN


def chosen_term(statement: Statement, choice: str) -> Allergen | Problem | None:
    """Return the term chosen among those offered; None for the person's own words."""
    if choice == OWN_WORDS:
        return None
    offered = {one.code: one for one in statement.offers}
    return offered.get(choice) or Problem("choice", "problem.choice.empty")


def allergy_intolerance(
    statement: Statement, term: Allergen | None, patient: str, at: datetime
) -> Resource:
    """Return the AllergyIntolerance that `patient` (`Patient/…`) states of themselves at a time."""
    code: dict[str, Any] = {"text": statement.what}
    if term is not None:
        system = _CODE_SYSTEMS[term.code[:3]]
        code = {"coding": [{"system": system, "code": term.code, "display": term.ja}], **code}
    resource: Resource = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": _status("clinical", "active"),
        "verificationStatus": _status("verification", "unconfirmed"),
        "category": [statement.category],
        "code": code,
        "patient": {"reference": patient},
        "recordedDate": at.astimezone(TOKYO).isoformat(timespec="seconds"),
        "recorder": {"reference": patient},
        "asserter": {"reference": patient},
        "reaction": [_reaction(statement)],
    }
    if statement.category is None:
        del resource["category"]
    if not statement.happened:
        del resource["reaction"]
    return resource


def _reaction(statement: Statement) -> dict[str, Any]:
    reaction: dict[str, Any] = {"manifestation": [{"text": statement.happened}]}
    if statement.severity is not None:
        reaction["severity"] = statement.severity
    return reaction


def _status(kind: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": _CODES + kind, "code": code}]}


def _one_of(form: Mapping[str, str], name: str, known: tuple[str, ...]) -> str | Problem:
    value = form.get(name, "")
    return value if value in known else Problem(name, f"problem.{name}.empty")


def _known(value: str) -> str | None:
    return None if value == "unknown" else value
