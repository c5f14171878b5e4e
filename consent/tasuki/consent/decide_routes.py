"""`POST /decide`: a decision with its reasons, before anything is asked for or recorded.

A resident asks about their own record: "could a nurse in a disaster see my medicines?"
https://profiles.ihe.net/ITI/PCF/ITI-71.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tasuki.consent.decision import AccessRequest, Actor, Permit, decide
from tasuki.consent.explain import explain
from tasuki.consent.provisions import read_held_consent
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole, DataClass, Purpose
from tasuki.consent.wire import write_decision
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.forms import json_form
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.consent.rules import HeldConsent
    from tasuki.shared.access.records import Unit

ROUTES = APIRouter()


class Question(BaseModel):
    """Could somebody like this see my data?

    Attributes:
        holder_region: Whose records: a region's code.
        actor_region: Where the asking person works.
        municipality: 6-digit code of where I live.
    """

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    role: ActorRole
    holder_region: str = Field(min_length=1, max_length=64)
    actor_region: str | None = Field(None, max_length=64)
    municipality: str | None = Field(None, pattern=r"^[0-9]{6}$")
    classes: frozenset[DataClass] = EMERGENCY_CLASSES
    language: Literal["ja", "en"] = "ja"


@ROUTES.post("/decide")
async def decided(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return what would be answered now, and why, about the resident who calls."""
    if caller.principal.patient is None:
        raise Fault(Category.FORBIDDEN, "one can ask about one's own record only")
    question = await json_form(request, Question)
    person = await request.app.state.persons.known(caller)
    now = service.clock.now()
    async with service.store.unit() as unit:
        access = AccessRequest(
            patient=person,
            purpose=question.purpose,
            role=question.role,
            actor=_somebody(question, now, person),
            at=now,
            holder_region=question.holder_region,
            classes=question.classes,
            municipality=question.municipality,
            declarations=await request.app.state.declaring.counting(unit),
            consents=await _consents(unit, person),
            policy=request.app.state.policies.get(question.holder_region),
            may_ask=request.app.state.roles.heard(question.role),
        )
        decision = decide(access)
        entry = request.app.state.desk.entry(
            caller, Action.DECISION, Outcome.PERMITTED, "policy/own-record"
        )
        await unit.record([entry])
    told = explain(decision, question.language)
    body = {
        "permitted": isinstance(decision, Permit),
        "headline": told.headline,
        "details": list(told.details),
        "decision": write_decision(decision),
    }
    return Response(content=render(body), media_type="application/json", headers=NO_STORE)


def _somebody(question: Question, now: datetime, person: str) -> Actor:
    return Actor(
        subject="somebody",
        region=question.actor_region,
        person=person if question.role is ActorRole.RESIDENT else None,
        provisioned_until=now.replace(year=now.year + 1, day=1),
    )


async def _consents(unit: Unit, person: str) -> tuple[HeldConsent, ...]:
    found = await unit.of_owner(person, ["Consent"])
    return tuple(
        read_held_consent(json.loads(one.body)).held_for(person)
        for one in found
        if one.body is not None
    )
