from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.phr.deciding import AT, PATIENT, WAJIMA, decided

from tasuki.consent.decision import Deny, DenyReason, Permit
from tasuki.consent.provisions import read_consent
from tasuki.phr.pages.wishes import ACTIONS, Wish, Wishes, read_wishes, recorded, to_withdraw
from tasuki.shared.fhir.models import validate

NOTHING_SAID = Wishes(withheld=False, opted_in=False, refused=False, finer=0)
NURSE = {
    "role": "nurse",
    "purpose": "DISASTER",
    "holder_region": "noto",
    "municipality": WAJIMA,
}
ELSEWHERE = {
    "role": "clinician",
    "purpose": "TREAT",
    "holder_region": "noto",
    "actor_region": "kaga",
}


def made(wish: Wish, number: int = 1, *, ago: timedelta = timedelta(hours=1)) -> dict[str, Any]:
    consent = recorded(wish, PATIENT, AT - ago)
    return {**consent, "id": f"c{number}", "meta": {"versionId": "1"}}


@pytest.mark.parametrize("wish", Wish)
def test_a_recorded_wish_is_valid_understood_whole_and_dated_to_the_moment(wish: Wish) -> None:
    consent = made(wish)
    assert validate(consent) == ()
    rule = read_consent(consent)
    assert rule.policy == wish.policy
    assert rule.root.effect is wish.effect
    assert rule.root.purposes == frozenset(wish.purposes)
    assert rule.dated.end - rule.dated.start == timedelta(microseconds=1)


def test_nothing_said_is_nothing_said() -> None:
    assert read_wishes([], AT) == NOTHING_SAID


def test_withholding_refuses_the_nurse_and_says_so() -> None:
    consents = [made(Wish.WITHHOLD)]
    assert read_wishes(consents, AT) == replace(NOTHING_SAID, withheld=True)
    assert isinstance(decided([], NURSE), Permit)
    refused = decided(consents, NURSE)
    assert isinstance(refused, Deny)
    assert refused.reason is DenyReason.REFUSED


def test_opting_in_permits_the_other_region_and_says_so() -> None:
    consents = [made(Wish.OPT_IN)]
    assert read_wishes(consents, AT) == replace(NOTHING_SAID, opted_in=True)
    assert isinstance(decided([], ELSEWHERE), Deny)
    assert isinstance(decided(consents, ELSEWHERE), Permit)


@pytest.mark.parametrize("wish", Wish)
def test_withdrawing_ends_every_version_of_the_wish(wish: Wish) -> None:
    older = made(wish, 1, ago=timedelta(days=9))
    newer = made(wish, 2)
    other = made(next(one for one in Wish if one is not wish), 3)
    ended = to_withdraw(wish, [older, newer, other], AT)
    assert {one["id"] for one in ended} == {"c1", "c2"}
    assert {one["status"] for one in ended} == {"inactive"}
    assert all(validate(one) == () for one in ended)
    assert not read_wishes([*ended, other], AT + timedelta(seconds=1)).hold(wish)


def test_what_was_withdrawn_decides_nothing_any_more() -> None:
    later = AT + timedelta(seconds=1)
    ended = to_withdraw(Wish.WITHHOLD, [made(Wish.WITHHOLD)], AT)
    assert isinstance(decided(ended, NURSE, later), Permit)
    ended = to_withdraw(Wish.OPT_IN, [made(Wish.OPT_IN)], AT)
    denied = decided(ended, ELSEWHERE, later)
    assert isinstance(denied, Deny)
    assert denied.reason is DenyReason.OPT_IN_NEEDED


def test_an_older_refusal_of_care_is_shown_once_the_opt_in_is_gone() -> None:
    refusal = made(Wish.OPT_IN, 1, ago=timedelta(days=9))
    refusal["provision"] = {**refusal["provision"], "type": "deny"}
    assert read_wishes([refusal], AT).refused
    both = [refusal, made(Wish.OPT_IN, 2)]
    assert read_wishes(both, AT) == replace(NOTHING_SAID, opted_in=True)
    ended = to_withdraw(Wish.OPT_IN, both, AT)
    assert [one["id"] for one in ended] == ["c2"]
    assert read_wishes([refusal, *ended], AT + timedelta(seconds=1)).refused


def test_what_the_buttons_cannot_say_is_counted_not_claimed() -> None:
    part = made(Wish.WITHHOLD, 1)
    part["provision"] = {
        **part["provision"],
        "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Condition"}],
    }
    unreadable = {**made(Wish.OPT_IN, 2), "scope": {"text": "?"}}
    assert read_wishes([part, unreadable], AT) == replace(NOTHING_SAID, finer=2)


def test_a_permit_dated_in_the_future_does_not_hold_yet() -> None:
    assert not read_wishes([made(Wish.OPT_IN, ago=-timedelta(hours=1))], AT).opted_in
    assert read_wishes([made(Wish.WITHHOLD, ago=-timedelta(hours=1))], AT).withheld


def test_every_button_says_one_wish_one_way() -> None:
    assert sorted((wish.name, holds) for wish, holds in ACTIONS.values()) == [
        ("OPT_IN", False),
        ("OPT_IN", True),
        ("WITHHOLD", False),
        ("WITHHOLD", True),
    ]
