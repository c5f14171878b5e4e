"""`POST /decide`: a decision with its reasons, before anything is asked for or recorded.

A resident asks about their own record: "could a nurse in a disaster see my medicines?", as things are
or with a choice that is not recorded yet.
https://profiles.ihe.net/ITI/PCF/ITI-71.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from tasuki.consent.decision import Permit
from tasuki.consent.explain import explain
from tasuki.consent.fates import fates_of
from tasuki.consent.provisions import read_held_consent
from tasuki.consent.questions import Known, Question, answered
from tasuki.consent.wire import write_decision
from tasuki.shared.access.principal import Role
from tasuki.shared.access.purposes import PWATRNY
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.forms import json_form
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from tasuki.consent.questions import Answered
    from tasuki.consent.rules import HeldConsent
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.records import Unit

ROUTES = APIRouter()


@ROUTES.post("/decide")
async def decided(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return what would be answered now, and why, about the resident who calls."""
    principal = caller.principal
    if principal.patient is None or not _speaks_for_them(principal):
        raise Fault(Category.FORBIDDEN, "one can ask about one's own record only")
    async with service.gate.enter(caller) as records:
        # The answer names the Consents and what they say: an app that may not see them gets none.
        records.require_scope("Consent", Interaction.SEARCH)
    question = await json_form(request, Question)
    person = await request.app.state.persons.known(caller)
    async with service.store.unit() as unit:
        known = Known(
            person=person,
            patient=principal.patient,
            at=service.clock.now(),
            consents=await _consents(unit, person),
            declarations=await request.app.state.declaring.counting(unit),
            policy=request.app.state.policies.get(question.holder_region),
            heard=request.app.state.roles.heard(question.role),
        )
        answer = answered(question, known)
        entry = request.app.state.desk.entry(
            caller, Action.DECISION, Outcome.PERMITTED, "policy/own-record"
        )
        await unit.record([entry])
    return Response(
        content=render(answer_body(question, answer)),
        media_type="application/json",
        headers=NO_STORE,
    )


def answer_body(question: Question, answer: Answered) -> dict[str, object]:
    """Return the JSON form of an answer; `records` in the order of classes, then of kinds."""
    told = explain(answer.decision, question.language)
    return {
        "permitted": any(isinstance(one, Permit) for one in answer.opening),
        "headline": told.headline,
        "details": list(told.details),
        "records": [
            {"class": one.data_class.value, "kind": one.kind, "told": one.told.value}
            for one in fates_of(answer.opening, question.classes)
        ],
        "decision": write_decision(answer.decision),
    }


def _speaks_for_them(principal: Principal) -> bool:
    """Return whether somebody may learn what the person has said: they themselves, or by law."""
    by_law = principal.role is Role.PROXY and principal.purpose == PWATRNY
    return principal.role is Role.RESIDENT or by_law


async def _consents(unit: Unit, person: str) -> dict[str, HeldConsent]:
    found = await unit.of_owner(person, ["Consent"])
    return {
        one.id: read_held_consent(json.loads(one.body)).held_for(person)
        for one in found
        if one.body is not None
    }
