"""What the routes of the shelter service stand on, pages and FHIR alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.refusals import Refused
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.faults import Category
from tasuki.shelter.entries import TYPES
from tasuki.shelter.profiles import NOT_FOR_DISASTER, NOT_STAFF, STAFF

if TYPE_CHECKING:
    from fastapi import Request

    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.operator import Answer, RoleRules
    from tasuki.shared.access.gate import Gate
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shelter.handles import Handles
    from tasuki.shelter.holders import HolderStates
    from tasuki.shelter.lookup import Lookup
    from tasuki.shelter.profiles import Profiles

MATCH, PROFILE = "tasuki/match", "tasuki/profile"
DISASTER = "DISASTER"


@dataclass(frozen=True, slots=True)
class Shelter:
    """The parts of a running shelter service, put together by `tasuki.shelter.app`."""

    lookup: Lookup
    profiles: Profiles
    handles: Handles
    states: HolderStates
    snapshot: KeptSnapshot
    gate: Gate
    roles: RoleRules
    clock: Clock
    ids: IdSource


def shelter_of(request: Request) -> Shelter:
    """Return the service the request's app was made for."""
    shelter: Shelter = request.app.state.shelter
    return shelter


async def require_staff(shelter: Shelter, caller: Caller, scope: str) -> None:
    """Refuse whoever is not provisioned for disaster work, or has no scope for this.

    Raises:
        Refused: FORBIDDEN; the refusal is recorded before.
    """
    principal = caller.principal
    answer = _asked(shelter.roles, principal, scope)
    reasons = (
        (not principal.scopes.has(scope), "scope", f"the access token lacks the scope {scope}"),
        (principal.role not in STAFF, NOT_STAFF, "your role has no access to emergency profiles"),
        (
            principal.purpose != DISASTER,
            NOT_FOR_DISASTER,
            "emergency profiles open for the purpose DISASTER only",
        ),
        (not answer.permitted, answer.basis or NOT_STAFF, "the operator's rules do not let you in"),
    )
    for wrong, reason, message in reasons:
        if wrong:
            async with shelter.gate.enter(caller):  # records the refusal
                raise Refused(Category.FORBIDDEN, message, basis=reason)


def _asked(roles: RoleRules, principal: Principal, scope: str) -> Answer:
    """Return what the role policy says of somebody's record, whoever it is: nobody is chosen yet."""
    searches = scope == MATCH
    interaction = Interaction.SEARCH if searches else Interaction.READ
    types = ("Patient",) if searches else TYPES
    return roles.answers(principal, interaction, "somebody", types).to(principal.purpose)
