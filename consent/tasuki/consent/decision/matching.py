"""Does a provision apply? Asked twice: surely, for a permit; possibly, for a refusal.

What is not known (a resource without a date, an actor without an organisation) never helps a
permit and always helps a refusal.

Security labels (https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision.securityLabel):
a permit up to R covers R and everything below, a refusal of R covers R and everything above. A
permit by sensitivity covers a resource only when it names every sensitivity the resource carries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.consent.vocabulary import WIDER_PURPOSE, Level, Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.consent.decision.facts import ResourceFacts
    from tasuki.consent.rules import DataCondition, DataReference

# Kinds of names somebody at work may bear without showing them, beside any logical identifier.
_HIDDEN_KINDS = frozenset({"Organization", "Group", "Practitioner", "PractitionerRole"})


def surely_about(condition: DataCondition, facts: ResourceFacts) -> bool:
    """Tell whether a permit with this condition covers the resource beyond doubt."""
    return (
        (not condition.types or facts.type in condition.types)
        and _labels_permitted(condition, facts)
        and (not condition.data or any(_refers(d, facts) is True for d in condition.data))
        and (
            condition.period is None
            or (facts.period is not None and condition.period.encloses(facts.period))
        )
    )


def possibly_about(condition: DataCondition, facts: ResourceFacts) -> bool:
    """Tell whether a refusal with this condition may be meant for the resource."""
    return (
        (not condition.types or facts.type in condition.types)
        and _labels_refused(condition, facts)
        and (not condition.data or any(_refers(d, facts) is not False for d in condition.data))
        and (
            condition.period is None or facts.period is None or condition.period.meets(facts.period)
        )
    )


def _labels_permitted(condition: DataCondition, facts: ResourceFacts) -> bool:
    if condition.level is None and not condition.sensitivities:
        return True
    if condition.level is not None and facts.level <= condition.level:
        return True
    return bool(facts.sensitivities) and (
        facts.sensitivities <= condition.sensitivities and facts.level <= Level.R
    )


def _labels_refused(condition: DataCondition, facts: ResourceFacts) -> bool:
    if condition.level is None and not condition.sensitivities:
        return True
    if condition.level is not None and facts.level >= condition.level:
        return True
    return bool(facts.sensitivities & condition.sensitivities)


def _refers(data: DataReference, facts: ResourceFacts) -> bool | None:
    if data.meaning == "authoredby":
        return None if facts.authors is None else data.reference in facts.authors
    if facts.reference == data.reference:
        return True
    if data.meaning == "instance":
        return False
    return None if facts.links is None else data.reference in facts.links


def _kind(name: str) -> str:
    system, bar, _ = name.rpartition("|")
    return system + bar if bar else name.partition("/")[0]


def surely_named(named: frozenset[str], actor: frozenset[str]) -> bool:
    """Tell whether a permit for these recipients (empty: anybody) covers the actor."""
    return not named or not named.isdisjoint(actor)


def possibly_named(named: frozenset[str], actor: frozenset[str]) -> bool:
    """Tell whether a refusal for these recipients may be meant for the actor.

    An actor who shows no name of the kind refused cannot prove to be somebody else.
    """
    if surely_named(named, actor):
        return True
    shown = {_kind(name) for name in actor}
    kinds = {_kind(name) for name in named}
    return any(k not in shown and (k in _HIDDEN_KINDS or k.endswith("|")) for k in kinds)


def _widened(steps: Mapping[Purpose, Purpose]) -> dict[Purpose, frozenset[Purpose]]:
    found = {}
    for purpose in Purpose:
        line, here = {purpose}, purpose
        while here in steps:
            here = steps[here]
            line.add(here)
        found[purpose] = frozenset(line)
    return found


REFUSED_UNDER = _widened(WIDER_PURPOSE)  # purpose asked for -> purposes whose refusal covers it


def refusal_covers(purposes: frozenset[Purpose], asked: Purpose) -> bool:
    """Tell whether a refusal of these purposes (empty: all) covers the one asked for."""
    return not purposes or not purposes.isdisjoint(REFUSED_UNDER[asked])
