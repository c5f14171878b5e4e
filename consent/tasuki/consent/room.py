"""Who may do what in the consent service itself: residents with their own Consents, nobody else.

Services read Consents through the feed, which has a scope of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Interaction, Ruling

if TYPE_CHECKING:
    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask

OWN_TYPES = frozenset({"Consent", "AuditEvent", "Patient"})


@dataclass(frozen=True, slots=True)
class ConsentRoomDecider:
    """See `Decider`."""

    registrars: frozenset[str]

    @property
    def feed(self) -> str | None:
        """See `Decider.feed`."""
        return None

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        """See `Decider.rule`."""
        principal = ask.caller.principal
        if principal.role is Role.SERVICE and not ask.interaction.writes:
            return Ruling.permit("policy/replication")
        registrar = principal.role is Role.SERVICE and principal.client_id in self.registrars
        if registrar and ask.interaction is Interaction.CREATE:
            return Ruling.permit("policy/registrar")
        own = principal.role is Role.RESIDENT and principal.patient == f"Patient/{ask.owner}"
        if not own and set(ask.types) == {"AuditEvent"} and await _same_person(unit, ask):
            return Ruling.permit("policy/own-record")
        if not (own and ask.owner and set(ask.types) <= OWN_TYPES):
            return Ruling.hide("not-own-record")
        if ask.interaction is Interaction.DELETE:
            return Ruling.refuse("a-consent-is-ended-not-deleted")
        return Ruling.permit("policy/own-record")


async def _same_person(unit: Unit, ask: Ask) -> bool:
    """Return whether the owner is the resident who calls, known here before they came themselves.

    An emergency override may be of somebody who has no log of their own yet.
    """
    principal = ask.caller.principal
    if principal.role is not Role.RESIDENT or principal.patient is None or ask.interaction.writes:
        return False
    tokens = await unit.tokens_of_owner(principal.patient.removeprefix("Patient/"))
    return bool(tokens) and ask.owner in await unit.owners_of_tokens(tokens)
