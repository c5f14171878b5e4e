"""`/overrides/about-me`: the person is told of every override of their record, and may object.

Telling is a durable fact of the record: it is there from the first moment, unread until the person
says they have read it. It is put off only on a recorded safety ground, and comes by itself then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from tasuki.consent.override_routes import Text
from tasuki.consent.overrides import override as rules
from tasuki.consent.overrides.book import of
from tasuki.consent.overrides.figures import Result, result_of
from tasuki.shared.access.principal import Role
from tasuki.shared.access.refusals import forbidden, out_of_scope
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.forms import json_form
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tasuki.consent.overrides.book import Book
    from tasuki.consent.overrides.override import Override
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.service import FhirService

ROUTES = APIRouter(prefix="/overrides")
# What the officer calls overdue is, for the person, still not reviewed.
_STATES = {Result.OVERDUE: Result.PENDING}


class Objection(BaseModel):
    """What was wrong, in the person's words."""

    model_config = ConfigDict(extra="forbid")

    text: Text


@ROUTES.get("/about-me")
async def about_me(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the overrides of the caller's own record, newest first."""
    await _require(service, caller, "AuditEvent", Interaction.SEARCH)
    person = await request.app.state.persons.known(caller)
    now = service.clock.now()
    async with service.store.unit() as unit:
        told = [one for one in await of(unit, person) if not one.hidden_at(now)]
    return _json({"overrides": [persons_form(one, now) for one in told]})


@ROUTES.post("/{id_}/seen")
async def seen(id_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Note that the person has read of it."""
    now = service.clock.now()
    return await _step(id_, request, service, caller, lambda one: rules.seen(one, at=now))


@ROUTES.post("/{id_}/dispute")
async def dispute(id_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Object, in one's own words; once."""
    objection, now = await json_form(request, Objection), service.clock.now()
    return await _step(
        id_, request, service, caller, lambda one: rules.disputed(one, text=objection.text, at=now)
    )


def persons_form(override: Override, now: datetime) -> dict[str, object]:
    """Return what the person is told of an override."""
    result = result_of(override, now)
    review, delay = override.review, override.delay
    told: dict[str, object | None] = {
        "id": override.id,
        "opened_at": override.opened_at.isoformat(),
        "ends_at": override.ends_at.isoformat(),
        "stopped_at": override.stopped_at.isoformat() if override.stopped_at else None,
        "by": override.display,
        "organization": override.organization,
        "region": override.region,
        "reason": override.reason.value,
        "text": override.text,
        "restricted": override.second is not None,
        "told_late": None
        if delay is None
        else {"ground": delay.ground.value, "until": delay.until.isoformat()},
        "read": override.seen_at is not None,
        "state": _STATES.get(result, result).value,
        "dispute": None
        if override.dispute is None
        else {"text": override.dispute.text, "at": override.dispute.at.isoformat()},
        "review": None
        if review is None
        else {"accepted": review.accepted, "words": review.words, "at": review.at.isoformat()},
    }
    return {name: value for name, value in told.items() if value is not None}


async def _step(
    id_: str,
    request: Request,
    service: FhirService,
    caller: Caller,
    taken: Callable[[Override], Override],
) -> Response:
    await _require(service, caller, "Consent", Interaction.CREATE)
    person = await request.app.state.persons.known(caller)
    now = service.clock.now()
    async with service.store.unit() as unit:
        own = {one.id for one in await of(unit, person) if not one.hidden_at(now)}
    if id_ not in own:
        raise Fault(Category.NOT_FOUND, "no such override")
    book: Book = request.app.state.overrides
    return _json(persons_form(await book.step(caller, id_, Action.OVERRIDE_CASE, taken), now))


async def _require(
    service: FhirService, caller: Caller, type_: str, interaction: Interaction
) -> None:
    principal = caller.principal
    async with service.gate.enter(caller):
        if principal.role is not Role.RESIDENT:
            raise forbidden("not-own-record")
        if not principal.scopes.allows(type_, interaction.letter):
            raise out_of_scope(f"{type_}.{interaction.letter}")


def _json(body: dict[str, object]) -> Response:
    return Response(content=render(body), media_type="application/json", headers=NO_STORE)
