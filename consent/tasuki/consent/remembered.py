"""Rulings of the last minutes, for as long as nothing they rest on has changed.

Who opens a record reads twenty things of it one after the other, with one token. What counts is
looked at each time and not assumed: the caller, the time, the person's Consents and the declarations
as they are held now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.consent.declarations import Declaration
    from tasuki.consent.operator.asking import Answers
    from tasuki.consent.rules import HeldConsent
    from tasuki.consent.times import Stretch
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.rulings import Ask, Ruling

KEPT = 4_096  # some 3 kB each


@dataclass(frozen=True, slots=True)
class Kept:
    """A ruling with what it rests on; nothing of it is compared by value, that costs as much as deciding.

    Attributes:
        answers: The role policy's.
        within: When time alone changes neither these nor the ruling.
    """

    principal: Principal
    answers: Answers
    consents: tuple[HeldConsent, ...]
    declarations: tuple[Declaration, ...]
    within: Stretch
    ruling: Ruling

    def rests_on(
        self, consents: tuple[HeldConsent, ...], declarations: tuple[Declaration, ...]
    ) -> bool:
        """Return whether these are the very ones it was made of."""
        return self.consents is consents and self.declarations is declarations


class Rulings:
    """Remembers rulings; the oldest goes first."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._most = kept
        self._kept: dict[tuple[int, str, str, tuple[str, ...]], Kept] = {}

    def on(self, ask: Ask, at: datetime) -> Kept | None:
        """Return what was ruled when this caller asked this before, where it is not too long ago.

        A token that was verified anew is another caller.
        """
        kept = self._kept.get(_key(ask))
        if kept is None or kept.principal is not ask.caller.principal:
            return None
        return kept if kept.within.holds(at) else None

    def keep(self, ask: Ask, kept: Kept) -> None:
        """Remember a ruling."""
        # It keeps the principal, so that no other object can get its id.
        self._kept[_key(ask)] = kept
        if len(self._kept) > self._most:
            self._kept.pop(next(iter(self._kept)))


def _key(ask: Ask) -> tuple[int, str, str, tuple[str, ...]]:
    return id(ask.caller.principal), ask.interaction.name, ask.owner, ask.types
