"""By which route a request may be answered where no Consent speaks: proxy, everyday, disaster, override.

Each route ends in a `Way` (how far it reaches, what binds it, what it rests on) or in a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.consent.decision.outcome import DenyReason, Route
from tasuki.consent.decision.request import BREAK_GLASS_LIMIT, AccessRequest, BreakGlassReason
from tasuki.consent.decision.residual import MASKED_CLASSES, Reach
from tasuki.consent.declarations import latest_versions
from tasuki.consent.places import lies_in
from tasuki.consent.resource_types import class_of
from tasuki.consent.vocabulary import (
    PROXIES,
    WITHHELD_FROM_RESIDENT,
    ActorRole,
    DataClass,
    Effect,
    Level,
    Purpose,
)

if TYPE_CHECKING:
    from tasuki.consent.decision.request import BreakGlass
    from tasuki.consent.declarations import Declaration

_CARE = frozenset({Purpose.TREAT, Purpose.ETREAT})
_ALL = frozenset(DataClass)


@dataclass(frozen=True, slots=True)
class Way:
    """A route that is open.

    Attributes:
        reach: What holds where no Consent speaks; None means a Consent must say yes.
        implicit: The answer of the implicit policy `reach` comes from.
        bound: What holds in any case.
        hears_refusals: Whether the resident's refusals count; not when life is at stake.
        withhold_tags: Indication tags of what is kept back in any case.
    """

    route: Route
    reach: Reach | None = None
    implicit: str | None = None
    bound: Reach | None = None
    declaration: tuple[str, int] | None = None
    hears_refusals: bool = True
    withhold_tags: frozenset[str] = frozenset()


def way_for(request: AccessRequest) -> Way | DenyReason:
    """Return the route a request takes, or why it has none. Role and purpose are set."""
    if request.role is ActorRole.PROXY:
        return _proxy(request)
    if request.purpose is Purpose.DISASTER:
        return _disaster(request)
    if request.purpose is Purpose.BTG:
        return _break_glass(request)
    if request.purpose in _CARE and request.role is ActorRole.CLINICIAN:
        return _everyday(request)
    return Way(Route.CONSENT_ONLY)


def _proxy(request: AccessRequest) -> Way | DenyReason:
    if request.purpose not in PROXIES:
        return DenyReason.ROLE_MAY_NOT
    if request.actor.represents != request.patient:
        return DenyReason.NOT_REPRESENTED
    # A bound, so that no Consent widens it; nothing is masked, for that something is there says it.
    reach = Reach(request.actor.reaches, Level.N)
    return Way(Route.PROXY, reach=reach, bound=reach, withhold_tags=WITHHELD_FROM_RESIDENT)


def _everyday(request: AccessRequest) -> Way:
    # An actor or a holder of no known region is not "the same region".
    within = bool(request.actor.region) and request.actor.region == request.holder_region
    route = Route.EVERYDAY_WITHIN if within else Route.EVERYDAY_ACROSS
    answer = "everyday_within" if within else "everyday_across"
    if not _policy_permits(request, answer):
        return Way(route)
    # Without a Consent, normal data only: PCF's Policy-basic-normal.
    reach = Reach(_ALL, Level.N, masked=MASKED_CLASSES)
    return Way(route, reach=reach, implicit=answer)


def _policy_permits(request: AccessRequest, answer: str) -> bool:
    return request.policy is not None and getattr(request.policy, answer) is Effect.PERMIT


def _disaster(request: AccessRequest) -> Way | DenyReason:
    until = request.actor.provisioned_until
    if until is None or until <= request.at:
        return DenyReason.NOT_PROVISIONED
    found = _declaration_for(request)
    if isinstance(found, DenyReason):
        return found
    bound = Reach(found.classes, Level.N, masked=MASKED_CLASSES)
    implicit = "disaster" if _policy_permits(request, "disaster") else None
    return Way(
        Route.DISASTER,
        reach=bound if implicit else None,
        implicit=implicit,
        bound=bound,
        declaration=(found.id, found.version),
    )


def _declaration_for(request: AccessRequest) -> Declaration | DenyReason:
    """Return the declaration that opens most of what is asked; each missing piece has its reason."""
    known = latest_versions(request.declarations)
    usable = [d for d in known if d.open_at(request.at) and request.role in d.roles]
    if not usable:
        return DenyReason.NO_DECLARATION
    # Real and drill never open each other.
    meant = [d for d in usable if d.drill is request.drill_resident]
    if not meant:
        return DenyReason.NOT_IN_DRILL if request.drill_resident else DenyReason.DRILL_ONLY
    places = (request.municipality, request.facility_municipality)
    here = [d for d in meant if any(lies_in(place, d.areas) for place in places)]
    if not here:
        return DenyReason.DECLARED_ELSEWHERE
    asked = {class_of(name) for name in request.types}
    best = max(here, key=lambda d: len(asked & d.classes))
    return best if asked & best.classes else DenyReason.NOTHING_DECLARED


def _break_glass(request: AccessRequest) -> Way | DenyReason:
    override = request.break_glass
    if override is None:
        return DenyReason.BREAK_GLASS_MISSING
    wrong = _override_fault(override, request)
    if wrong is not None:
        return wrong
    hears = override.reason is not BreakGlassReason.LIFE
    if request.policy is None or request.policy.break_glass is not Effect.PERMIT:
        return Way(Route.BREAK_GLASS, hears_refusals=hears)
    agreed = bool(override.second_person) and override.second_person != request.actor.subject
    reach = Reach(
        request.policy.break_glass_classes,
        Level.V if agreed else Level.N,  # restricted labels need a second person
        masked=MASKED_CLASSES,
    )
    return Way(Route.BREAK_GLASS, reach=reach, implicit="break_glass", hears_refusals=hears)


def _override_fault(override: BreakGlass, request: AccessRequest) -> DenyReason | None:
    if override.patient != request.patient:
        return DenyReason.WRONG_PERSON
    if not override.text.strip():
        return DenyReason.BREAK_GLASS_NO_REASON
    if override.end - override.start > BREAK_GLASS_LIMIT:
        return DenyReason.BREAK_GLASS_TOO_LONG
    if not override.start <= request.at < override.end:
        return DenyReason.BREAK_GLASS_OVER
    return None
