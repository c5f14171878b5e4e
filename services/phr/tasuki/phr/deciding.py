"""Whose log it is: residents read and write their own; a registrar brings residents in.

Everybody else goes by consent, as at a hospital.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask, Decider


@dataclass(frozen=True, slots=True)
class PhrDecider:
    """See `Decider`."""

    by_consent: Decider
    registrars: frozenset[str]

    @property
    def feed(self) -> str | None:
        """See `Decider.feed`."""
        return self.by_consent.feed

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        """See `Decider.rule`."""
        principal = ask.caller.principal
        registrar = principal.role is Role.SERVICE and principal.client_id in self.registrars
        if registrar and ask.interaction.writes:
            return Ruling.permit("policy/registrar")
        return await self.by_consent.rule(unit, ask)
