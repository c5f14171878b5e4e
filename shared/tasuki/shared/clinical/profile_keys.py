"""What two records must share to be about the same drug, allergen or disease.

Codes that name a whole category, and dummies that name nothing, never join records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.clinical.absent import Absence, absence_in
from tasuki.shared.clinical.allergens import CATEGORIES, DUMMIES
from tasuki.shared.clinical.allergies import AllergyKind, read_allergy
from tasuki.shared.clinical.conditions import read_condition
from tasuki.shared.clinical.courses import course_of
from tasuki.shared.clinical.fhirjson import child
from tasuki.shared.clinical.names import folded
from tasuki.shared.clinical.reconcile import Keyed

if TYPE_CHECKING:
    from datetime import date

    from tasuki.shared.clinical.profile_lines import Fact

_INGREDIENT = 7


def keyed_allergy(fact: Fact, today: date) -> Keyed | Absence | None:
    """Return an allergy by its specific code and name; what holds no allergy says so."""
    read = read_allergy(fact.fragment, today)
    if read is None:
        return None
    if read.kind is AllergyKind.NONE_KNOWN:
        return Absence.NONE_KNOWN if read.scope == "any" else Absence.NONE_OF_A_KIND
    vague = DUMMIES | CATEGORIES.keys()
    codes = frozenset(f"{system}|{code}" for system, code in read.codings if code not in vague)
    return Keyed(fact, codes, folded(read.name))


def keyed_medicine(fact: Fact, today: date) -> Keyed | Absence | None:
    """Return a medicine by ingredient and route: the first seven characters of its YJ codes."""
    absence = absence_in(child(fact.fragment, "medicationCodeableConcept"))
    course = course_of(fact.fragment, today) if absence is None else None
    if course is None:
        return absence
    drug = course.drug
    # A mixture is one drug, and not the same as either of its parts.
    ingredients = sorted({code[:_INGREDIENT] for code in drug.classes})
    codes = frozenset({"+".join(ingredients)}) if ingredients else frozenset[str]()
    return Keyed(fact, codes, folded(drug.name))


def keyed_condition(fact: Fact, today: date) -> Keyed | Absence | None:
    """Return a condition by its name; a suspected one never joins a sure one.

    Codes do not join: an ICD-10 code names a class of diseases, and local names say more.
    """
    absence = absence_in(child(fact.fragment, "code"))
    read = read_condition(fact.fragment, today) if absence is None else None
    if read is None:
        return absence
    name = folded(read.name)
    return Keyed(fact, frozenset(), f"{name}?" if name and read.suspected else name)
