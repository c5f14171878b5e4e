"""Everyday decisions: refusals first, one missing piece at a time.

https://profiles.ihe.net/ITI/PCF/ITI-71.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.decision import (
    AccessRequest,
    Actor,
    Deny,
    DenyReason,
    Fate,
    Permit,
    ResourceFacts,
    Route,
    decide,
)
from tasuki.consent.policy import ImplicitPolicy
from tasuki.consent.rules import ConsentRule, UnreadableConsent
from tasuki.consent.vocabulary import ActorRole, DataClass, Effect, Level, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tasuki.consent.decision import Decision

OPEN = ImplicitPolicy("kaga", Effect.PERMIT, Effect.PERMIT, Effect.PERMIT, Effect.PERMIT)
WITHIN = ImplicitPolicy("kaga", everyday_within=Effect.PERMIT)
RESIDENT = Actor("Patient/login", person="person-1")


def _reason(decision: Decision) -> DenyReason | None:
    return decision.reason if isinstance(decision, Deny) else None


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"purpose": None}, DenyReason.PURPOSE_MISSING),
        ({"role": None}, DenyReason.ROLE_MISSING),
        ({"patient": ""}, DenyReason.REQUEST_UNCLEAR),
        ({"holder_region": ""}, DenyReason.REQUEST_UNCLEAR),
        ({"actor": Actor("", region="kaga")}, DenyReason.REQUEST_UNCLEAR),
        ({"classes": frozenset()}, DenyReason.REQUEST_UNCLEAR),
        ({"resource_types": frozenset({"Medicine"})}, DenyReason.REQUEST_UNCLEAR),
        ({"holder_region": "noto"}, DenyReason.WRONG_POLICY),
        ({"consents": (UnreadableConsent("c9", "person-2"),)}, DenyReason.WRONG_PERSON),
        ({"consents": (UnreadableConsent("c9", "person-1"),)}, DenyReason.CONSENT_NOT_UNDERSTOOD),
    ],
)
def test_a_request_that_is_not_clear_is_denied(
    request_of: Callable[..., AccessRequest], over: dict[str, Any], reason: DenyReason
) -> None:
    assert isinstance(decide(request_of(policy=OPEN)), Permit)
    assert _reason(decide(request_of(**{"policy": OPEN, **over}))) is reason


def test_a_moment_without_an_offset_is_not_clear(
    request_of: Callable[..., AccessRequest], now: datetime
) -> None:
    decision = decide(request_of(policy=OPEN, at=now.replace(tzinfo=None)))
    assert _reason(decision) is DenyReason.REQUEST_UNCLEAR


@pytest.mark.parametrize("role", ActorRole)
@pytest.mark.parametrize("purpose", Purpose)
def test_a_role_asks_only_for_its_purposes(
    request_of: Callable[..., AccessRequest],
    rule_of: Callable[..., ConsentRule],
    role: ActorRole,
    purpose: Purpose,
) -> None:
    everything = rule_of({"type": "permit"})
    request = request_of(role=role, purpose=purpose, policy=OPEN, consents=(everything,))
    may_not = _reason(decide(request)) is DenyReason.ROLE_MAY_NOT
    assert may_not is (purpose not in request.may_ask)
    unheard = replace(request, may_ask=frozenset())
    assert _reason(decide(unheard)) is DenyReason.ROLE_MAY_NOT


@pytest.mark.parametrize("policy", [None, ImplicitPolicy("kaga")])
def test_an_empty_policy_denies(
    request_of: Callable[..., AccessRequest], policy: ImplicitPolicy | None
) -> None:
    assert _reason(decide(request_of(policy=policy))) is DenyReason.NO_PERMISSION


def test_another_region_needs_opt_in(
    request_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    abroad = replace(request_of().actor, region="noto")
    request = request_of(policy=WITHIN, actor=abroad)
    assert _reason(decide(request)) is DenyReason.OPT_IN_NEEDED
    agreed = decide(replace(request, consents=(rule_of({"type": "permit", "purpose": ["TREAT"]}),)))
    assert isinstance(agreed, Permit)
    assert agreed.basis.route is Route.EVERYDAY_ACROSS
    assert agreed.basis.implicit is None
    assert agreed.basis.consents[0].provisions == ("Consent.provision",)


@pytest.mark.parametrize("region", [None, ""])
def test_an_actor_of_no_known_region_is_not_within(
    request_of: Callable[..., AccessRequest], region: str | None
) -> None:
    request = request_of(policy=WITHIN, actor=replace(request_of().actor, region=region))
    assert _reason(decide(request)) is DenyReason.OPT_IN_NEEDED


def test_within_the_region_the_policy_permits_normal_data(
    request_of: Callable[..., AccessRequest],
) -> None:
    decision = decide(request_of(policy=WITHIN))
    assert isinstance(decision, Permit)
    assert (decision.basis.route, decision.basis.implicit) == (
        Route.EVERYDAY_WITHIN,
        "everyday_within",
    )
    fates = [
        decision.residual.fate(ResourceFacts("Condition", "Condition/1", level=level))
        for level in (Level.N, Level.R, Level.V)
    ]
    assert fates == [Fate.RELEASE, Fate.WITHHOLD, Fate.WITHHOLD]


def test_a_refusal_beats_a_permit_of_another_policy(
    request_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    yes = rule_of({"type": "permit"}, id="yes", dateTime="2022-06-20")
    no = rule_of({"type": "deny", "purpose": ["TREAT"]}, id="no", policy=[{"uri": "urn:other"}])
    decision = decide(request_of(policy=OPEN, consents=(yes, no)))
    assert _reason(decision) is DenyReason.REFUSED
    assert [c.id for c in decision.basis.consents] == ["yes", "no"]


def test_part_of_the_record_may_be_refused(
    request_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    rule = rule_of(
        {
            "type": "permit",
            "purpose": ["TREAT"],
            "provision": [{"type": "deny", "class": ["Condition"]}],
        }
    )
    decision = decide(request_of(consents=(rule,)))
    assert isinstance(decision, Permit)
    assert decision.residual.withheld_types() == {"Condition"}
    assert decision.residual.withheld_classes() == {DataClass.CONDITIONS}
    only_that = request_of(consents=(rule,), classes=frozenset({DataClass.CONDITIONS}))
    assert _reason(decide(only_that)) is DenyReason.REFUSED


def test_what_was_not_asked_for_does_not_leave(request_of: Callable[..., AccessRequest]) -> None:
    decision = decide(request_of(policy=OPEN, classes=frozenset({DataClass.MEDICINES})))
    assert isinstance(decision, Permit)
    facts = ResourceFacts("Condition", "Condition/1")
    assert decision.residual.fate(facts) is Fate.WITHHOLD


def test_a_refusal_of_care_covers_emergent_care_but_a_permit_does_not_stretch(
    request_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    no = rule_of({"type": "deny", "purpose": ["TREAT"]})
    yes = rule_of({"type": "permit", "purpose": ["TREAT"]})
    emergent = request_of(purpose=Purpose.ETREAT)
    assert _reason(decide(replace(emergent, policy=OPEN, consents=(no,)))) is DenyReason.REFUSED
    assert isinstance(decide(replace(emergent, consents=(yes,))), Deny)


@pytest.mark.parametrize(
    ("named", "refused"),
    [
        ("Organization/ex-organization", True),
        ("Organization/other", False),
        ("Practitioner/ex-practitioner", True),
        ("Practitioner/other", False),
        ("Group/other", False),
        ("PractitionerRole/other", True),  # the actor shows no such name: it may be theirs
        ("RelatedPerson/other", False),
    ],
)
def test_a_refusal_of_an_actor_holds_unless_they_are_surely_somebody_else(
    request_of: Callable[..., AccessRequest],
    rule_of: Callable[..., ConsentRule],
    named: str,
    *,
    refused: bool,
) -> None:
    rule = rule_of({"type": "deny", "actor": [named]})
    decision = decide(request_of(policy=OPEN, consents=(rule,)))
    assert isinstance(decision, Deny) is refused


def test_a_nested_permit_reaches_no_further_than_the_rule_it_belongs_to(
    request_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    rule = rule_of(
        {
            "type": "permit",
            "purpose": ["TREAT"],
            "actor": ["Organization/ex-organization"],
            "securityLabel": ["N"],
            "provision": [{"type": "permit", "securityLabel": ["R"]}],
        }
    )
    assert isinstance(decide(request_of(consents=(rule,))), Permit)
    elsewhere = replace(request_of().actor, organization="Organization/other")
    assert isinstance(decide(request_of(consents=(rule,), actor=elsewhere)), Deny)
    assert isinstance(decide(request_of(consents=(rule,), purpose=Purpose.HRESCH)), Deny)


def test_the_nested_refusal_wins_over_the_nested_permit(
    request_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    nested = [
        {"type": "deny", "class": ["Condition"]},
        {"type": "permit", "securityLabel": ["R"]},
    ]
    for order in (nested, nested[::-1]):
        rule = rule_of({"type": "deny", "purpose": ["TREAT"], "provision": order})
        decision = decide(request_of(consents=(rule,)))
        assert isinstance(decision, Permit)
        fates = [
            decision.residual.fate(ResourceFacts(kind, f"{kind}/1", level=Level.R))
            for kind in ("Condition", "MedicationRequest")
        ]
        assert fates == [Fate.WITHHOLD, Fate.RELEASE]


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"actor": replace(RESIDENT, person="person-2")}, DenyReason.NOT_OWN_RECORD),
        ({"actor": replace(RESIDENT, person=None)}, DenyReason.NOT_OWN_RECORD),
        ({"purpose": Purpose.TREAT}, DenyReason.ROLE_MAY_NOT),
    ],
)
def test_a_resident_sees_nobody_elses_record(
    request_of: Callable[..., AccessRequest], over: dict[str, Any], reason: DenyReason
) -> None:
    whole = {"role": ActorRole.RESIDENT, "purpose": Purpose.PATRQT, "actor": RESIDENT, **over}
    assert _reason(decide(request_of(policy=OPEN, **whole))) is reason


def test_a_resident_always_sees_their_own_record_but_for_what_they_were_not_told(
    request_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    decision = decide(
        request_of(
            role=ActorRole.RESIDENT,
            purpose=Purpose.PATRQT,
            actor=RESIDENT,
            consents=(rule_of({"type": "deny"}), UnreadableConsent("c9", "person-1")),
        )
    )
    assert isinstance(decision, Permit)
    plain = ResourceFacts("Condition", "Condition/1", level=Level.V)
    assert decision.residual.fate(plain) is Fate.RELEASE
    for tag in ("UNINFORMED", "UNDELIVERED"):
        held = replace(plain, tags=frozenset({tag}))
        assert decision.residual.fate(held) is Fate.WITHHOLD


def test_a_clinician_sees_what_the_resident_was_not_told(
    request_of: Callable[..., AccessRequest],
) -> None:
    decision = decide(request_of(policy=WITHIN))
    assert isinstance(decision, Permit)
    facts = ResourceFacts("Condition", "Condition/1", tags=frozenset({"UNINFORMED"}))
    assert decision.residual.fate(facts) is Fate.RELEASE


@pytest.mark.parametrize(
    "facts",
    [
        ResourceFacts("Observation", "Observation/1"),  # no date
        ResourceFacts("Observation", "Observation/1", authors=None),
    ],
)
def test_what_is_not_known_of_a_resource_never_helps_a_permit(
    request_of: Callable[..., AccessRequest],
    rule_of: Callable[..., ConsentRule],
    facts: ResourceFacts,
) -> None:
    stated: list[dict[str, Any]] = [
        {"dataPeriod": {"start": "2022"}},
        {"data": [{"meaning": "authoredby", "reference": {"reference": "Practitioner/p"}}]},
    ]
    for about in stated:
        yes = decide(request_of(consents=(rule_of({"type": "permit", **about}),)))
        no = decide(request_of(policy=OPEN, consents=(rule_of({"type": "deny", **about}),)))
        assert isinstance(yes, Permit)
        assert isinstance(no, Permit)
        assert yes.residual.fate(facts) is Fate.WITHHOLD
        assert no.residual.fate(facts) is Fate.WITHHOLD
