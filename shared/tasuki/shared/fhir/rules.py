"""HL7's rules on which elements of a type go together, as rows of a table.

https://hl7.org/fhir/R4/formats.html#invariants

The keys in the comments are HL7's; all are errors in R4. Not here: ppc-2 to ppc-5 and ctm-1 (they ask
about a type only a resolved reference has), sqty-1, age-1's "more than 0", for a newborn's age in years
is 0, and the rules of Bundle, which is read where it is taken in.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.dates import interval
from tasuki.shared.fhir.json import decimal_of
from tasuki.shared.fhir.structure import SOUND, Check, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

UCUM = "http://unitsofmeasure.org"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_CONDITION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_MEALS = frozenset({"C", "CM", "CD", "CV"})


class Rule(str):
    """The words of a rule on which elements go together.

    What breaks such a rule can be read all the same, so a load keeps it and says so: an allergy that
    lacks its status must not be missing at a shelter.
    """

    __slots__ = ()


def marked(check: Check) -> Check:
    """Return the check, with its words marked as those of such a rule."""

    def marking(value: dict[str, Any]) -> Sequence[Problem]:
        return [(where, Rule(words)) for where, words in check(value)]

    return marking


def has(value: dict[str, Any], name: str) -> bool:
    """Return whether an element is there; `age[x]` stands for any form of the choice."""
    if not name.endswith("[x]"):
        return name in value or f"_{name}" in value
    stem = name.removesuffix("[x]")
    forms = (key.removeprefix("_").removeprefix(stem) for key in value if stem in key)
    return any(form[:1].isupper() for form in forms)


def said(concept: Any, system: str, codes: frozenset[str]) -> bool:
    """Return whether a CodeableConcept, sound or not, has one of these codes."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return any(
        isinstance(one, dict) and one.get("system") == system and str(one.get("code")) in codes
        for one in (codings if isinstance(codings, list) else ())
    )


def some_of(*names: str) -> Check:
    """Return the check that at least one of these elements is there."""
    rule = f"must have at least one of: {', '.join(names)}"
    return lambda value: SOUND if any(has(value, name) for name in names) else [("", rule)]


def apart(name: str, other: str) -> Check:
    """Return the check that two elements are not there together."""
    problem = (f".{name}", f"must not be there beside {other}")
    return lambda value: [problem] if has(value, name) and has(value, other) else SOUND


def only_with(name: str, other: str) -> Check:
    """Return the check that an element is not there without another."""
    problem = (f".{name}", f"must not be there without {other}")
    return lambda value: [problem] if has(value, name) and not has(value, other) else SOUND


def not_below_zero(name: str) -> Check:
    """Return the check that a number is not negative."""

    def check(value: dict[str, Any]) -> Sequence[Problem]:
        number = decimal_of(value.get(name))
        return (
            [(f".{name}", "must not be negative")] if number is not None and number < 0 else SOUND
        )

    return check


def _status(system: str) -> Check:  # ait-2, con-5
    def check(value: dict[str, Any]) -> Sequence[Problem]:
        wrong = said(value.get("verificationStatus"), system, frozenset({"entered-in-error"}))
        if wrong and "clinicalStatus" in value:
            return [(".clinicalStatus", "must not be there on what was entered in error")]
        return SOUND

    return check


def _allergy(value: dict[str, Any]) -> Sequence[Problem]:  # ait-1
    wrong = said(value.get("verificationStatus"), _VERIFIED, frozenset({"entered-in-error"}))
    if wrong or "clinicalStatus" in value:
        return SOUND
    return [(".clinicalStatus", "is required unless it was entered in error")]


def _handed_over(value: dict[str, Any]) -> Sequence[Problem]:  # mdd-1
    given, made = interval(value.get("whenHandedOver")), interval(value.get("whenPrepared"))
    if given is not None and made is not None and given.end <= made.start:
        return [(".whenHandedOver", "must not be before whenPrepared")]
    return SOUND


def _flagged(name: str, mode: str) -> Check:  # lst-2, lst-3
    rule = f"must not be there unless the mode is {mode}"

    def check(value: dict[str, Any]) -> Sequence[Problem]:
        if value.get("mode") == mode:
            return SOUND
        return [(f"{at}.{name}", rule) for at, entry in _each(value, "entry") if has(entry, name)]

    return check


def _not_at_home(name: str) -> Check:  # org-2, org-3
    def check(value: dict[str, Any]) -> Sequence[Problem]:
        found = _each(value, name)
        return [(f"{at}.use", "must not be home") for at, one in found if one.get("use") == "home"]

    return check


def _membered(value: dict[str, Any]) -> Sequence[Problem]:  # grp-1
    if "member" in value and value.get("actual") is not True:
        return [(".member", "must not be there unless the Group is actual")]
    return SOUND


def _each(value: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the object of each item of a list, sound or not."""
    items = value.get(name)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield f".{name}[{index}]", item


def _meal_offset(value: dict[str, Any]) -> Sequence[Problem]:  # tim-9
    when = value.get("when")
    codes = {str(one) for one in when} if isinstance(when, list) else set()
    if has(value, "offset") and (not has(value, "when") or codes & _MEALS):
        return [(".offset", "must not be there without a when, or with one at the meal itself")]
    return SOUND


def _range(value: dict[str, Any]) -> Sequence[Problem]:  # rng-2
    low, high = value.get("low"), value.get("high")
    if not isinstance(low, dict) or not isinstance(high, dict):
        return SOUND
    if any(low.get(name) != high.get(name) for name in ("system", "code", "unit")):
        return SOUND  # nobody here converts units
    least, most = decimal_of(low.get("value")), decimal_of(high.get("value"))
    if least is not None and most is not None and least > most:
        return [("", "must not have a low above its high")]
    return SOUND


def _measured(value: dict[str, Any]) -> Sequence[Problem]:  # age-1, cnt-3, dis-1
    found = [] if has(value, "code") or not has(value, "value") else [(".code", "is required")]
    if value.get("system", UCUM) != UCUM:
        found.append((".system", "must be UCUM"))
    return found


def _duration(value: dict[str, Any]) -> Sequence[Problem]:  # drt-1
    if not has(value, "code"):
        return SOUND
    found = [] if has(value, "value") else [(".value", "is required beside a code")]
    if value.get("system") != UCUM:
        found.append((".system", "must be UCUM beside a code"))
    return found


def _count(value: dict[str, Any]) -> Sequence[Problem]:  # cnt-3
    number = decimal_of(value.get("value"))
    whole = number is None or number == number.to_integral_value()
    found = [] if whole else [(".value", "must be a whole number")]
    if value.get("code", "1") != "1":
        found.append((".code", "must be 1"))
    return found


_REPEAT = (  # tim-1, 2, 4 to 10
    only_with("duration", "durationUnit"),
    only_with("period", "periodUnit"),
    not_below_zero("duration"),
    not_below_zero("period"),
    only_with("periodMax", "period"),
    only_with("durationMax", "duration"),
    only_with("countMax", "count"),
    _meal_offset,
    apart("timeOfDay", "when"),
)

RULES: Mapping[str, tuple[Check, ...]] = MappingProxyType(
    {
        "Age": (_measured,),
        "AllergyIntolerance": (_allergy, _status(_VERIFIED)),
        "CarePlanActivity": (apart("detail", "reference"),),  # cpl-3
        "CompositionSection": (
            some_of("text", "entry", "section"),  # cmp-1
            apart("emptyReason", "entry"),  # cmp-2
        ),
        "Condition": (_status(_CONDITION),),
        "ConditionEvidence": (some_of("code", "detail"),),  # con-2
        "ConditionStage": (some_of("summary", "assessment"),),  # con-1
        "Consent": (some_of("policy", "policyRule"),),  # ppc-1
        "Count": (_measured, _count),
        "Distance": (_measured,),
        "Duration": (_duration,),
        "FamilyMemberHistory": (
            apart("age[x]", "born[x]"),  # fhs-1
            only_with("estimatedAge", "age[x]"),  # fhs-2
        ),
        "GoalTarget": (only_with("detail[x]", "measure"),),  # gol-1
        "Group": (_membered,),
        "ImmunizationEducation": (some_of("documentType", "reference"),),  # imm-1
        "List": (
            apart("emptyReason", "entry"),  # lst-1
            _flagged("deleted", "changes"),
            _flagged("date", "working"),
        ),
        "MedicationAdministrationDosage": (some_of("dose", "rate[x]"),),  # mad-1
        "MedicationDispense": (_handed_over,),
        "ObservationReferenceRange": (some_of("low", "high", "text"),),  # obs-3
        "Organization": (
            some_of("name", "identifier"),  # org-1
            _not_at_home("address"),
            _not_at_home("telecom"),
        ),
        "PatientContact": (some_of("name", "telecom", "address", "organization"),),  # pat-1
        "QuestionnaireResponseItem": (apart("item", "answer"),),  # qrs-1
        "Range": (_range,),
        "ServiceRequest": (only_with("orderDetail", "code"),),  # prr-1
        "TimingRepeat": _REPEAT,
    }
)
