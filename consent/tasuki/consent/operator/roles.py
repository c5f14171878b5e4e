"""The role policy at a service's gate: what it is shown of a caller, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tasuki.consent.operator.asking import (
    ASK,
    OTHER,
    OWN,
    REPRESENTED,
    OperatorPolicy,
    Question,
)
from tasuki.consent.operator.asking import NOBODY as ABOUT_NOBODY
from tasuki.consent.times import ALWAYS, HOUR, Stretch
from tasuki.consent.vocabulary import ActorRole
from tasuki.shared.access.principal import Role
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.rulings import Interaction, Ruling
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from tasuki.consent.operator.asking import Answer, Answers
    from tasuki.consent.vocabulary import Purpose
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.rulings import Ask
    from tasuki.shared.clock import Clock

_ABOUT = {ActorRole.RESIDENT: OWN, ActorRole.PROXY: REPRESENTED}
Keeper = Literal["region", "residents", "consents"]


@dataclass(frozen=True, slots=True)
class Place:
    """Whose records these are.

    Attributes:
        keeper: What kind of service keeps them.
        region: Its region.
        registrars: Client ids that bring residents in here.
    """

    keeper: Keeper
    region: str
    registrars: frozenset[str] = frozenset()


class RoleRules:
    """Asks one service's role policy about its callers.

    Args:
        place: Whose records these are.
        clock: The time, for policies that heed it.
        file: The operator's policies; None where there are none.

    Raises:
        Fault: INVALID; a policy is wrong.
    """

    def __init__(self, place: Place, clock: Clock, file: Path | None = None) -> None:
        self._place = place
        self._clock = clock
        self._policy = OperatorPolicy.of(file)
        mentioned = self._policy.policies.mentioned
        # What no policy reads would only fill the memory with equal answers.
        self._heeds_time = not mentioned.isdisjoint({"hour", "weekday"})
        self._heeds_client = "client" in mentioned
        self._heeds_organization = "organization" in mentioned

    def to(self, ask: Ask) -> Answers:
        """Return the answers to what the gate asks."""
        return self.answers(ask.caller.principal, ask.interaction, ask.owner, ask.types)

    def answers(
        self, principal: Principal, interaction: Interaction, owner: str, types: Sequence[str]
    ) -> Answers:
        """Return the answers about these types of a person's record; no owner: about nobody."""
        place, client = self._place, principal.client_id
        hour, weekday = self._time()
        return self._policy.answers(
            Question(
                place.keeper,
                place.region,
                principal.role.value,
                client if self._heeds_client else "",
                principal.organization if self._heeds_organization else None,
                principal.region,
                client in place.registrars,
                interaction.value[0],
                _about(principal, owner),
                tuple(types),
                hour,
                weekday,
            )
        )

    def heard(self, role: ActorRole) -> frozenset[Purpose]:
        """Return for which purposes somebody in this role, of no known place, would be heard now."""
        place, about = self._place, _ABOUT.get(role, OTHER)
        somebody = (role.value, "", None, None, False, ASK, about, ())
        return self._policy.answers(
            Question(place.keeper, place.region, *somebody, *self._time())
        ).heard

    def same_answers_within(self, at: datetime) -> Stretch:
        """Return the time around a moment within which equal questions have the same answers."""
        if not self._heeds_time:
            return ALWAYS
        start = at.astimezone(TOKYO).replace(minute=0, second=0, microsecond=0)
        return Stretch(start, start + HOUR)

    def _time(self) -> tuple[int, int]:
        if not self._heeds_time:
            return 0, 0
        now = self._clock.now().astimezone(TOKYO)
        return now.hour, now.isoweekday()


def refusal(ask: Ask, answer: Answer) -> Ruling:
    """Return how the caller of an answer that is no is refused.

    What an operator closes is said to be closed: to those who would else have been heard, an empty
    answer would look like a person without a record.
    """
    if answer.closed:
        return Ruling.refuse(answer.basis)
    refused = Ruling.refuse if answer.learns else Ruling.hide
    return refused(_reason(ask, learns=answer.learns))


def is_own(principal: Principal, owner: str) -> bool:
    """Return whether the caller is this very person."""
    return principal.role is Role.RESIDENT and principal.patient == f"Patient/{owner}"


def is_represented(principal: Principal, owner: str) -> bool:
    """Return whether the caller is a proxy of this very person."""
    return principal.role is Role.PROXY and principal.patient == f"Patient/{owner}"


def _about(principal: Principal, owner: str) -> str:
    if owner == NOBODY:
        return ABOUT_NOBODY
    if is_represented(principal, owner):
        return REPRESENTED
    return OWN if is_own(principal, owner) else OTHER


def _reason(ask: Ask, *, learns: bool) -> str:
    """Return the word that stands in the audit record; it decides nothing."""
    principal = ask.caller.principal
    if learns:
        return "role-may-not-write"
    if principal.role is Role.HOSPITAL:
        return "other-region"
    if principal.role is Role.RESIDENT:
        return "not-own-record"
    if principal.role is Role.PROXY:
        return "not-represented"
    if principal.role is Role.SERVICE:
        return "purpose"
    return "role"
