"""The consent service's answer to a question, from Consents in memory: the real decision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasuki.consent.decide_routes import answer_body
from tasuki.consent.decision import AccessRequest, Actor, decide
from tasuki.consent.declarations import Declaration
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.provisions import read_consent
from tasuki.consent.questions import Known, Question, answered
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole, Purpose
from tasuki.shared.clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tasuki.consent.decision import Decision

AT = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
WAJIMA = "172049"
PATIENT = "Patient/p1"
DECLARED = Declaration(
    id="d1",
    version=1,
    areas=frozenset({WAJIMA}),
    start=AT - timedelta(days=1),
    end=AT + timedelta(days=6),
    roles=frozenset({ActorRole.NURSE}),
    classes=EMERGENCY_CLASSES,
    authority="石川県",
    legal_basis="災害救助法",
    drill=False,
    opened_by="officer",
    recorded_at=AT - timedelta(days=1),
)
RULES = RoleRules(Place("consents", "consent"), FixedClock(AT))


def answer_of(
    consents: Iterable[Mapping[str, Any]], question: Mapping[str, Any], at: datetime = AT
) -> dict[str, object]:
    """Return the answer of `POST /decide` to a resident with these Consents."""
    asked = Question.model_validate(question)
    policy = {"everyday_within": "permit", "disaster": "permit", "break_glass": "permit"}
    held = [read_consent(one) for one in consents]
    known = Known(
        person=PATIENT,
        patient=held[0].patient if held else _named(question),
        at=at,
        consents={one.id: one.held_for(PATIENT) for one in held},
        declarations=(DECLARED,),
        policy=read_implicit_policy({"region": asked.holder_region, **policy}),
        heard=RULES.heard(asked.role),
    )
    return answer_body(asked, answered(asked, known))


def _named(question: Mapping[str, Any]) -> str:
    return next((str(one["patient"]["reference"]) for one in question.get("supposed", ())), "")


def decided(
    consents: Iterable[Mapping[str, Any]], question: Mapping[str, Any], at: datetime = AT
) -> Decision:
    """Answer a question of `POST /decide` about a resident with these Consents."""
    region = question["holder_region"]
    policy = {"region": region, "everyday_within": "permit", "disaster": "permit"}
    return decide(
        AccessRequest(
            patient=PATIENT,
            purpose=Purpose(question["purpose"]),
            role=ActorRole(question["role"]),
            actor=Actor(
                subject="somebody",
                region=question.get("actor_region"),
                provisioned_until=at + timedelta(days=1),
            ),
            at=at,
            holder_region=region,
            classes=EMERGENCY_CLASSES,
            municipality=question.get("municipality"),
            declarations=(DECLARED,),
            consents=tuple(read_consent(one).held_for(PATIENT) for one in consents),
            policy=read_implicit_policy(policy),
            may_ask=RULES.heard(ActorRole(question["role"])),
        )
    )
