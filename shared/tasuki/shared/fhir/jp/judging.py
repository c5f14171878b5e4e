"""Judging a resource, or a Bundle with everything in it, by the rules of JP-CLINS.

Only what claims a JP-CLINS profile is spoken of, or what lies in a Bundle that claims to be sent.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.jp.bundles import BUNDLE_RULES, entries_of
from tasuki.shared.fhir.jp.characters import CHARACTER_RULES
from tasuki.shared.fhir.jp.clinical import CLINICAL_RULES
from tasuki.shared.fhir.jp.labs import LAB_RULES
from tasuki.shared.fhir.jp.people import PATIENT_RULES
from tasuki.shared.fhir.jp.required import REQUIRED_RULES
from tasuki.shared.fhir.jp.systems import BUNDLE_PROFILE, claims_clins, profiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasuki.shared.fhir.jp.rule import Rule
    from tasuki.shared.fhir.json import Resource

RESOURCE_RULES = (
    *CHARACTER_RULES,
    *LAB_RULES,
    *PATIENT_RULES,
    *CLINICAL_RULES,
    *REQUIRED_RULES,
)
MAX_FAULTS = 200  # more in one Bundle help nobody


def jp_faults(resource: Resource) -> tuple[Fault, ...]:
    """Return what JP-CLINS forbids in this resource or Bundle; nothing where no profile is claimed.

    Each fault has its rule's name in its words and its place in `at`
    (`Bundle.entry[3].resource.code.text`), and never repeats a value.
    """
    return _faults(resource, advice=False)


def jp_advice(resource: Resource) -> tuple[Fault, ...]:
    """Return what JP-CLINS advises against: to be told, not to be refused."""
    return _faults(resource, advice=True)


def _faults(resource: Resource, *, advice: bool) -> tuple[Fault, ...]:
    found = (
        Fault(Category.STRUCTURE, f"{place} {rule.words} ({rule.name})", at=(place,))
        for rule, place in _broken(resource)
        if rule.advice is advice
    )
    return tuple(fault for fault, _ in zip(found, range(MAX_FAULTS), strict=False))


def _broken(resource: Resource) -> Iterator[tuple[Rule, str]]:
    type_ = str(resource.get("resourceType", ""))
    if type_ != "Bundle":
        yield from _in_resource(resource, type_, sent=False)
        return
    sent = BUNDLE_PROFILE in profiles_of(resource)
    if sent:
        for rule in BUNDLE_RULES:
            yield from ((rule, f"Bundle.{path}") for path in rule.broken(resource))
    yield from chain.from_iterable(
        _in_resource(held, f"Bundle.{place}.resource", sent=sent)
        for place, held in entries_of(resource)
    )


def _in_resource(resource: dict[str, Any], root: str, *, sent: bool) -> Iterator[tuple[Rule, str]]:
    if not (sent or claims_clins(resource)):
        return
    claimed, type_ = profiles_of(resource), str(resource.get("resourceType"))
    for rule in RESOURCE_RULES:
        speaks = not rule.types or type_ in rule.types
        if (
            speaks
            and (sent or not rule.sent_only)
            and (not rule.profile or rule.profile in claimed)
        ):
            yield from ((rule, f"{root}.{path}") for path in rule.broken(resource))
