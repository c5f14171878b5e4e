"""A caller and what they ask, in few words; and rules of a service with an operator's policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tasuki.consent.operator import Place, RoleRules
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Ask, Caller, Interaction
from tasuki.shared.access.scopes import ScopeSet
from tasuki.shared.clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)  # Wednesday noon in Japan
PLACE = Place("region", "noto")


def ask_of(
    role: Role = Role.CLINICIAN,
    purpose: str = "TREAT",
    interaction: Interaction = Interaction.READ,
    owner: str = "p1",
    types: tuple[str, ...] = ("Condition",),
    **over: str | None,
) -> Ask:
    principal = Principal(
        subject="somebody",
        role=role,
        client_id=over.get("client_id") or "web",
        scopes=ScopeSet(frozenset(), frozenset()),
        purpose=purpose,
        patient=over.get("patient"),
        organization=over.get("organization"),
        region=over.get("region", "noto"),
        token_id="t1",
        issuer="https://auth",
        actor=(),
        expires_at=NOW + timedelta(minutes=5),
        display=None,
    )
    return Ask(Caller(principal, "r1"), interaction, owner, types)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def rules_of(tmp_path: Path, clock: FixedClock) -> Callable[..., RoleRules]:
    def build(text: str, place: Place = PLACE) -> RoleRules:
        file = tmp_path / "operator.cedar"
        file.write_text(text, encoding="utf-8")
        return RoleRules(place, clock, file)

    return build
