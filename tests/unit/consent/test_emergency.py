"""Disaster access and emergency override: a basis, or nothing.

DISASTER and BTG of https://terminology.hl7.org/CodeSystem-v3-ActReason.html
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.decision import (
    AccessRequest,
    BreakGlass,
    BreakGlassReason,
    Deny,
    DenyReason,
    Fate,
    Permit,
    ResourceFacts,
    Route,
    decide,
)
from tasuki.consent.declarations import close_declaration
from tasuki.consent.policy import ImplicitPolicy
from tasuki.consent.rules import UnreadableConsent
from tasuki.consent.vocabulary import ActorRole, DataClass, Effect, Level, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tasuki.consent.decision import Decision
    from tasuki.consent.declarations import Declaration
    from tasuki.consent.rules import ConsentRule

EMERGENCY = ImplicitPolicy("kaga", disaster=Effect.PERMIT, break_glass=Effect.PERMIT)
WAJIMA, KANAZAWA = "172049", "172014"


def _reason(decision: Decision) -> DenyReason | None:
    return decision.reason if isinstance(decision, Deny) else None


def _fate(decision: Decision, kind: str, level: Level = Level.N, *labels: str) -> Fate:
    assert isinstance(decision, Permit)
    facts = ResourceFacts(kind, f"{kind}/1", level=level, sensitivities=frozenset(labels))
    return decision.residual.fate(facts)


@pytest.fixture(scope="module")
def disaster_of(
    request_of: Callable[..., AccessRequest], declaration_of: Callable[..., Declaration]
) -> Callable[..., AccessRequest]:
    """A provisioned nurse asks for an evacuee from Wajima under an open declaration."""

    def build(**over: Any) -> AccessRequest:
        whole = {
            "purpose": Purpose.DISASTER,
            "role": ActorRole.NURSE,
            "policy": EMERGENCY,
            "municipality": WAJIMA,
            "facility_municipality": KANAZAWA,
            "declarations": (declaration_of(),),
        }
        return request_of(**{**whole, **over})

    return build


def test_each_missing_piece_denies(
    disaster_of: Callable[..., AccessRequest],
    declaration_of: Callable[..., Declaration],
    now: datetime,
) -> None:
    request = disaster_of()
    assert isinstance(decide(request), Permit)
    lapsed = replace(request.actor, provisioned_until=now)
    doctors_only = declaration_of(roles=frozenset({ActorRole.CLINICIAN}))
    contacts_only = declaration_of(classes=frozenset({DataClass.CONTACTS}))
    pieces: list[tuple[dict[str, Any], DenyReason]] = [
        ({"policy": None}, DenyReason.NO_PERMISSION),
        ({"policy": ImplicitPolicy("kaga", Effect.PERMIT)}, DenyReason.NO_PERMISSION),
        ({"purpose": Purpose.TREAT}, DenyReason.ROLE_MAY_NOT),
        ({"role": ActorRole.OFFICER}, DenyReason.ROLE_MAY_NOT),
        ({"actor": replace(request.actor, provisioned_until=None)}, DenyReason.NOT_PROVISIONED),
        ({"actor": lapsed}, DenyReason.NOT_PROVISIONED),
        ({"declarations": ()}, DenyReason.NO_DECLARATION),
        ({"declarations": (declaration_of(end=now),)}, DenyReason.NO_DECLARATION),
        (
            {"declarations": (declaration_of(start=now + timedelta(seconds=1)),)},
            DenyReason.NO_DECLARATION,
        ),
        ({"declarations": (doctors_only,)}, DenyReason.NO_DECLARATION),
        ({"municipality": None}, DenyReason.DECLARED_ELSEWHERE),
        ({"municipality": "17204"}, DenyReason.DECLARED_ELSEWHERE),
        (
            {"declarations": (contacts_only,), "classes": frozenset({DataClass.MEDICINES})},
            DenyReason.NOTHING_DECLARED,
        ),
        ({"declarations": (declaration_of(drill=True),)}, DenyReason.DRILL_ONLY),
        ({"drill_resident": True}, DenyReason.NOT_IN_DRILL),
    ]
    assert [_reason(decide(disaster_of(**over))) for over, _ in pieces] == [r for _, r in pieces]


def test_a_closed_declaration_opens_nothing_whatever_its_first_version_says(
    disaster_of: Callable[..., AccessRequest],
    declaration_of: Callable[..., Declaration],
    now: datetime,
) -> None:
    first = declaration_of()
    closed = close_declaration(first, at=now, by="Practitioner/o", by_role=ActorRole.OFFICER)
    for versions in ((first, closed), (closed, first)):
        decision = decide(disaster_of(declarations=versions))
        assert _reason(decision) is DenyReason.NO_DECLARATION


@pytest.mark.parametrize("refused", [{}, {"purpose": ["DISASTER"]}, {"purpose": ["PUBHLTH"]}])
def test_a_resident_who_opted_out_stays_out(
    disaster_of: Callable[..., AccessRequest],
    rule_of: Callable[..., ConsentRule],
    refused: dict[str, Any],
) -> None:
    decision = decide(disaster_of(consents=(rule_of({"type": "deny", **refused}),)))
    assert _reason(decision) is DenyReason.REFUSED


def test_refusing_everyday_care_is_not_refusing_help_in_a_disaster(
    disaster_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    no = rule_of({"type": "deny", "purpose": ["TREAT", "HPAYMT", "HOPERAT"]})
    assert isinstance(decide(disaster_of(consents=(no,))), Permit)


def test_an_emergency_only_consent_opens_where_the_region_asks_for_opt_in(
    disaster_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    code = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMRGONLY"}
    opted_in = rule_of({"type": "permit"}, category=[{"coding": [code]}])
    decision = decide(disaster_of(policy=None, consents=(opted_in,)))
    assert isinstance(decision, Permit)
    assert decision.basis.consents[0].id == "c1"
    assert isinstance(decide(disaster_of(policy=None, consents=(opted_in,), declarations=())), Deny)
    everyday = disaster_of(purpose=Purpose.TREAT, role=ActorRole.CLINICIAN, consents=(opted_in,))
    assert isinstance(decide(everyday), Deny)


def test_the_facilitys_place_counts_as_well_as_the_home(
    disaster_of: Callable[..., AccessRequest],
) -> None:
    decision = decide(disaster_of(municipality=KANAZAWA, facility_municipality=WAJIMA))
    assert isinstance(decision, Permit)
    assert (decision.basis.route, decision.basis.declaration) == (Route.DISASTER, ("d1", 1))


def test_a_drill_opens_drill_residents_only_beside_a_real_disaster(
    disaster_of: Callable[..., AccessRequest], declaration_of: Callable[..., Declaration]
) -> None:
    both = (declaration_of(id="real"), declaration_of(id="drill", drill=True))
    for drill, opened in ((True, "drill"), (False, "real")):
        decision = decide(disaster_of(declarations=both, drill_resident=drill))
        assert isinstance(decision, Permit)
        assert decision.basis.declaration == (opened, 1)
        assert decision.basis.drill is drill


def test_a_shelter_sees_the_emergency_profile_and_that_something_is_hidden(
    disaster_of: Callable[..., AccessRequest],
) -> None:
    decision = decide(disaster_of())
    assert isinstance(decision, Permit)
    assert decision.residual.withheld_classes() == {DataClass.OTHER}
    assert _fate(decision, "Observation") is Fate.WITHHOLD
    assert _fate(decision, "MedicationRequest") is Fate.RELEASE
    assert _fate(decision, "MedicationRequest", Level.R) is Fate.MASK
    assert _fate(decision, "AllergyIntolerance", Level.N, "HIV") is Fate.MASK
    assert _fate(decision, "Condition", Level.N, "PSY") is Fate.WITHHOLD


def test_a_consent_does_not_lift_the_bound_of_a_disaster(
    disaster_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    decision = decide(disaster_of(consents=(rule_of({"type": "permit"}),)))
    assert _fate(decision, "Observation") is Fate.WITHHOLD
    assert _fate(decision, "Condition", Level.R) is Fate.WITHHOLD


def test_what_the_resident_refused_is_withheld_not_masked(
    disaster_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    no = rule_of({"type": "deny", "securityLabel": ["R"]})
    decision = decide(disaster_of(consents=(no,)))
    assert _fate(decision, "MedicationRequest", Level.R) is Fate.WITHHOLD


@pytest.fixture(scope="module")
def breaking_of(
    request_of: Callable[..., AccessRequest], override_of: Callable[..., BreakGlass]
) -> Callable[..., AccessRequest]:
    def build(*, override: BreakGlass | None = None, **over: Any) -> AccessRequest:
        whole = {"purpose": Purpose.BTG, "policy": EMERGENCY, **over}
        return request_of(break_glass=override or override_of(), **whole)

    return build


def test_each_missing_piece_of_an_override_denies(
    breaking_of: Callable[..., AccessRequest],
    override_of: Callable[..., BreakGlass],
    now: datetime,
) -> None:
    assert isinstance(decide(breaking_of()), Permit)
    hour = timedelta(minutes=60)
    second = timedelta(seconds=1)
    pieces: list[tuple[dict[str, Any], DenyReason]] = [
        ({"patient": "person-2"}, DenyReason.WRONG_PERSON),
        ({"text": " \n"}, DenyReason.BREAK_GLASS_NO_REASON),
        ({"start": now, "end": now + hour + second}, DenyReason.BREAK_GLASS_TOO_LONG),
        ({"start": now - hour, "end": now}, DenyReason.BREAK_GLASS_OVER),
        ({"start": now + second, "end": now + hour}, DenyReason.BREAK_GLASS_OVER),
    ]
    for over, reason in pieces:
        assert _reason(decide(breaking_of(override=override_of(**over)))) is reason
    without = replace(breaking_of(), break_glass=None)
    assert _reason(decide(without)) is DenyReason.BREAK_GLASS_MISSING
    nurse = breaking_of(role=ActorRole.NURSE)
    assert _reason(decide(nurse)) is DenyReason.ROLE_MAY_NOT
    for policy in (None, ImplicitPolicy("kaga", Effect.PERMIT, Effect.PERMIT, Effect.PERMIT)):
        assert _reason(decide(breaking_of(policy=policy))) is DenyReason.NO_PERMISSION


def test_an_override_for_everyday_purposes_changes_nothing(
    breaking_of: Callable[..., AccessRequest],
) -> None:
    assert isinstance(decide(breaking_of(purpose=Purpose.TREAT)), Deny)


@pytest.mark.parametrize("reason", BreakGlassReason)
def test_a_recorded_refusal_wins_unless_life_is_at_stake(
    breaking_of: Callable[..., AccessRequest],
    override_of: Callable[..., BreakGlass],
    rule_of: Callable[..., ConsentRule],
    reason: BreakGlassReason,
) -> None:
    no = rule_of({"type": "deny", "purpose": ["TREAT"]})
    unreadable = UnreadableConsent("c2", "person-1")
    override = override_of(reason=reason)
    for consents, why in (
        ((no,), DenyReason.REFUSED),
        ((unreadable,), DenyReason.CONSENT_NOT_UNDERSTOOD),
    ):
        decision = decide(breaking_of(override=override, consents=consents))
        if reason is BreakGlassReason.LIFE:
            assert isinstance(decision, Permit)
            assert decision.basis.set_aside == (consents[0].id,)
        else:
            assert _reason(decision) is why


def test_life_at_stake_does_not_open_what_the_region_keeps_closed(
    breaking_of: Callable[..., AccessRequest],
    override_of: Callable[..., BreakGlass],
    rule_of: Callable[..., ConsentRule],
) -> None:
    life = override_of(reason=BreakGlassReason.LIFE)
    no = rule_of({"type": "deny"})
    assert isinstance(decide(breaking_of(override=life, policy=None, consents=(no,))), Deny)
    yes = rule_of({"type": "permit", "purpose": ["BTG"]}, id="yes", policy=[{"uri": "urn:btg"}])
    decision = decide(breaking_of(override=life, policy=None, consents=(no, yes)))
    assert isinstance(decision, Permit)
    assert [c.id for c in decision.basis.consents] == ["yes"]
    assert decision.basis.set_aside == ("c1",)


def test_life_at_stake_sets_a_partial_refusal_aside_but_opens_no_restricted_data_by_it(
    breaking_of: Callable[..., AccessRequest],
    override_of: Callable[..., BreakGlass],
    rule_of: Callable[..., ConsentRule],
) -> None:
    some = rule_of(
        {
            "type": "permit",
            "purpose": ["BTG"],
            "provision": [
                {"type": "deny", "class": ["Condition"]},
                {"type": "deny", "securityLabel": ["HIV"]},
            ],
        }
    )
    life = decide(breaking_of(override=override_of(reason=BreakGlassReason.LIFE), consents=(some,)))
    oral = decide(breaking_of(consents=(some,)))
    assert _fate(oral, "Condition") is Fate.WITHHOLD
    assert _fate(life, "Condition") is Fate.RELEASE
    assert _fate(life, "MedicationRequest", Level.R, "HIV") is Fate.MASK
    assert _fate(life, "Observation", Level.R) is Fate.RELEASE  # as the resident permits


def test_restricted_data_need_a_second_person(
    breaking_of: Callable[..., AccessRequest], override_of: Callable[..., BreakGlass]
) -> None:
    alone = decide(breaking_of())
    assert _fate(alone, "MedicationRequest", Level.R) is Fate.MASK
    assert _fate(alone, "Condition", Level.R) is Fate.WITHHOLD
    assert _fate(alone, "Observation") is Fate.WITHHOLD  # the emergency summary only
    oneself = override_of(second_person="Practitioner/ex-practitioner")
    still = decide(breaking_of(override=oneself))
    assert _fate(still, "Condition", Level.R) is Fate.WITHHOLD
    two = decide(breaking_of(override=override_of(second_person="Practitioner/colleague")))
    assert _fate(two, "Condition", Level.V, "PSY") is Fate.RELEASE
    assert two.basis.second_person == "Practitioner/colleague"
