"""`/declarations`: a person in authority opens, renews and closes a disaster declaration.

A feed may propose one; only an officer opens it (Disaster Relief Act, per municipality).
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tasuki.consent.declaration_json import read_declaration, write_declaration
from tasuki.consent.declarations import (
    Declaration,
    close_declaration,
    open_declaration,
    renew_declaration,
)
from tasuki.consent.places import places_of_today
from tasuki.consent.stored_declarations import stored_declarations
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole, DataClass
from tasuki.shared.access.records import NOBODY, Method, NewVersion
from tasuki.shared.access.refusals import forbidden, out_of_scope
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.forms import json_form
from tasuki.shared.rest.service import CallerDep, ServiceDep
from tasuki.shared.text import municipality

if TYPE_CHECKING:
    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import Stored, Unit
    from tasuki.shared.access.rulings import Caller

ROUTES = APIRouter(prefix="/declarations")
SCOPE = "tasuki/declare"
DEFAULT_LENGTH = timedelta(days=7)


class Draft(BaseModel):
    """What an officer fills in."""

    model_config = ConfigDict(extra="forbid")

    areas: list[Annotated[str, Field(max_length=6)]] = Field(min_length=1, max_length=2_000)
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    roles: frozenset[ActorRole] = frozenset({ActorRole.NURSE, ActorRole.CLINICIAN})
    classes: frozenset[DataClass] = EMERGENCY_CLASSES
    authority: str = Field(min_length=1, max_length=200)
    legal_basis: str = Field(min_length=1, max_length=500)
    drill: bool = False


class Renewal(BaseModel):
    """Until when a declaration is renewed."""

    model_config = ConfigDict(extra="forbid")

    end: AwareDatetime


@ROUTES.get("")
async def declared(service: ServiceDep, caller: CallerDep) -> Response:
    """Return the newest version of every declaration; for officers and services."""
    scopes = caller.principal.scopes
    if not (scopes.has(SCOPE) or scopes.has("tasuki/feed")):
        raise out_of_scope(SCOPE)
    async with service.store.unit() as unit:
        documents = await stored_declarations(unit)
    return _json({"declarations": documents})


@ROUTES.post("")
async def declare(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Open a declaration."""
    role = _officer(caller)
    draft = await json_form(request, Draft)
    places = places_of_today(draft.areas)
    now = service.clock.now()
    start = draft.start or now
    made = open_declaration(
        Declaration(
            id=service.ids.new(),
            version=1,
            areas=places.areas,
            start=start,
            end=draft.end or start + DEFAULT_LENGTH,
            roles=draft.roles,
            classes=draft.classes,
            authority=draft.authority,
            legal_basis=draft.legal_basis,
            drill=draft.drill,
            opened_by=caller.principal.subject,
            recorded_at=now,
        ),
        by_role=role,
        known=lambda code: municipality(code) is not None,
    )
    async with service.store.unit() as unit:
        await _write(unit, made, request.app.state.desk, caller)
    told = {"replaced": dict(places.replaced)} if places.replaced else {}
    return _json(write_declaration(made) | told, status=201)


@ROUTES.post("/{id_}/renew")
async def renew(id_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Let a declaration end later, seven days from now at most."""
    role = _officer(caller)
    renewal = await json_form(request, Renewal)
    async with service.store.unit() as unit:
        current = await _current(unit, id_)
        made = renew_declaration(
            current,
            end=renewal.end,
            at=service.clock.now(),
            by=caller.principal.subject,
            by_role=role,
        )
        await _write(unit, made, request.app.state.desk, caller)
    return _json(write_declaration(made))


@ROUTES.post("/{id_}/close")
async def close(id_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """End a declaration now."""
    role = _officer(caller)
    async with service.store.unit() as unit:
        current = await _current(unit, id_)
        made = close_declaration(
            current, at=service.clock.now(), by=caller.principal.subject, by_role=role
        )
        await _write(unit, made, request.app.state.desk, caller)
    return _json(write_declaration(made))


def _officer(caller: Caller) -> ActorRole:
    if not caller.principal.scopes.has(SCOPE):
        raise out_of_scope(SCOPE)
    try:
        return ActorRole(caller.principal.role.value)
    except ValueError:
        raise forbidden("role-may-not-declare") from None


async def _current(unit: Unit, id_: str) -> Declaration:
    head: Stored | None = await unit.head_for_update("Declaration", id_)
    if head is None or head.body is None:
        raise Fault(Category.NOT_FOUND, "no such declaration")
    return read_declaration(json.loads(head.body))


async def _write(unit: Unit, made: Declaration, desk: Desk, caller: Caller) -> None:
    await unit.write(
        [
            NewVersion(
                type="Declaration",
                id=made.id,
                owner=NOBODY,
                expected=made.version - 1,
                at=made.recorded_at,
                method=Method.POST if made.version == 1 else Method.PUT,
                body=render(write_declaration(made)),
            )
        ]
    )
    await unit.record(
        [
            desk.entry(
                caller,
                Action.DECLARE,
                Outcome.PERMITTED,
                f"declaration/{made.id}/{made.version}",
            )
        ]
    )


def _json(body: dict[str, object], *, status: int = 200) -> Response:
    return Response(
        content=render(body), status_code=status, media_type="application/json", headers=NO_STORE
    )
