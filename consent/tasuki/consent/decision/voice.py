"""What one Consent says to one request, as ordered rules on data; the last that fits wins.

    root permit, no data named      [permit all]
    root permit, data named         [deny all, permit those]
    root deny                       [deny all], or [deny those]
    root not about this request     []
    then nested permits, then nested denies.

The order is IHE PCF's `residual`. A nested provision is judged by what it states, apart from the
root; but a nested permit that states no recipient or purpose takes the root's, so that an exception
never reaches further than the rule it belongs to.

https://profiles.ihe.net/ITI/PCF/ITI-71.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tasuki.consent.decision.matching import (
    possibly_about,
    possibly_named,
    refusal_covers,
    surely_about,
    surely_named,
)
from tasuki.consent.rules import DataCondition
from tasuki.consent.vocabulary import Effect

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.consent.decision.facts import ResourceFacts
    from tasuki.consent.decision.standing import Standing
    from tasuki.consent.rules import ConsentRule, Provision
    from tasuki.consent.vocabulary import Purpose

_EVERYTHING = DataCondition()


class ResidualRule(NamedTuple):
    """Permit or deny these data."""

    effect: Effect
    data: DataCondition
    provision: str


class Voice(NamedTuple):
    """What one Consent says to one request.

    `refusals_heeded` is False only where life is at stake: it then says nothing instead of no.
    """

    consent: ConsentRule
    rules: tuple[ResidualRule, ...]
    refusals_heeded: bool = True

    @property
    def permits(self) -> bool:
        """Whether it permits anything at all."""
        return any(rule.effect is Effect.PERMIT for rule in self.rules)

    @property
    def provisions(self) -> tuple[str, ...]:
        """Paths of the provisions that spoke."""
        return tuple(dict.fromkeys(rule.provision for rule in self.rules))

    def on(self, facts: ResourceFacts) -> Effect | None:
        """Return what it says of one resource; None when it says nothing of it."""
        for rule in reversed(self.rules):
            about = surely_about if rule.effect is Effect.PERMIT else possibly_about
            if about(rule.data, facts):
                return self._heeded(rule.effect)
        return None

    def could_say(self, resource_type: str) -> frozenset[Effect | None]:
        """Return all that it may say of resources of a type, whatever else is true of them."""
        found: set[Effect | None] = set()
        for rule in reversed(self.rules):
            if rule.data.types and resource_type not in rule.data.types:
                continue
            found.add(self._heeded(rule.effect))
            if rule.data.types_alone:
                return frozenset(found)
        return frozenset({*found, None})

    def _heeded(self, effect: Effect) -> Effect | None:
        return effect if self.refusals_heeded or effect is Effect.PERMIT else None


@dataclass(frozen=True, slots=True)
class Asked:
    """The part of a request that provisions look at."""

    purpose: Purpose
    names: frozenset[str]
    at: datetime


def voice_of(one: Standing, asked: Asked) -> Voice:
    """Return what a standing Consent says; its rules are empty when it says nothing."""
    rule = one.rule
    if one.refusals_only:
        told = _root_denies(rule.root) if _root_refuses(rule.root, asked) else ()
        return Voice(rule, (*told, *_nested_denies(rule, asked)))
    root = _root_rules(rule.root, asked)
    if not rule.nested:  # most have none
        return Voice(rule, root)
    permits = tuple(
        ResidualRule(Effect.PERMIT, p.data, p.path)
        for p in rule.nested
        if p.effect is Effect.PERMIT and _exception_meant(p, rule.root, asked)
    )
    return Voice(rule, (*root, *permits, *_nested_denies(rule, asked)))


def _nested_denies(rule: ConsentRule, asked: Asked) -> tuple[ResidualRule, ...]:
    return tuple(
        ResidualRule(Effect.DENY, p.data, p.path)
        for p in rule.nested
        if p.effect is Effect.DENY and _refusal_meant(p, asked)
    )


def _root_rules(root: Provision, asked: Asked) -> tuple[ResidualRule, ...]:
    if root.effect is Effect.DENY:
        return _root_denies(root) if _root_refuses(root, asked) else ()
    if not (surely_named(root.actors, asked.names) and _purpose_permitted(root, asked)):
        return ()
    permit = ResidualRule(Effect.PERMIT, root.data, root.path)
    if root.data.everything:
        return (permit,)
    return (ResidualRule(Effect.DENY, _EVERYTHING, root.path), permit)


def _root_refuses(root: Provision, asked: Asked) -> bool:
    return root.effect is Effect.DENY and _refusal_meant(root, asked)


def _root_denies(root: Provision) -> tuple[ResidualRule, ...]:
    return (ResidualRule(Effect.DENY, root.data, root.path),)


def _refusal_meant(provision: Provision, asked: Asked) -> bool:
    return (
        (provision.period is None or provision.period.holds(asked.at))
        and refusal_covers(provision.purposes, asked.purpose)
        and possibly_named(provision.actors, asked.names)
    )


def _purpose_permitted(provision: Provision, asked: Asked) -> bool:
    return not provision.purposes or asked.purpose in provision.purposes


def _exception_meant(nested: Provision, root: Provision, asked: Asked) -> bool:
    purposes = nested if nested.purposes else root
    return (
        (nested.period is None or nested.period.holds(asked.at))
        and _purpose_permitted(purposes, asked)
        and surely_named(nested.actors or root.actors, asked.names)
    )
