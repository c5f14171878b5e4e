"""A plain evaluator that walks raw Consent JSON for one resource at a time.

It shares no code with the product: it compares days as text, knows a handful of codes, and answers
for one resource by asking rule after rule.

https://profiles.ihe.net/ITI/PCF/volume-1.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = "2022-07-01"
LADDER = "ULMNRV"
MEDICINES = {"MedicationRequest", "MedicationStatement"}
EMERGENCY = MEDICINES | {"AllergyIntolerance", "Condition"}
WIDER = {
    "TREAT": {"TREAT"},
    "ETREAT": {"TREAT", "ETREAT"},
    "BTG": {"TREAT", "ETREAT", "BTG"},
    "DISASTER": {"DISASTER", "PUBHLTH"},
    "HRESCH": {"HRESCH"},
}
ASKS = {
    "clinician": {"TREAT", "ETREAT", "BTG", "DISASTER", "HRESCH"},
    "nurse": {"DISASTER"},
    "hospital": {"TREAT", "HRESCH"},
    "officer": set[str](),
}


class Case(Protocol):
    """One question in plain words; `names` are those the actor shows."""

    purpose: str
    role: str
    names: frozenset[str]
    within: bool
    allowed: frozenset[str]
    declared: str
    drill: bool
    life: bool
    second: bool


@pytest.fixture(scope="session")
def plain() -> Callable[[Case, list[dict[str, Any]], dict[str, Any]], str]:
    """Return the evaluator: release, mask or withhold for one resource."""
    return evaluate


def _days(text: str | None, *, last: bool) -> str:
    if text is None:
        return "9999-12-31" if last else "0000-01-01"
    if last:
        ends = {4: "-12-31", 7: "-31" if text[5:7] in {"01", "07", "08"} else "-30", 10: ""}
        return text + ends[len(text)]
    return text + {4: "-01-01", 7: "-01", 10: ""}[len(text)]


def _holds(provision: dict[str, Any]) -> bool:
    period = provision.get("period", {})
    first = _days(period.get("start"), last=False)
    return first <= TODAY <= _days(period.get("end"), last=True)


def _codes(provision: dict[str, Any], element: str) -> set[str]:
    return {coding["code"] for coding in provision.get(element, [])}


def _actors(provision: dict[str, Any]) -> set[str]:
    return {actor["reference"]["reference"] for actor in provision.get("actor", [])}


def _is_about(provision: dict[str, Any], resource: dict[str, Any], *, doubt: bool) -> bool:
    """Doubt is what an unknown counts as: True when refusing."""
    types = _codes(provision, "class")
    kind_fits = not types or resource["resourceType"] in types
    labels = _codes(provision, "securityLabel")
    if not kind_fits or not _label_fits(labels, resource, refusing=doubt):
        return False
    named = provision.get("data", [])
    if named and not any(_named(one, resource, doubt=doubt) for one in named):
        return False
    if "dataPeriod" not in provision:
        return True
    if "effectiveDateTime" not in resource:
        return doubt
    first = _days(provision["dataPeriod"].get("start"), last=False)
    last = _days(provision["dataPeriod"].get("end"), last=True)
    r_first, r_last = (_days(resource["effectiveDateTime"], last=end) for end in (False, True))
    if doubt:
        return first <= r_last and r_first <= last
    return first <= r_first and r_last <= last


def _named(one: dict[str, Any], resource: dict[str, Any], *, doubt: bool) -> bool:
    reference: str = one["reference"]["reference"]
    if one["meaning"] == "authoredby":
        author = resource.get("performer", [{}])[0].get("reference")
        return doubt if author is None else bool(author == reference)
    itself: bool = f"{resource['resourceType']}/{resource['id']}" == reference
    if one["meaning"] == "instance":
        return itself
    return itself or bool(resource.get("encounter", {}).get("reference") == reference)


def _marks(resource: dict[str, Any]) -> tuple[str, set[str]]:
    codes = {coding["code"] for coding in resource.get("meta", {}).get("security", [])}
    levels = sorted((c for c in codes if len(c) == 1), key=LADDER.index)
    kinds = {c for c in codes if len(c) > 1}
    level = levels[-1] if levels else "N"
    return ("R" if kinds and level != "V" else level), kinds


def _label_fits(codes: set[str], resource: dict[str, Any], *, refusing: bool) -> bool:
    if not codes:
        return True
    level, kinds = _marks(resource)
    steps = [LADDER.index(code) for code in codes if len(code) == 1]
    if refusing:
        return any(LADDER.index(level) >= step for step in steps) or bool(kinds & codes)
    if any(LADDER.index(level) <= step for step in steps):
        return True
    return bool(kinds) and kinds <= codes and level != "V"


def _refuses(provision: dict[str, Any], case: Case) -> bool:
    purposes, actors = _codes(provision, "purpose"), _actors(provision)
    hit = not actors or bool(actors & case.names)
    if not hit:
        shown = {name.split("/")[0] for name in case.names}
        hidden = {"Organization", "Group", "Practitioner", "PractitionerRole"}
        hit = any(actor.split("/")[0] in hidden - shown for actor in actors)
    return _holds(provision) and hit and (not purposes or bool(purposes & WIDER[case.purpose]))


def _grants(provision: dict[str, Any], root: dict[str, Any], case: Case) -> bool:
    purposes = _codes(provision, "purpose") or _codes(root, "purpose")
    actors = _actors(provision) or _actors(root)
    return (
        _holds(provision)
        and (not purposes or case.purpose in purposes)
        and (not actors or bool(actors & case.names))
    )


def _says(
    consent: dict[str, Any], case: Case, resource: dict[str, Any], *, permits: bool
) -> str | None:
    """What one Consent says of one resource: yes, no, or nothing."""
    root = consent["provision"]
    nested = root.get("provision", [])
    for one in nested:
        if one["type"] == "deny" and _refuses(one, case) and _is_about(one, resource, doubt=True):
            return "no"
    for one in nested if permits else []:
        granted = one["type"] == "permit" and _grants(one, root, case)
        if granted and _is_about(one, resource, doubt=False):
            return "yes"
    if root["type"] == "deny":
        return "no" if _refuses(root, case) and _is_about(root, resource, doubt=True) else None
    if permits and _grants(root, root, case):
        return "yes" if _is_about(root, resource, doubt=False) else "no"
    return None


def _opens(consent: dict[str, Any], case: Case) -> bool:
    """Whether any rule of the Consent permits this request something."""
    root = consent["provision"]
    rules = [root, *root.get("provision", [])]
    return any(rule["type"] == "permit" and _grants(rule, root, case) for rule in rules)


def _standing(consents: list[dict[str, Any]]) -> list[tuple[dict[str, Any], bool]]:
    """Return the Consents that speak, and whether their permits count."""
    real = [
        c
        for c in consents
        if c["status"] in {"active", "inactive", "rejected"}
        and _days(c["provision"].get("period", {}).get("start"), last=False) <= TODAY
    ]
    live = [c for c in real if c["status"] == "active" and _holds(c["provision"])]
    found = []
    for one in live:
        others = [c for c in real if c["policy"] == one["policy"] and c is not one]
        if any(_later(c, one) for c in others if c in live):
            continue
        ended = [c for c in others if c not in live]
        clean = all(_later(one, c) for c in ended)
        found.append((one, clean and _days(one["dateTime"], last=False) <= TODAY))
    return found


def _later(one: dict[str, Any], other: dict[str, Any]) -> bool:
    first = _days(one["dateTime"], last=False)
    return _days(other["dateTime"], last=True) < first <= TODAY


def _worst(*fates: str) -> str:
    return max(fates, key=("release", "mask", "withhold").index)


def _capped(resource: dict[str, Any], top: str) -> str:
    level, kinds = _marks(resource)
    if kinds and level != "V":
        level = "R"
    if LADDER.index(level) <= LADDER.index(top):
        return "release"
    hidden = resource["resourceType"] in MEDICINES | {"AllergyIntolerance"}
    return "mask" if hidden else "withhold"


def _emergency(resource: dict[str, Any], top: str) -> str:
    return _capped(resource, top) if resource["resourceType"] in EMERGENCY else "withhold"


def _implicit(case: Case, resource: dict[str, Any]) -> str:
    """What the region's policy says by itself."""
    if case.purpose == "DISASTER" and "disaster" in case.allowed:
        return _emergency(resource, "N")
    if case.purpose == "BTG" and "break_glass" in case.allowed:
        return _emergency(resource, "V" if case.second else "N")
    where = "everyday_within" if case.within else "everyday_across"
    everyday = case.purpose in {"TREAT", "ETREAT"} and case.role == "clinician"
    if everyday and where in case.allowed:
        return _capped(resource, "N")
    return "withhold"


def evaluate(case: Case, consents: list[dict[str, Any]], resource: dict[str, Any]) -> str:
    """Return release, mask or withhold for one resource."""
    if case.purpose not in ASKS[case.role]:
        return "withhold"
    if case.purpose == "DISASTER" and case.declared != ("drill" if case.drill else "real"):
        return "withhold"
    speaking = _standing(consents)
    life = case.purpose == "BTG" and case.life
    if life:
        speaking = [(c, permits) for c, permits in speaking if permits and _opens(c, case)]
    said = {_says(c, case, resource, permits=permits) for c, permits in speaking}
    if life and "break_glass" in case.allowed:
        said.discard("no")
    if "no" in said:
        return "withhold"
    fate = "release" if "yes" in said else _implicit(case, resource)
    return _worst(fate, _emergency(resource, "N")) if case.purpose == "DISASTER" else fate
