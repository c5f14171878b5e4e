"""Who may do what in the consent service itself: the role policy alone, for nobody's Consent is asked.

Residents come to their own Consents. Services read Consents through the feed, which has a scope of
its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasuki.consent.operator import refusal
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tasuki.consent.operator import RoleRules
    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask


@dataclass(frozen=True, slots=True)
class ConsentRoomDecider:
    """See `Decider`."""

    roles: RoleRules

    @property
    def feed(self) -> str | None:
        """See `Decider.feed`."""
        return None

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        """See `Decider.rule`."""
        if set(ask.types) == {"AuditEvent"} and await _same_person(unit, ask):
            owner = (ask.caller.principal.patient or "").removeprefix("Patient/")
            ask = replace(ask, owner=owner)
        answer = self.roles.to(ask).to(ask.caller.principal.purpose)
        if answer.alone:
            return Ruling.permit(answer.basis)
        return refusal(ask, answer)


async def _same_person(unit: Unit, ask: Ask) -> bool:
    """Return whether the owner is the resident who calls, known here before they came themselves.

    An emergency override may be of somebody who has no log of their own yet.
    """
    principal = ask.caller.principal
    if principal.role is not Role.RESIDENT or principal.patient is None or ask.interaction.writes:
        return False
    tokens = await unit.tokens_of_owner(principal.patient.removeprefix("Patient/"))
    return bool(tokens) and ask.owner in await unit.owners_of_tokens(tokens)
