"""The clinician's pages for an emergency override: open one, end it, agree to a colleague's.

What is shown of a patient is never decided here: the gates of every region do that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from tasuki.ehr.pages.asked import Unanswerable, read_asked
from tasuki.ehr.pages.clinician import ClinicianDep
from tasuki.ehr.pages.overriding import (
    GROUNDS,
    HOURS,
    MINUTES,
    REASONS,
    draft_of,
    overriding_of,
)
from tasuki.shared.access.purposes import CARE
from tasuki.shared.access.refusals import Refused
from tasuki.shared.clinical.person import read_person
from tasuki.shared.clock import today_in_japan
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.rest.service import ServiceDep
from tasuki.shared.web.session import SEE_OTHER, CheckedForm, web_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.service import FhirService

ROUTES = APIRouter()
FIELDS = (
    *("name", "birth", "sex", "reason", "text", "minutes"),
    *("ground", "delay_text", "hours"),
)
# Of the consent service: what is said to the clinician, not shown as a fault page.
SAID = {
    Category.CONFLICT: "open-already",
    Category.TOO_MANY: "too-many",
    Category.NOT_SUPPORTED: "unlinked",
    Category.NOT_FOUND: "not-found",
    Category.UNAVAILABLE: "no-answer",
    Category.FORBIDDEN: "forbidden",
}


@ROUTES.get("/patients/{id_}/override")
async def ask(id_: str, request: Request, caller: ClinicianDep, service: ServiceDep) -> Response:
    """Show the form for one patient."""
    _in_care(caller)
    name = await _name(service, caller, id_)
    return _form(request, {}, id_=id_, name=name)


@ROUTES.post("/patients/{id_}/override")
async def begin(
    id_: str, request: Request, form: CheckedForm, caller: ClinicianDep, service: ServiceDep
) -> Response:
    """Open an override of this patient, and go on to the summary."""
    _in_care(caller)
    draft = draft_of(form)
    if isinstance(draft, dict):
        said = await _opened(request, service, caller, id_, draft)
        if said is None:
            return _to_patient(request, id_)
        draft = said
    name = await _name(service, caller, id_)
    return _form(request, form, id_=id_, name=name, wrong=draft)


@ROUTES.post("/patients/{id_}/override/stop")
async def end(
    id_: str, request: Request, _: CheckedForm, caller: ClinicianDep, service: ServiceDep
) -> Response:
    """End the override of this patient."""
    await overriding_of(request).stop(service.store, caller, id_)
    return _to_patient(request, id_)


@ROUTES.get("/override")
async def ask_for_hidden(request: Request, caller: ClinicianDep) -> Response:
    """Show the form for somebody whose record everyday care does not even show to be there."""
    _in_care(caller)
    return _form(request, {})


@ROUTES.post("/override")
async def begin_for_hidden(
    request: Request, form: CheckedForm, caller: ClinicianDep, service: ServiceDep
) -> Response:
    """Open an override of the one person with this name and birth date.

    That there is such a person is told by opening it alone, which they are told of.
    """
    _in_care(caller)
    try:
        asked = read_asked({**form, "number": ""}, today=today_in_japan(service.clock))
    except Unanswerable as refusal:
        return _form(request, form, refusal=refusal)
    draft = draft_of(form)
    if isinstance(draft, str):
        return _form(request, form, wrong=draft)
    async with service.gate.enter(caller) as records:
        id_ = await records.sought_for_override(asked.keys, query=asked.query)
    if id_ is None:
        return _form(request, form, wrong="nobody")
    said = await _opened(request, service, caller, id_, draft)
    return _to_patient(request, id_) if said is None else _form(request, form, wrong=said)


@ROUTES.get("/override/second")
async def ask_second(request: Request, caller: ClinicianDep) -> Response:
    """Ask a second person for the code that a colleague reads out."""
    _in_care(caller)
    return _second(request)


@ROUTES.post("/override/second")
async def second(request: Request, form: CheckedForm, caller: ClinicianDep) -> Response:
    """Show what a colleague asks agreement to; with `id`, agree to it."""
    _in_care(caller)
    try:
        if form.get("id"):
            await overriding_of(request).agree(caller, form["id"])
            return _second(request, done=True)
        code = form.get("code", "")
        if not code.isalnum():
            return _second(request, wrong="not-found")
        return _second(request, waiting=await overriding_of(request).waiting(caller, code))
    except Fault as fault:
        if fault.category not in SAID:
            raise
        return _second(request, wrong=SAID[fault.category])


async def _opened(
    request: Request,
    service: FhirService,
    caller: Caller,
    id_: str,
    draft: Mapping[str, object],
) -> str | None:
    """Open it; return the key of the words on why not, or None where it is open."""
    try:
        await overriding_of(request).open(service.store, caller, id_, draft)
    except Fault as fault:
        if fault.category not in SAID:
            raise
        return SAID[fault.category]
    return None


async def _name(service: FhirService, caller: Caller, id_: str) -> str:
    """Return the patient's name, if everyday care shows it."""
    try:
        async with service.gate.enter(caller) as records:
            found = await records.read("Patient", id_)
    except Refused:
        return ""
    person = read_person(parse_resource(found.body or b""))
    return person.name or person.kana


def _in_care(caller: Caller) -> None:
    if caller.principal.purpose not in CARE:
        raise Fault(Category.FORBIDDEN, "An override is for treatment: sign in for that purpose.")


def _to_patient(request: Request, id_: str) -> Response:
    return RedirectResponse(f"{web_of(request).pages.base}/patients/{id_}", SEE_OTHER)


def _form(
    request: Request,
    form: Mapping[str, str],
    *,
    id_: str = "",
    name: str = "",
    wrong: str = "",
    refusal: Unanswerable | None = None,
) -> Response:
    hidden = {"name"} if refusal is not None and refusal.key == "my-number" else set()
    return web_of(request).pages.render(
        request,
        "override.html",
        status=STATUS[Category.STRUCTURE] if wrong or refusal else 200,
        id=id_,
        name=name,
        form={field: "" if field in hidden else form.get(field, "") for field in FIELDS},
        wrong=wrong,
        refusal=refusal,
        reasons=REASONS,
        grounds=GROUNDS,
        minutes=MINUTES,
        hours=HOURS,
    )


def _second(
    request: Request,
    *,
    waiting: Mapping[str, Any] | None = None,
    wrong: str = "",
    done: bool = False,
) -> Response:
    status = STATUS[Category.STRUCTURE] if wrong else 200
    return web_of(request).pages.render(
        request, "second.html", status=status, waiting=waiting, wrong=wrong, done=done
    )
