"""The example of the operators' page is a file that a service starts with, and does what is said.

docs/operator-policy.md
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.consent.operator.conftest import ask_of

from tasuki.consent.operator import Place, RoleRules
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.shared.clock import FixedClock

PAGE = (Path(__file__).parents[4] / "docs/operator-policy.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"```cedar\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(
    ("asked", "hour", "closed"),
    [
        ({}, 22, "policy/clinic-hours"),
        ({}, 20, ""),
        ({"purpose": "ETREAT"}, 22, ""),
        ({"purpose": "BTG"}, 3, ""),
        ({"role": Role.NURSE, "purpose": "DISASTER"}, 3, ""),
        ({"client_id": "old-app"}, 12, "policy/app-withdrawn"),
        ({"organization": "Organization/o9"}, 12, "policy/clinic-left"),
        ({"organization": "Organization/o8"}, 12, ""),
        ({"purpose": "HRESCH"}, 12, "policy/no-research"),
    ],
)
def test_the_example_closes_what_it_says(
    rules_of: Callable[..., RoleRules],
    clock: FixedClock,
    asked: dict[str, Any],
    hour: int,
    closed: str,
) -> None:
    clock.at = clock.at.replace(hour=(hour - 9) % 24)
    rules, ask = rules_of(EXAMPLE), ask_of(**asked)
    answer = rules.to(ask).to(ask.caller.principal.purpose)
    assert (answer.closed, answer.basis if answer.closed else "") == (bool(closed), closed)
    assert answer.permitted is not answer.closed
    assert (
        RoleRules(Place("region", "noto"), clock).to(ask).to(ask.caller.principal.purpose).permitted
    )


@pytest.mark.parametrize(("type_", "permitted"), [("Organization", True), ("Medication", False)])
def test_the_example_lets_officers_read_organisations(
    rules_of: Callable[..., RoleRules], type_: str, *, permitted: bool
) -> None:
    ask = ask_of(Role.OFFICER, "PUBHLTH", owner="", types=(type_,))
    assert rules_of(EXAMPLE).to(ask).to("PUBHLTH").permitted is permitted
