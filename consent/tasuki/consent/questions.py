"""A resident's question, pure: could somebody like this see my data, as things are or were I to say this?

Each supposition is put to the one decision there is: Consents that are not recorded, a declaration that
is not open, an override nobody opened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasuki.consent.decision import (
    BREAK_GLASS_LIMIT,
    AccessRequest,
    Actor,
    BreakGlass,
    BreakGlassReason,
    Deny,
    Permit,
    decide,
)
from tasuki.consent.declarations import Declaration
from tasuki.consent.enforcing import NO_OVERRIDE
from tasuki.consent.provisions import read_consent
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole, DataClass, Purpose
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tasuki.consent.decision import Decision
    from tasuki.consent.policy import ImplicitPolicy
    from tasuki.consent.rules import HeldConsent

MOST_SUPPOSED = 20  # Consents: more than a page of wishes has buttons
_STAFF = frozenset({ActorRole.NURSE, ActorRole.CLINICIAN})
_ANYWHERE = "000000"
_WHILE = timedelta(hours=1)


class SupposedOverride(BaseModel):
    """An emergency override as it might be opened.

    Attributes:
        agreed: Whether a second person agreed that restricted records are opened.
    """

    model_config = ConfigDict(extra="forbid")

    reason: BreakGlassReason
    agreed: bool = False


class Question(BaseModel):
    """Could somebody like this see my data?

    Attributes:
        holder_region: Whose records: a region's code.
        actor_region: Where the asking person works.
        municipality: 6-digit code of where I live.
        supposed: Consents as if they were recorded; one with the id of a recorded one stands for it.
        declared: Whether to suppose a disaster declaration, open for where I live.
        override: An emergency override to suppose; for the purpose BTG.
    """

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    role: ActorRole
    holder_region: str = Field(min_length=1, max_length=64)
    actor_region: str | None = Field(None, max_length=64)
    municipality: str | None = Field(None, pattern=r"^[0-9]{6}$")
    classes: frozenset[DataClass] = EMERGENCY_CLASSES
    language: Literal["ja", "en"] = "ja"
    supposed: list[dict[str, Any]] = Field(default=[], max_length=MOST_SUPPOSED)
    declared: bool = False
    override: SupposedOverride | None = None

    @model_validator(mode="after")
    def _an_override_is_for_its_purpose(self) -> Question:
        if self.override is not None and self.purpose is not Purpose.BTG:
            raise ValueError("override")
        return self


@dataclass(frozen=True, slots=True)
class Known:
    """What a question is put to.

    Attributes:
        person: The resident's handle.
        patient: What their own Consents must name, e.g. `Patient/p1`.
        consents: On record, by id.
    """

    person: str
    patient: str
    at: datetime
    consents: Mapping[str, HeldConsent]
    declarations: tuple[Declaration, ...]
    policy: ImplicitPolicy | None
    heard: frozenset[Purpose]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer.

    Attributes:
        decision: The one to be explained.
        opening: Each that opens something; under an override everyday care stays beside it.
    """

    decision: Decision
    opening: tuple[Decision, ...]


def answered(question: Question, known: Known) -> Answered:
    """Return what would be decided.

    Raises:
        Fault: STRUCTURE for a supposed Consent that would not be accepted; FORBIDDEN for one of
            somebody else.
    """
    request = asked(question, known)
    decision = decide(request)
    if question.override is None:
        return Answered(decision, (decision,))
    if isinstance(decision, Deny) and decision.reason in NO_OVERRIDE:
        return Answered(decision, (decision,))
    everyday = decide(replace(request, purpose=Purpose.TREAT, break_glass=None))
    told = everyday if isinstance(decision, Deny) and isinstance(everyday, Permit) else decision
    return Answered(told, (decision, everyday))


def asked(question: Question, known: Known) -> AccessRequest:
    """Return the request to be decided upon; see `answered`."""
    supposed = known.declarations
    if question.declared:
        supposed = (_declaration(question.municipality or _ANYWHERE, known.at),)
    return AccessRequest(
        patient=known.person,
        purpose=question.purpose,
        role=question.role,
        actor=_somebody(question, known),
        at=known.at,
        holder_region=question.holder_region,
        classes=question.classes,
        municipality=question.municipality or (_ANYWHERE if question.declared else None),
        declarations=supposed,
        consents=tuple(_consents(question.supposed, known).values()),
        policy=known.policy,
        may_ask=known.heard,
        break_glass=_override(question, known),
    )


def _somebody(question: Question, known: Known) -> Actor:
    return Actor(
        subject="somebody",
        region=question.actor_region,
        person=known.person if question.role is ActorRole.RESIDENT else None,
        provisioned_until=known.at.replace(year=known.at.year + 1, day=1),
    )


def _consents(supposed: Sequence[Mapping[str, Any]], known: Known) -> dict[str, HeldConsent]:
    found = dict(known.consents)
    for number, one in enumerate(supposed):
        rule = read_consent({"id": f"supposed-{number}", **one})
        if rule.patient != known.patient:
            raise Fault(Category.FORBIDDEN, "one can suppose Consents of one's own only")
        found[rule.id] = rule.held_for(known.person)
    return found


def _override(question: Question, known: Known) -> BreakGlass | None:
    if question.override is None:
        return None
    return BreakGlass(
        patient=known.person,
        reason=question.override.reason,
        text="supposed",
        start=known.at,
        end=known.at + BREAK_GLASS_LIMIT,
        second_person="a colleague" if question.override.agreed else None,
    )


def _declaration(municipality: str, at: datetime) -> Declaration:
    return Declaration(
        id="supposed",
        version=1,
        areas=frozenset({municipality}),
        start=at - _WHILE,
        end=at + _WHILE,
        roles=_STAFF,
        classes=EMERGENCY_CLASSES,
        authority="supposed",
        legal_basis="supposed",
        drill=False,
        opened_by="supposed",
        recorded_at=at - _WHILE,
    )
