"""Of one policy the latest Consent speaks; what was refused does not lapse by accident.

https://hl7.org/fhir/R4/consent-definitions.html#Consent.status
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.decision.standing import standing
from tasuki.consent.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tasuki.consent.rules import ConsentRule

YES: dict[str, Any] = {"type": "permit"}
NO: dict[str, Any] = {"type": "deny"}
WEEK: dict[str, Any] = {"type": "permit", "period": {"start": "2022-06-01", "end": "2022-06-07"}}
LATER: dict[str, Any] = {"type": "permit", "period": {"start": "2022-08-01"}}
OLD, NEW, NEWEST = "2022-01-01", "2022-06-01", "2022-06-02"


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("held", "speaks"),
    [
        ([], {}),
        ([(YES, "draft", OLD)], {}),
        ([(YES, "proposed", OLD)], {}),
        ([(YES, "entered-in-error", OLD)], {}),
        ([(YES, "inactive", OLD)], {}),
        ([(YES, "rejected", OLD)], {}),
        ([(YES, "active", OLD)], {"0": False}),
        ([(NO, "active", OLD), (YES, "active", NEW)], {"1": False}),
        ([(YES, "active", OLD), (NO, "active", NEW)], {"1": False}),
        # Withdrawn: the older permit does not come back, the older refusal does.
        ([(YES, "active", OLD), (YES, "inactive", NEW)], {"0": True}),
        ([(NO, "active", OLD), (YES, "inactive", NEW)], {"0": True}),
        ([(YES, "active", OLD), (YES, "rejected", NEW)], {"0": True}),
        ([(YES, "active", OLD), (YES, "entered-in-error", NEW)], {"0": False}),
        ([(YES, "active", OLD), (NO, "draft", NEW)], {"0": False}),
        # Run out: as if withdrawn. Not yet begun: not there yet.
        ([(NO, "active", OLD), (WEEK, "active", NEW)], {"0": True}),
        ([(NO, "active", OLD), (LATER, "active", NEW)], {"0": False}),
        # A withdrawal between two: the newest stands in full.
        ([(NO, "active", OLD), (YES, "inactive", NEW), (YES, "active", NEWEST)], {"2": False}),
        # Dates that cannot be told apart: both speak.
        ([(YES, "active", NEW), (NO, "active", NEW)], {"0": False, "1": False}),
        ([(YES, "active", "2022-06"), (NO, "active", NEW)], {"0": False, "1": False}),
        ([(YES, "active", NEW), (YES, "inactive", "2022-06")], {"0": True}),
        # From the future: it cannot be ordered, so only its refusals count, and it replaces nothing.
        ([(NO, "active", OLD), (YES, "active", "2030")], {"0": False, "1": True}),
    ],
)
def test_which_consents_speak(
    rule_of: Callable[..., ConsentRule],
    now: datetime,
    held: list[tuple[dict[str, Any], str, str]],
    speaks: dict[str, bool],
    order: int,
) -> None:
    rules = [
        rule_of(provision, id=str(index), status=status, dateTime=dated)
        for index, (provision, status, dated) in enumerate(held)
    ]
    found = standing(rules[::order], now)
    assert {one.rule.id: one.refusals_only for one in found} == speaks


def test_each_policy_is_its_own(rule_of: Callable[..., ConsentRule], now: datetime) -> None:
    rules = [
        rule_of(YES, id=uri, policy=[{"uri": uri}], dateTime=OLD) for uri in ("urn:a", "urn:b")
    ]
    assert {one.rule.id for one in standing(rules, now)} == {"urn:a", "urn:b"}


def test_every_status_is_one_of_fhir() -> None:
    assert {status.value for status in Status} == {
        *("draft", "proposed", "active", "rejected", "inactive", "entered-in-error")
    }
