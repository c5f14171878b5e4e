"""A proxy sees what was opened to them, of whom they act for, and no secret of theirs.

docs/adr/0024-proxies.md
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
    facts_of,
)
from tasuki.consent.decision.remembered import Facts
from tasuki.consent.enforcing import ruling_of
from tasuki.consent.policy import ImplicitPolicy
from tasuki.consent.vocabulary import PROXIES, ActorRole, DataClass, Effect, Level, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.consent.decision import Decision
    from tasuki.consent.rules import ConsentRule

EVERYTHING = frozenset(DataClass)
MEDICINES = frozenset({DataClass.MEDICINES})
OPEN = ImplicitPolicy("kaga", Effect.PERMIT, Effect.PERMIT, Effect.PERMIT, Effect.PERMIT)
PLAIN = ResourceFacts("MedicationRequest", "MedicationRequest/1")


@pytest.fixture
def asked(request_of: Callable[..., AccessRequest]) -> Callable[..., Decision]:
    """What somebody is answered who acts for person-1 and was given everything; with changes."""

    def build(
        *,
        represents: str | None = "person-1",
        reaches: frozenset[DataClass] = EVERYTHING,
        **over: Any,
    ) -> Decision:
        actor = Actor("account-9", represents=represents, reaches=reaches)
        sound = {"role": ActorRole.PROXY, "purpose": Purpose.FAMRQT, "actor": actor}
        return decide(request_of(**{**sound, **over}))

    return build


CONTRACEPTIVES = (
    {"medicationCodeableConcept": {"text": "マーベロン28"}},
    {"medicationCodeableConcept": {"coding": [{"display": "ドロエチ配合錠「あすか」"}]}},
    {"medicationCodeableConcept": {"text": "Levonorgestrel 1.5 mg"}},
    {"reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "Z30.0"}]}]},
    {"note": [{"text": "避妊について相談"}]},
)


@pytest.mark.parametrize("said", CONTRACEPTIVES)
def test_contraception_is_seen_in_care_and_by_no_proxy(
    asked: Callable[..., Decision], request_of: Callable[..., AccessRequest], said: dict[str, Any]
) -> None:
    request = {"resourceType": "MedicationRequest", "id": "1", **said}
    proxy, care = ruling_of(asked(), Facts()), ruling_of(decide(request_of(policy=OPEN)), Facts())
    assert care.admits(request)
    assert not proxy.admits(request)
    assert not proxy.masks(request)
    plain = {"resourceType": "MedicationRequest", "id": "2", "note": [{"text": "食後に"}]}
    assert proxy.admits(plain)


def fate(decision: Decision, facts: ResourceFacts) -> Fate:
    assert isinstance(decision, Permit), decision
    return decision.residual.fate(facts)


@pytest.mark.parametrize("purpose", sorted(PROXIES))
def test_what_was_opened_is_seen(asked: Callable[..., Decision], purpose: Purpose) -> None:
    decision = asked(purpose=purpose, reaches=MEDICINES)
    assert isinstance(decision, Permit)
    assert decision.basis.route is Route.PROXY
    assert fate(decision, PLAIN) is Fate.RELEASE
    assert fate(decision, ResourceFacts("Condition", "Condition/1")) is Fate.WITHHOLD
    assert "Condition" in decision.residual.withheld_types()


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - PROXIES))
def test_for_no_other_purpose(asked: Callable[..., Decision], purpose: Purpose) -> None:
    decision = asked(purpose=purpose, policy=OPEN, may_ask=frozenset(Purpose))
    assert isinstance(decision, Deny)
    assert decision.reason in (DenyReason.ROLE_MAY_NOT, DenyReason.NOT_OWN_RECORD)


@pytest.mark.parametrize("role", sorted(set(ActorRole) - {ActorRole.PROXY}))
@pytest.mark.parametrize("purpose", sorted(PROXIES))
def test_nobody_else_may_ask_so(
    asked: Callable[..., Decision], role: ActorRole, purpose: Purpose
) -> None:
    decision = asked(role=role, purpose=purpose, policy=OPEN)
    assert isinstance(decision, Deny)
    assert decision.reason is DenyReason.ROLE_MAY_NOT


@pytest.mark.parametrize("represents", [None, "", "person-2"])
def test_of_whom_they_do_not_act_for_nothing(
    asked: Callable[..., Decision], represents: str | None
) -> None:
    decision = asked(represents=represents, policy=OPEN)
    assert isinstance(decision, Deny)
    assert decision.reason is DenyReason.NOT_REPRESENTED


def test_nothing_opened_is_nothing_seen(asked: Callable[..., Decision]) -> None:
    assert isinstance(asked(reaches=frozenset(), policy=OPEN), Deny)


@pytest.mark.parametrize(
    "facts",
    [
        replace(PLAIN, level=Level.R),
        replace(PLAIN, level=Level.V),
        replace(PLAIN, level=Level.R, sensitivities=frozenset({"HIV"})),
        replace(PLAIN, tags=frozenset({"UNINFORMED"})),
        replace(PLAIN, tags=frozenset({"UNDELIVERED"})),
    ],
)
@pytest.mark.parametrize("permitted", [False, True])
def test_a_secret_is_not_even_hinted_at(
    asked: Callable[..., Decision],
    rule_of: Callable[..., ConsentRule],
    facts: ResourceFacts,
    *,
    permitted: bool,
) -> None:
    """Masking would say that there is something; and no Consent for others widens a proxy's view."""
    consents = (rule_of({"type": "permit"}),) if permitted else ()
    decision = asked(consents=consents, policy=OPEN)
    assert fate(decision, PLAIN) is Fate.RELEASE
    assert fate(decision, facts) is Fate.WITHHOLD


ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@pytest.mark.parametrize(
    "said",
    [
        {"text": "ドルテグラビル錠50mg"},  # for HIV: by its content, whatever nobody labelled
        {
            "text": "トリキュラー錠28",
            "label": "SEX",
        },  # a contraceptive, as its hospital labelled it
    ],
)
def test_a_daughters_medicine_is_her_own(
    asked: Callable[..., Decision], said: dict[str, str]
) -> None:
    request: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "id": "1",
        "medicationCodeableConcept": {"text": said["text"]},
    }
    if "label" in said:
        request["meta"] = {"security": [{"system": ACT_CODE, "code": said["label"]}]}
    assert fate(asked(), facts_of(request)) is Fate.WITHHOLD


@pytest.mark.parametrize(
    ("provision", "open_"),
    [
        ({"type": "deny"}, False),
        ({"type": "deny", "purpose": ["FAMRQT"]}, False),
        ({"type": "deny", "actor": ["RelatedPerson/son"]}, True),
        ({"type": "deny", "purpose": ["TREAT"]}, True),
        ({"type": "deny", "actor": ["Organization/clinic"]}, True),
        ({"type": "deny", "actor": ["Practitioner/dr"]}, True),
        ({"type": "deny", "class": ["MedicationRequest"]}, False),
        ({"type": "deny", "class": ["Condition"]}, True),
    ],
)
def test_the_persons_own_no_counts(
    asked: Callable[..., Decision],
    rule_of: Callable[..., ConsentRule],
    provision: dict[str, Any],
    *,
    open_: bool,
) -> None:
    decision = asked(consents=(rule_of(provision),))
    seen = isinstance(decision, Permit) and decision.residual.fate(PLAIN) is Fate.RELEASE
    assert seen is open_
