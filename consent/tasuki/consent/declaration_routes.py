"""`/declarations`: a person in authority opens, renews and closes a disaster declaration.

A feed may propose one; only an officer opens it (Disaster Relief Act, per municipality).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from tasuki.consent.declaring import SCOPE, Declaring, Draft, officer
from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.forms import json_form
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUTES = APIRouter(prefix="/declarations")
KEY_ROUTES = APIRouter()
KEYS_SECONDS = 300  # how long a cache may keep the public keys


class Renewal(BaseModel):
    """Until when a declaration is renewed."""

    model_config = ConfigDict(extra="forbid")

    end: AwareDatetime


def declaring_of(request: Request) -> Declaring:
    """Return what the app declares with."""
    declaring: Declaring = request.app.state.declaring
    return declaring


DeclaringDep = Annotated[Declaring, Depends(declaring_of)]


@ROUTES.get("")
async def declared(service: ServiceDep, declaring: DeclaringDep, caller: CallerDep) -> Response:
    """Return the newest version of every declaration; for officers and services."""
    scopes = caller.principal.scopes
    if not (scopes.has(SCOPE) or scopes.has("tasuki/feed")):
        raise out_of_scope(SCOPE)
    async with service.store.unit() as unit:
        held = await declaring.held(unit)
    return _json({"declarations": [one.written() for one in held]})


@ROUTES.post("")
async def declare(request: Request, declaring: DeclaringDep, caller: CallerDep) -> Response:
    """Open a declaration."""
    officer(caller)
    made, places = await declaring.open(caller, await json_form(request, Draft))
    told = {"replaced": dict(places.replaced)} if places.replaced else {}
    return _json(made.written() | told, status=201)


@ROUTES.post("/{id_}/renew")
async def renew(id_: str, request: Request, declaring: DeclaringDep, caller: CallerDep) -> Response:
    """Let a declaration end later, seven days from now at most."""
    officer(caller)
    renewal = await json_form(request, Renewal)
    return _json((await declaring.renew(caller, id_, renewal.end)).written())


@ROUTES.post("/{id_}/close")
async def close(id_: str, declaring: DeclaringDep, caller: CallerDep) -> Response:
    """End a declaration now."""
    return _json((await declaring.close(caller, id_)).written())


@KEY_ROUTES.get("/.well-known/declaration-keys")
async def declaration_keys(declaring: DeclaringDep) -> Response:
    """Return the public keys that declarations are signed with, newest first."""
    keys = {"keys": []} if declaring.keys is None else declaring.keys.published()
    headers = {"Cache-Control": f"public, max-age={KEYS_SECONDS}"}
    return Response(content=render(keys), media_type="application/json", headers=headers)


def _json(body: Mapping[str, object], *, status: int = 200) -> Response:
    return Response(
        content=render(body), status_code=status, media_type="application/json", headers=NO_STORE
    )
