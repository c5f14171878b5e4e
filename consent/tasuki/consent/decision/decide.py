"""The decision: may this actor see these data of this person, now, and what is held back?

1. A part missing or not understood: no.
2. The resident's own record: yes, but for what they were not told.
3. The role policy must hear the role for the purpose, and there must be a route (`routes`).
4. The Consents that stand are heard (`standing`, `voice`); a refusal beats a permit.
5. Where no Consent speaks, the implicit policy of the holder's region answers; empty means no.

https://profiles.ihe.net/ITI/PCF/ITI-71.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.consent.decision.outcome import (
    Basis,
    ConsentBasis,
    Decision,
    Deny,
    DenyReason,
    Permit,
    Route,
)
from tasuki.consent.decision.residual import Reach, Residual
from tasuki.consent.decision.routes import Way, way_for
from tasuki.consent.decision.standing import standing
from tasuki.consent.decision.voice import Asked, Voice, voice_of
from tasuki.consent.resource_types import R4_TYPES
from tasuki.consent.rules import ConsentRule, UnreadableConsent
from tasuki.consent.vocabulary import (
    WITHHELD_FROM_RESIDENT,
    ActorRole,
    DataClass,
    Level,
    Purpose,
)

if TYPE_CHECKING:
    from tasuki.consent.decision.request import AccessRequest


def decide(request: AccessRequest) -> Decision:
    """Return the answer to one access request, with what it rests on.

    Never raises for a request that is wrong: that is a `Deny` too.
    """
    basis = Basis(
        route=Route.NONE,
        role=request.role,
        purpose=request.purpose,
        region=request.holder_region,
        home_region=request.home_region,
        drill=request.drill_resident,
    )
    unclear = _unclear(request)
    if unclear is not None:
        return Deny(unclear, basis)
    if request.purpose is Purpose.PATRQT:
        return _own_record(request, basis)
    way = way_for(request)
    if isinstance(way, DenyReason):
        return Deny(way, basis)
    return _weigh(request, way, _with_way(basis, request, way))


def _unclear(request: AccessRequest) -> DenyReason | None:
    named = request.patient and request.holder_region and request.actor.subject
    clear = named and request.at.tzinfo and request.types and request.resource_types <= R4_TYPES
    policy = request.policy
    checks = (
        (request.purpose is None, DenyReason.PURPOSE_MISSING),
        (request.role is None, DenyReason.ROLE_MISSING),
        (request.purpose not in request.may_ask, DenyReason.ROLE_MAY_NOT),
        (not clear, DenyReason.REQUEST_UNCLEAR),
        (any(c.patient != request.patient for c in request.consents), DenyReason.WRONG_PERSON),
        (policy and policy.region != request.holder_region, DenyReason.WRONG_POLICY),
    )
    return next((reason for wrong, reason in checks if wrong), None)


def _own_record(request: AccessRequest, basis: Basis) -> Decision:
    basis = replace(basis, route=Route.OWN_RECORD)
    if request.role is not ActorRole.RESIDENT or request.actor.person != request.patient:
        return Deny(DenyReason.NOT_OWN_RECORD, basis)
    everything = Reach(frozenset(DataClass), Level.V)
    return Permit(
        basis,
        Residual(request.types, otherwise=everything, withhold_tags=WITHHELD_FROM_RESIDENT),
    )


def _with_way(basis: Basis, request: AccessRequest, way: Way) -> Basis:
    override = request.break_glass if way.route is Route.BREAK_GLASS else None
    return replace(
        basis,
        route=way.route,
        declaration=way.declaration,
        break_glass=override.reason if override else None,
        second_person=override.second_person if override else None,
        override=(override.id or None) if override else None,
    )


def _weigh(request: AccessRequest, way: Way, basis: Basis) -> Decision:
    unreadable = [c.id for c in request.consents if isinstance(c, UnreadableConsent)]
    if unreadable and way.hears_refusals:
        return Deny(DenyReason.CONSENT_NOT_UNDERSTOOD, basis)
    heard, set_aside = _heard(way, _voices(request))
    basis = replace(
        basis,
        consents=tuple(_consent_basis(voice) for voice in heard),
        set_aside=(*unreadable, *(voice.consent.id for voice in set_aside)),
    )
    residual = Residual(request.types, heard, way.reach, way.bound, way.withhold_tags)
    if not residual.anything_open():
        return Deny(_why_closed(way, residual), basis)
    return Permit(replace(basis, implicit=way.implicit), residual)


def _voices(request: AccessRequest) -> tuple[Voice, ...]:
    if request.purpose is None or request.role is None:
        return ()
    asked = Asked(request.purpose, request.actor.names(request.role), request.at)
    rules = (consent for consent in request.consents if isinstance(consent, ConsentRule))
    voices = (voice_of(one, asked) for one in standing(rules, request.at))
    return tuple(voice for voice in voices if voice.rules)


def _heard(way: Way, voices: tuple[Voice, ...]) -> tuple[tuple[Voice, ...], tuple[Voice, ...]]:
    """Return the Consents that count, and those set aside because life is at stake.

    Where the region's policy opens the override, refusals are not heeded. Where it does not, only a
    Consent that permits the override can open it, and then that one counts in full.
    """
    if way.hears_refusals:
        return voices, ()
    permitting = tuple(voice for voice in voices if voice.permits)
    refusing = tuple(voice for voice in voices if not voice.permits)
    if way.reach is None:
        return permitting, refusing
    return tuple(voice._replace(refusals_heeded=False) for voice in permitting), refusing


def _consent_basis(voice: Voice) -> ConsentBasis:
    consent = voice.consent
    return ConsentBasis(consent.id, consent.version, consent.policy, voice.provisions)


def _why_closed(way: Way, residual: Residual) -> DenyReason:
    if residual.refused():
        return DenyReason.REFUSED
    if way.route is Route.EVERYDAY_ACROSS:
        return DenyReason.OPT_IN_NEEDED
    return DenyReason.NO_PERMISSION
