"""The consent decision at a service's gate: from principal and snapshot to a ruling.

The role policy is asked first (`consent.operator`); its permit of somebody's record only lets consent
be asked. Every step that finds nothing refuses.
"""

from __future__ import annotations

from dataclasses import replace
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
from tasuki.consent.keeping import FEED
from tasuki.consent.operator import is_own, is_represented, refusal
from tasuki.consent.resource_types import R4_TYPES, class_of
from tasuki.consent.vocabulary import ActorRole, DataClass, Purpose
from tasuki.shared.access.principal import Role
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tasuki.consent.decision import BreakGlass, Decision
    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.operator import RoleRules
    from tasuki.consent.overrides.grant import Grant
    from tasuki.consent.policy import ImplicitPolicy
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask
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

    @property
    def feed(self) -> str | None:
        """See `Decider.feed`."""
        return FEED

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        """See `Decider.rule`."""
        answers = self._roles.to(ask)
        answer = answers.to(ask.caller.principal.purpose)
        if not answer.permitted:
            return refusal(ask, answer)
        if answer.alone:
            return Ruling.permit(answer.basis)
        if ask.owner == NOBODY:
            return Ruling.permit(answer.basis)
        ruling = await self._consented(unit, ask, answers.heard)
        if not ruling.permitted:
            return ruling
        return replace(ruling, basis=f"{ruling.basis}|{answer.basis}")

    async def _consented(self, unit: Unit, ask: Ask, heard: frozenset[Purpose]) -> Ruling:
        principal = ask.caller.principal
        purpose = _purpose(principal)
        age = self._snapshot.age()
        own = is_own(principal, ask.owner)
        if not own and freshness(age, purpose) is Freshness.REFUSE:
            return Ruling.refuse("consent-snapshot-stale")
        types = frozenset(ask.types)
        request = AccessRequest(
            patient=ask.owner,
            purpose=purpose,
            role=ROLES.get(principal.role),
            actor=Actor(
                subject=principal.subject,
                organization=principal.organization,
                region=principal.region,
                person=ask.owner if own else None,
                represents=ask.owner if is_represented(principal, ask.owner) else None,
                reaches=_reached(principal),
                provisioned_until=principal.expires_at,
            ),
            at=self._clock.now(),
            holder_region=self._region,
            resource_types=types & R4_TYPES,
            declarations=self._snapshot.declarations,
            consents=() if own else await self._snapshot.consents(unit, ask.owner),
            policy=self._policy,
            may_ask=heard,
            break_glass=await self._override(unit, ask) if purpose is Purpose.BTG else None,
        )
        decision = decide(request)
        if purpose is Purpose.BTG and freshness(age, Purpose.TREAT) is Freshness.FRESH:
            return _under_override(decision, request)
        return ruling_of(decision)

    async def _override(self, unit: Unit, ask: Ask) -> BreakGlass | None:
        """Return the caller's own override of this person: the one named, else the newest."""
        principal = ask.caller.principal
        own = [
            grant
            for grant in await self._snapshot.overrides(unit, ask.owner)
            if grant.subject == principal.subject and ask.caller.override in (None, grant.id)
        ]
        if not own:
            return None
        newest = max(own, key=lambda grant: grant.ends_at)
        return _by_our_clock(newest, self._clock.now()).of_person(ask.owner)


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


def _under_override(decision: Decision, request: AccessRequest) -> Ruling:
    """Return the ruling under an override: never less than everyday care would see."""
    if isinstance(decision, Deny) and decision.reason in NO_OVERRIDE:
        return ruling_of(decision)
    everyday = decide(replace(request, purpose=Purpose.TREAT, break_glass=None))
    if isinstance(everyday, Deny):
        return ruling_of(decision)
    if isinstance(decision, Deny):
        return ruling_of(everyday)
    override, care = ruling_of(decision), ruling_of(everyday)

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


def ruling_of(decision: Decision) -> Ruling:
    """Return a decision as the gate's ruling."""
    if isinstance(decision, Deny):
        return Ruling.refuse(f"{decision.reason}/{basis_text(decision)}")
    residual = decision.residual
    facts = facts_of if residual.heeds_links() else facts_but_links
    proxy = decision.basis.route is Route.PROXY

    def passes(resource: Mapping[str, Any]) -> bool:
        released = residual.fate(facts(resource)) is Fate.RELEASE
        return released and not (proxy and is_kept_from_proxies(resource))

    return Ruling.permit_partly(
        basis_text(decision),
        withheld_types=residual.withheld_types(),
        screen=passes,
        masked=lambda resource: residual.fate(facts(resource)) is Fate.MASK,
    )


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
