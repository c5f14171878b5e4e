"""What an operator's file can do: forbid anything, and let be asked what consent then answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.unit.consent.operator.conftest import NOW, ask_of

from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.room import ConsentRoomDecider
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Interaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask, Ruling
    from tasuki.shared.clock import FixedClock

CLOSE = '@id("closed")\nforbid (principal, action, resource) when { %s };'
OPEN = '@id("opened")\npermit (principal, action, resource);'
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ('principal.role == Tasuki::Role::"clinician"', {}, {"role": Role.HOSPITAL, "purpose": "TREAT"}),
    ('context.purpose == Tasuki::Purpose::"BTG"', {"purpose": "BTG"}, {}),
    ('principal.client == "stolen"', {"client_id": "stolen"}, {}),
    (
        'principal has organization && principal.organization == "Organization/o1"',
        {"organization": "Organization/o1"},
        {"organization": "Organization/o2"},
    ),
    ("!(principal has organization)", {}, {"organization": "Organization/o2"}),
    ('principal has region && principal.region != resource.region', {"region": "kaga"}, {}),
    ('action == Tasuki::Action::"search-type"', {"interaction": Interaction.SEARCH}, {}),
    (
        'resource.types.contains(Tasuki::Type::"Observation")',
        {"types": ("Condition", "Observation")},
        {"types": ("Condition",)},
    ),
    (
        'resource is Tasuki::Record && resource.classes.contains(Tasuki::DataClass::"conditions")',
        {},
        {"types": ("MedicationRequest",)},
    ),
    ("resource is Tasuki::Common", {"owner": ""}, {}),
]  # fmt: skip


class Snapshot:
    """Consents known and fresh: nobody said anything."""

    declarations = ()

    def age(self) -> timedelta:
        return timedelta()

    async def consents(self, unit: Unit, owner: str) -> tuple[()]:  # noqa: ARG002
        return ()

    async def overrides(self, unit: Unit, owner: str) -> tuple[()]:  # noqa: ARG002
        return ()


def ruled(rules: RoleRules, ask: Ask, clock: FixedClock) -> Ruling:
    policy = read_implicit_policy(
        {"region": "noto", "everyday_within": "permit", "everyday_across": "permit"}
    )
    snapshot = cast("KeptSnapshot", Snapshot())
    decider = ConsentDecider("noto", policy, snapshot, roles=rules, clock=clock)
    return asyncio.run(decider.rule(cast("Unit", None), ask))


@pytest.mark.parametrize(("when", "closed", "open_"), CASES, ids=[case[0] for case in CASES])
def test_an_operator_closes_what_the_product_opens(
    rules_of: Callable[..., RoleRules],
    clock: FixedClock,
    when: str,
    closed: dict[str, Any],
    open_: dict[str, Any],
) -> None:
    rules = rules_of(CLOSE % when)
    usual = RoleRules(Place("region", "noto"), clock)
    shut = ruled(rules, ask_of(**closed), clock)
    if closed.get("purpose") != "BTG":  # which needs more than a role
        assert ruled(usual, ask_of(**closed), clock).permitted
    # Whoever is heard otherwise is told it is closed: an empty answer would look like no record.
    assert (shut.permitted, shut.hidden, shut.basis) == (False, False, "policy/closed")
    assert ruled(rules, ask_of(**open_), clock).permitted


def test_a_policy_that_cannot_be_evaluated_refuses(
    rules_of: Callable[..., RoleRules], clock: FixedClock
) -> None:
    """Cedar passes over a policy in error; it might have been the one that forbids."""
    rules = rules_of(CLOSE % "context.hour * 9223372036854775807 > 100")
    clock.at = datetime(2026, 4, 1, 15, 0, tzinfo=UTC)  # midnight in Japan: no overflow
    assert ruled(rules, ask_of(), clock).permitted
    clock.advance(timedelta(hours=2))
    for ask in (ask_of(), ask_of(owner=""), ask_of(Role.HOSPITAL, "HOPERAT")):
        assert not ruled(rules, ask, clock).permitted
    assert not rules.to(ask_of()).heard


def test_what_was_hidden_before_an_operator_closed_it_stays_hidden(
    rules_of: Callable[..., RoleRules], clock: FixedClock
) -> None:
    rules = rules_of(CLOSE % "true")
    other = ask_of(Role.RESIDENT, "PATRQT", patient="Patient/p2")
    assert ruled(rules, other, clock).hidden
    elsewhere = ask_of(Role.HOSPITAL, "HOPERAT", region="kaga")
    assert ruled(rules, elsewhere, clock).hidden


@pytest.mark.parametrize("hour", ["context.hour", 'context["hour"]', 'context["h\\u{6f}ur"]'])
def test_a_policy_on_the_hour_holds_from_that_hour_on(
    rules_of: Callable[..., RoleRules], clock: FixedClock, hour: str
) -> None:
    rules = rules_of(CLOSE % f"{hour} < 8 || {hour} >= 18 || context.weekday > 5")
    seen = {}
    clock.at = datetime(2026, 4, 3, 0, 0, tzinfo=UTC)  # Friday, 9:00 in Japan
    for _ in range(48):
        local = clock.now() + timedelta(hours=9)
        seen[local.weekday(), local.hour] = ruled(rules, ask_of(), clock).permitted
        clock.advance(timedelta(hours=1))
    assert len(seen) == 48
    assert {at for at, permitted in seen.items() if permitted} == {
        (4, hour) for hour in range(9, 18)
    }


def test_a_blanket_permit_opens_nothing_that_consent_has_not_opened(
    rules_of: Callable[..., RoleRules], clock: FixedClock
) -> None:
    rules = rules_of(OPEN)
    usual = RoleRules(Place("region", "noto"), clock)
    for role in Role:
        for interaction in Interaction:
            for patient in ("Patient/p1", "Patient/p2"):
                for purpose in ("TREAT", "HOPERAT", "PATRQT", "BTG", "DISASTER"):
                    for region in ("noto", "kaga"):
                        ask = ask_of(role, purpose, interaction, patient=patient, region=region)
                        now, before = ruled(rules, ask, clock), ruled(usual, ask, clock)
                        assert now.permitted is before.permitted, ask
                        if interaction.writes or role is Role.RESIDENT:
                            assert now.hidden is before.hidden, ask
    # What is about nobody is not consent's: there an operator may let in.
    officer = ask_of(Role.OFFICER, "PUBHLTH", owner="", types=("Organization",))
    assert ruled(usual, officer, clock).hidden
    assert ruled(rules, officer, clock).basis == "policy/opened"


def test_a_permit_lets_a_nurse_be_heard_and_consent_answers(
    rules_of: Callable[..., RoleRules], clock: FixedClock
) -> None:
    text = """@id("nurse-emergent") permit (principal, action == Tasuki::Action::"ask", resource)
    when { principal.role == Tasuki::Role::"nurse" && context.purpose == Tasuki::Purpose::"ETREAT" };"""
    ask = ask_of(Role.NURSE, "ETREAT")
    usual = ruled(RoleRules(Place("region", "noto"), clock), ask, clock)
    heard = ruled(rules_of(text), ask, clock)
    assert usual.basis.startswith("role-may-not/")
    # No Consent, and no rule of the region for a nurse.
    assert (heard.permitted, heard.basis) == (
        False,
        "no-permission/consent-only",
    )


def test_an_override_falls_back_only_on_purposes_an_operator_left_open(
    rules_of: Callable[..., RoleRules],
) -> None:
    # Closed to sight alone: nobody said that it may not be asked either.
    close = CLOSE.replace("action,", 'action in Tasuki::Action::"see",')
    rules = rules_of(close % 'context.purpose == Tasuki::Purpose::"TREAT"')
    heard = rules.to(ask_of(purpose="BTG")).heard
    assert {"BTG", "ETREAT"} <= heard
    assert "TREAT" not in heard


def test_a_blanket_permit_opens_nothing_in_the_consent_service(
    rules_of: Callable[..., RoleRules],
) -> None:
    decider = ConsentRoomDecider(rules_of(OPEN, Place("consents", "consent")))
    for role in (Role.CLINICIAN, Role.NURSE, Role.OFFICER, Role.HOSPITAL):
        ruling = asyncio.run(decider.rule(cast("Unit", None), ask_of(role, types=("Consent",))))
        assert ruling.hidden


def test_the_basis_names_the_policies_in_one_word(clock: FixedClock) -> None:
    usual = RoleRules(Place("region", "noto"), clock)
    care = ruled(usual, ask_of(), clock)
    assert care.permitted
    assert care.basis == (
        "everyday-within|policy/noto/everyday_within|policy/staff-see|policy/clinician-asks"
    )
    feed = ruled(usual, ask_of(Role.SERVICE, "HOPERAT"), clock)
    assert feed.basis == "policy/replication"
    assert not any(" " in one.basis for one in (care, feed))


def test_answers_are_kept_by_all_that_policies_see_and_by_no_more(
    rules_of: Callable[..., RoleRules], clock: FixedClock
) -> None:
    rules = rules_of(CLOSE % 'principal.client == "stolen"')
    for organization in ("Organization/o1", "Organization/o2"):
        clock.advance(timedelta(hours=1))
        rules.to(ask_of(organization=organization))
    kept = rules._policy.answers.cache_info()
    assert (kept.misses, kept.hits) == (1, 1)
    assert rules.to(ask_of(client_id="stolen")).to("TREAT").closed
    assert not rules.to(ask_of(client_id="web")).to("TREAT").closed
    assert clock.now() > NOW
