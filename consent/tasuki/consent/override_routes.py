"""`/overrides`: a clinician opens an emergency override of one person and ends it; a colleague agrees.

The person's own doors are in `told_routes`, the privacy officer's in `review`.
https://terminology.hl7.org/CodeSystem-v3-ActReason.html (BTG)
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import httpx2
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tasuki.consent.decision.request import BREAK_GLASS_LIMIT, BreakGlassReason
from tasuki.consent.overrides import override as rules
from tasuki.consent.overrides.override import MOST_TEXT, Delay, Override, SafetyGround
from tasuki.shared.access.principal import Role
from tasuki.shared.access.purposes import CARE
from tasuki.shared.access.refusals import forbidden, out_of_scope
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse, render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.forms import json_form
from tasuki.shared.rest.service import CallerDep, ServiceDep
from tasuki.shared.web.session import SEE_OTHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.consent.overrides.book import Book
    from tasuki.consent.settings import Holder
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.neighbours import Neighbours
    from tasuki.shared.rest.service import FhirService

ROUTES = APIRouter(prefix="/overrides")
SCOPE = "tasuki/override"
LONGEST = int(BREAK_GLASS_LIMIT.total_seconds()) // 60  # minutes
LONGEST_DELAY = int(rules.LONGEST_DELAY.total_seconds()) // 3_600  # hours
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_TEXT)]


class Putting(BaseModel):
    """Why, and for how long, the person is not told at once."""

    model_config = ConfigDict(extra="forbid")

    ground: SafetyGround
    text: Text
    hours: int = Field(ge=1, le=LONGEST_DELAY)


class Draft(BaseModel):
    """What a clinician fills in.

    Attributes:
        holder: Code of the region in whose records the person was chosen.
        patient: The person's id there.
    """

    model_config = ConfigDict(extra="forbid")

    holder: str = Field(min_length=1, max_length=64)
    patient: str = Field(pattern=r"^[A-Za-z0-9.-]{1,64}$")
    reason: BreakGlassReason
    text: Text
    minutes: int = Field(LONGEST, ge=1, le=LONGEST)
    delay: Putting | None = None


class Agreement(BaseModel):
    """A colleague's yes to restricted records."""

    model_config = ConfigDict(extra="forbid")

    restricted: bool


@ROUTES.get("")
async def door(request: Request) -> Response:
    """Lead to the privacy officer's pages, whose door has a slash."""
    return RedirectResponse(f"{request.url.path}/", SEE_OTHER)


@ROUTES.post("")
async def open_one(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Open an override of one person."""
    await _require(service, caller)
    draft = await json_form(request, Draft)
    principal = caller.principal
    if principal.patient not in {None, f"Patient/{draft.patient}"}:
        raise Fault(Category.FORBIDDEN, "the token is bound to another patient", at=("patient",))
    id_ = service.ids.new()
    tokens = await _tokens(request, draft, id_)
    now = service.clock.now()
    end = now + timedelta(minutes=draft.minutes)

    def made(person: str) -> Override:
        return rules.checked(
            Override(
                id=id_,
                version=1,
                person=person,
                holder=draft.holder,
                patient=draft.patient,
                subject=principal.subject,
                display=principal.display or "",
                organization=principal.organization,
                region=principal.region,
                reason=draft.reason,
                text=draft.text,
                opened_at=now,
                ends_at=end,
                delay=None
                if draft.delay is None
                else Delay(
                    ground=draft.delay.ground,
                    text=draft.delay.text,
                    until=now + timedelta(hours=draft.delay.hours),
                ),
            )
        )

    return _json(staff_form(await _book(request).open(caller, tokens, made)), status=201)


@ROUTES.get("/waiting/{code}")
async def waiting(code: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the open override of this code, which one colleague reads out to another."""
    await _require(service, caller)
    now = service.clock.now()
    found = [
        one
        for one in (await _book(request).ledger.caught_up()).values()
        if one.code == code.strip().upper()
        and one.open_at(now)
        and one.region is not None
        and one.region == caller.principal.region
    ]
    if len(found) != 1:
        raise Fault(Category.NOT_FOUND, "no open override of your region has this code")
    return _json(staff_form(found[0]))


@ROUTES.post("/{id_}/agree")
async def agree(id_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Agree, as a second person, that restricted records are opened too."""
    await _require(service, caller)
    agreement = await json_form(request, Agreement)
    if not agreement.restricted:
        raise Fault(Category.INVALID, "there is nothing else to agree to", at=("restricted",))
    principal, now = caller.principal, service.clock.now()

    def taken(override: Override) -> Override:
        return rules.agreed(override, by=principal.subject, region=principal.region, at=now)

    return _json(staff_form(await _book(request).step(caller, id_, Action.OVERRIDE, taken)))


@ROUTES.post("/{id_}/stop")
async def stop(id_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """End an override before its time; once it is over, nothing changes."""
    await _require(service, caller)
    by, now = caller.principal.subject, service.clock.now()

    def taken(override: Override) -> Override:
        return rules.stopped(override, by=by, at=now)

    return _json(staff_form(await _book(request).step(caller, id_, Action.OVERRIDE_END, taken)))


def staff_form(override: Override) -> dict[str, object]:
    """Return what colleagues are told: nothing of who the person is."""
    told: dict[str, object] = {
        "id": override.id,
        "code": override.code,
        "by": override.display,
        "reason": override.reason.value,
        "text": override.text,
        "opened_at": override.opened_at.isoformat(),
        "ends_at": override.ends_at.isoformat(),
        "restricted": override.second is not None,
    }
    if override.stopped_at is not None:
        told["stopped_at"] = override.stopped_at.isoformat()
    return told


async def _require(service: FhirService, caller: Caller) -> None:
    """Refuse who is no clinician in care, with an audit leaf."""
    principal = caller.principal
    async with service.gate.enter(caller):
        if not principal.scopes.has(SCOPE):
            raise out_of_scope(SCOPE)
        if principal.role is not Role.CLINICIAN or principal.purpose not in CARE:
            raise forbidden("role-may-not-override")


async def _tokens(request: Request, draft: Draft, id_: str) -> Sequence[str]:
    """Return the network tokens the region knows the person by.

    The region's log has the override's id for this request, so that it is told with the override.

    Raises:
        Fault: NOT_FOUND, UNAVAILABLE; NOT_SUPPORTED for a person whom nothing links, and whom
            therefore no Consent and no override can be about.
    """
    near: Neighbours = request.app.state.near
    holders: Sequence[Holder] = request.app.state.holders
    base = next((one.base_url for one in holders if one.name == f"ehr/{draft.holder}"), None)
    if base is None:
        raise Fault(Category.STRUCTURE, "no such region", at=("holder",))
    try:
        token = await near.tokens.client_credentials("system/Patient.rs", base, "HOPERAT")
        answer = await near.http.get(
            f"{base}/Patient/{draft.patient}/$network-tokens",
            headers={"Authorization": f"Bearer {token}", "X-Request-ID": id_},
        )
    except (httpx2.HTTPError, OSError) as error:
        raise Fault(Category.UNAVAILABLE, "the region does not answer") from error
    if answer.status_code in (httpx2.codes.NOT_FOUND, httpx2.codes.GONE):
        raise Fault(Category.NOT_FOUND, "no such patient in this region", at=("patient",))
    if answer.status_code != httpx2.codes.OK:
        raise Fault(Category.UNAVAILABLE, "the region does not answer")
    tokens = tuple(sorted(str(one) for one in parse(answer.content)["tokens"]))
    if not tokens:
        raise Fault(
            Category.NOT_SUPPORTED,
            "this record lacks the identity by which consents and overrides find a person",
        )
    return tokens


def _book(request: Request) -> Book:
    book: Book = request.app.state.overrides
    return book


def _json(body: dict[str, object], *, status: int = 200) -> Response:
    return Response(
        content=render(body), status_code=status, media_type="application/json", headers=NO_STORE
    )
