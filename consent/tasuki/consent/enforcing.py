"""The consent decision at a service's gate: from principal and snapshot to a ruling.

The role policy is asked first (`consent.operator`); its permit of somebody's record only lets consent
be asked. Every step that finds nothing refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tasuki.consent.client import CLOCK_SLACK, Freshness, freshness
from tasuki.consent.decision import (
    AccessRequest,
    Actor,
    Deny,
    DenyReason,
    Fate,
    Permit,
    Route,
    decide,
    facts_but_links,
    facts_of,
)
from tasuki.consent.decision.labelling import is_kept_from_proxies
from tasuki.consent.decision.moments import same_answer_within
from tasuki.consent.decision.remembered import Facts
from tasuki.consent.keeping import FEED
from tasuki.consent.operator import is_own, is_represented, refusal
from tasuki.consent.remembered import Kept, Rulings
from tasuki.consent.resource_types import R4_TYPES, class_of
from tasuki.consent.vocabulary import ActorRole, DataClass, Purpose
from tasuki.shared.access.principal import Role
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.rulings import Ruling, StoredScreen
from tasuki.shared.fhir.json import meaning_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tasuki.consent.decision import BreakGlass, Decision, Residual
    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.operator import RoleRules
    from tasuki.consent.operator.asking import Answer, Answers
    from tasuki.consent.overrides.grant import Grant
    from tasuki.consent.policy import ImplicitPolicy
    from tasuki.consent.rules import HeldConsent
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask, Screen
    from tasuki.shared.clock import Clock

ROLES = {
    Role.RESIDENT: ActorRole.RESIDENT,
    Role.PROXY: ActorRole.PROXY,
    Role.CLINICIAN: ActorRole.CLINICIAN,
    Role.NURSE: ActorRole.NURSE,
    Role.OFFICER: ActorRole.OFFICER,
    Role.HOSPITAL: ActorRole.HOSPITAL,
}
# An override that is not there, or not for this: nothing else is asked then.
NO_OVERRIDE = frozenset(
    {
        *(DenyReason.BREAK_GLASS_MISSING, DenyReason.BREAK_GLASS_NO_REASON),
        *(DenyReason.BREAK_GLASS_TOO_LONG, DenyReason.BREAK_GLASS_OVER),
        *(DenyReason.WRONG_PERSON, DenyReason.ROLE_MAY_NOT),
    }
)


@dataclass(frozen=True, slots=True)
class _Question:
    """What the gate asks, and what the role policy said to it.

    Attributes:
        at: The one moment that everything in the answer is of, however long finding it takes.
    """

    ask: Ask
    answers: Answers
    at: datetime

    @property
    def answer(self) -> Answer:
        """The role policy's answer for the caller's purpose."""
        return self.answers.to(self.ask.caller.principal.purpose)


class ConsentDecider:
    """Rules on one holder's records.

    Args:
        region: The holder's region.
        policy: Its implicit policy.
        snapshot: Its copy of Consents and declarations.
        roles: Its role policy.
        clock: The time.
    """

    def __init__(
        self,
        region: str,
        policy: ImplicitPolicy,
        snapshot: KeptSnapshot,
        *,
        roles: RoleRules,
        clock: Clock,
    ) -> None:
        self._region = region
        self._policy = policy
        self._snapshot = snapshot
        self._roles = roles
        self._clock = clock
        self._facts = Facts()
        self._rulings = Rulings()

    @property
    def feed(self) -> str | None:
        """See `Decider.feed`."""
        return FEED

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        """See `Decider.rule`."""
        at = self._clock.now()
        before = self._rulings.on(ask, at)
        answers = self._roles.to(ask) if before is None else before.answers
        answer = answers.to(ask.caller.principal.purpose)
        if not answer.permitted:
            return refusal(ask, answer)
        if answer.alone or ask.owner == NOBODY:
            return Ruling.permit(answer.basis)
        return await self._consented(unit, _Question(ask, answers, at), before)

    async def _consented(self, unit: Unit, question: _Question, before: Kept | None) -> Ruling:
        ask, principal = question.ask, question.ask.caller.principal
        purpose, own = _purpose(principal), is_own(principal, ask.owner)
        age = None if own else self._snapshot.age()
        if not own and freshness(age, purpose) is Freshness.REFUSE:
            return Ruling.refuse("consent-snapshot-stale")
        consents = () if own else await self._snapshot.consents(unit, ask.owner)
        if before is not None and before.rests_on(consents, self._snapshot.declarations):
            return before.ruling
        request = self._request(question, consents)
        if purpose is not Purpose.BTG:
            return self._decided(question, request)
        request = replace(request, break_glass=await self._override(unit, question))
        everyday = freshness(age, Purpose.TREAT) is Freshness.FRESH
        ruling = _under_override(request, self._facts, everyday=everyday)
        return _resting_on(ruling, question.answer)

    def _decided(self, question: _Question, request: AccessRequest) -> Ruling:
        ruling = _resting_on(ruling_of(decide(request), self._facts), question.answer)
        policies = self._roles.same_answers_within(question.at)
        within = same_answer_within(request).shared_with(policies)
        ask = question.ask
        made_of = (ask.caller.principal, question.answers, request.consents, request.declarations)
        self._rulings.keep(ask, Kept(*made_of, within, ruling))
        return ruling

    def _request(self, question: _Question, consents: tuple[HeldConsent, ...]) -> AccessRequest:
        ask, principal = question.ask, question.ask.caller.principal
        types = frozenset(ask.types)
        return AccessRequest(
            patient=ask.owner,
            purpose=_purpose(principal),
            role=ROLES.get(principal.role),
            actor=Actor(
                subject=principal.subject,
                organization=principal.organization,
                region=principal.region,
                person=ask.owner if is_own(principal, ask.owner) else None,
                represents=ask.owner if is_represented(principal, ask.owner) else None,
                reaches=_reached(principal),
                provisioned_until=principal.expires_at,
            ),
            at=question.at,
            holder_region=self._region,
            resource_types=types & R4_TYPES,
            declarations=self._snapshot.declarations,
            consents=consents,
            policy=self._policy,
            may_ask=question.answers.heard,
        )

    async def _override(self, unit: Unit, question: _Question) -> BreakGlass | None:
        """Return the caller's own override of this person: the one named, else the newest."""
        ask, principal = question.ask, question.ask.caller.principal
        own = [
            grant
            for grant in await self._snapshot.overrides(unit, ask.owner)
            if grant.subject == principal.subject and ask.caller.override in (None, grant.id)
        ]
        if not own:
            return None
        newest = max(own, key=lambda grant: grant.ends_at)
        return _by_our_clock(newest, question.at).of_person(ask.owner)


def _reached(principal: Principal) -> frozenset[DataClass]:
    """Return the data classes a proxy's scopes open: those of the types they may read or search."""
    if principal.role is not Role.PROXY:
        return frozenset()
    types = {scope.type for scope in principal.scopes.resources if scope.letters & {"r", "s"}}
    if "*" in types:
        return frozenset(DataClass)
    return frozenset(found for one in types if (found := class_of(one)) is not None)


def _by_our_clock(grant: Grant, now: datetime) -> Grant:
    """Return an override that another machine's clock says has just begun as begun."""
    ahead = grant.opened_at - now
    if not timedelta() < ahead <= CLOCK_SLACK:
        return grant
    return replace(grant, opened_at=now, ends_at=grant.ends_at - ahead)


def _resting_on(ruling: Ruling, answer: Answer) -> Ruling:
    """Return a permit with what the role policy's answer rests on beside its own basis."""
    return replace(ruling, basis=f"{ruling.basis}|{answer.basis}") if ruling.permitted else ruling


def _under_override(request: AccessRequest, facts: Facts, *, everyday: bool) -> Ruling:
    """Return the ruling under an override: never less than everyday care would see.

    Args:
        request: With the override, where there is one.
        facts: Finds what a decision needs to know of resources.
        everyday: Whether the snapshot is fresh enough for everyday care.
    """
    decision = decide(request)
    if not everyday or (isinstance(decision, Deny) and decision.reason in NO_OVERRIDE):
        return ruling_of(decision, facts)
    usual = decide(replace(request, purpose=Purpose.TREAT, break_glass=None))
    if isinstance(usual, Deny):
        return ruling_of(decision, facts)
    if isinstance(decision, Deny):
        return ruling_of(usual, facts)
    override, care = ruling_of(decision, facts), ruling_of(usual, facts)

    def admits(resource: Mapping[str, Any]) -> bool:
        return override.admits(resource) or care.admits(resource)

    return Ruling.permit_partly(
        f"{override.basis}|{care.basis}",
        withheld_types=override.withheld_types & care.withheld_types,
        screen=admits,
        masked=lambda resource: (
            not admits(resource) and (override.masks(resource) or care.masks(resource))
        ),
    )


def ruling_of(decision: Decision, facts: Facts) -> Ruling:
    """Return a decision as the gate's ruling."""
    if isinstance(decision, Deny):
        return Ruling.refuse(f"{decision.reason}/{basis_text(decision)}")
    residual = decision.residual
    released: Screen = FateIs(Fate.RELEASE, residual, facts)
    if decision.basis.route is Route.PROXY:
        released = _but_what_is_kept_from_proxies(released)
    return Ruling.permit_partly(
        basis_text(decision),
        withheld_types=residual.withheld_types(),
        screen=released,
        masked=FateIs(Fate.MASK, residual, facts),
    )


class FateIs(StoredScreen):
    """Passes the resources that a permit gives one fate."""

    def __init__(self, fate: Fate, residual: Residual, facts: Facts) -> None:
        self._fate = fate
        self._residual = residual
        self._facts = facts
        self._heeds_links = residual.heeds_links()

    def __call__(self, resource: Mapping[str, Any]) -> bool:
        """See `Screen`."""
        found = facts_of(resource) if self._heeds_links else facts_but_links(resource)
        return self._residual.fate(found) is self._fate

    def of_stored(self, body: bytes) -> bool:
        """See `StoredScreen`."""
        if self._heeds_links:
            return self(meaning_of(body))
        return self._residual.fate(self._facts.of(body)) is self._fate


def _but_what_is_kept_from_proxies(screen: Screen) -> Screen:
    return lambda resource: screen(resource) and not is_kept_from_proxies(resource)


def basis_text(decision: Decision) -> str:
    """Return what a decision rests on, as one word for the audit record."""
    basis = decision.basis
    parts = [str(basis.route)]
    parts.extend(f"Consent/{one.id}/_history/{one.version or 0}" for one in basis.consents)
    if basis.declaration is not None:
        parts.append(f"declaration/{basis.declaration[0]}/{basis.declaration[1]}")
    if basis.implicit is not None:
        parts.append(f"policy/{basis.region}/{basis.implicit}")
    if basis.override is not None:
        parts.append(f"override/{basis.override}")
    if basis.break_glass is not None:
        parts.append(f"reason/{basis.break_glass}")
    if basis.second_person is not None:
        parts.append("second-person")
    return "|".join(parts)


def _purpose(principal: Principal) -> Purpose | None:
    try:
        return Purpose(principal.purpose)
    except ValueError:
        return None


__all__ = ["ConsentDecider", "Permit", "basis_text", "ruling_of"]
