"""Home: what the resident wrote, two short forms, and taking an entry back.

All of it goes through the service's gate, as the resident. A form sent twice writes once: the id of
what it writes is made from the session and the form's own number.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from tasuki.phr.pages import allergy, blood_pressure
from tasuki.phr.pages.acting import signed_by
from tasuki.phr.pages.fields import Problem
from tasuki.phr.pages.log import TYPES, line_of, log_of
from tasuki.phr.pages.overrides import unread_of
from tasuki.phr.pages.resident import PersonDep, Resident, ResidentDep
from tasuki.shared.access.reading import Opened
from tasuki.shared.audit.shapes import Action
from tasuki.shared.clinical.fhirjson import children, string
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.rest.bodies import require_valid
from tasuki.shared.web.session import SEE_OTHER, CheckedForm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()
PER_PAGE: Final = 20
INVALID: Final = 422  # a page that says what to mend
_DONE: Final = frozenset({"written", "deleted"})
_NO_FORM: Final[Mapping[str, str]] = {}


@ROUTES.get("/")
async def home(resident: PersonDep, page: int = Query(1, ge=1, le=9_999)) -> Response:
    """Show the log, blood pressures a page at a time."""
    acting = resident.acting
    types = TYPES if acting is None else acting.types
    if acting is not None and acting.sees_person:
        types = (*types, "Patient")
    async with resident.service.gate.enter(resident.caller) as records:
        found = await records.compartment(resident.id, types, Action.READ) if types else []
    unread = await unread_of(resident) if acting is None else 0
    entries = [one for one in found if one.stored.type in TYPES]
    log = log_of(entries, resident.patient, resident.words)
    first = (page - 1) * PER_PAGE
    done = resident.request.query_params.get("done")
    return resident.page(
        "home.html",
        person=_name_of(found),
        unread=unread,
        log=log,
        readings=log.readings[first : first + PER_PAGE],
        page=page,
        more=first + PER_PAGE < len(log.readings),
        done=done if done in _DONE else None,
        **_form(resident, _NO_FORM, ()),
    )


@ROUTES.get("/blood-pressure")
async def blood_pressure_form(resident: PersonDep) -> Response:
    """Show the form for a blood pressure alone."""
    return resident.page("blood_pressure.html", **_form(resident, _NO_FORM, ()))


@ROUTES.post("/blood-pressure")
async def write_blood_pressure(resident: PersonDep, form: CheckedForm) -> Response:
    """Write a blood pressure, and the pulse with it where there is one."""
    reading = blood_pressure.read_reading(form, resident.service.clock.now())
    if isinstance(reading, tuple):
        page = _form(resident, form, reading)
        return resident.page("blood_pressure.html", status=INVALID, **page)
    made = blood_pressure.observations(reading, resident.patient)
    return await _written(resident, form, made)


@ROUTES.get("/allergy")
async def allergy_form(resident: PersonDep) -> Response:
    """Show the form for an allergy alone."""
    return resident.page("allergy.html", **_form(resident, _NO_FORM, ()))


@ROUTES.post("/allergy")
async def write_allergy(resident: PersonDep, form: CheckedForm) -> Response:
    """Write an allergy; where the words name known terms, ask first which one is meant."""
    statement = allergy.read_statement(form)
    if isinstance(statement, tuple):
        return resident.page("allergy.html", status=INVALID, **_form(resident, form, statement))
    term = None
    if statement.offers:
        chosen = allergy.chosen_term(statement, form.get("choice", ""))
        if isinstance(chosen, Problem):
            problems = (chosen,) if "asked" in form else ()
            page = _form(resident, form, problems)
            status = INVALID if problems else 200
            return resident.page(
                "allergy_term.html", status=status, offers=statement.offers, **page
            )
        term = chosen
    at = resident.service.clock.now()
    made = allergy.allergy_intolerance(statement, term, resident.patient, at)
    return await _written(resident, form, (made,))


@ROUTES.get("/entries/{type_}/{id_}/delete")
async def ask_delete(type_: str, id_: str, resident: ResidentDep) -> Response:
    """Show an entry and ask whether it shall go."""
    entry = await _own_entry(resident, type_, id_)
    line = line_of(entry, resident.patient, resident.words)
    return resident.page("delete.html", line=line)


@ROUTES.post("/entries/{type_}/{id_}/delete")
async def delete(type_: str, id_: str, resident: ResidentDep, form: CheckedForm) -> Response:
    """Delete an entry, if it is still the version that was shown."""
    version = form.get("version", "")
    if not version.isascii() or not version.isdecimal():
        raise Fault(Category.INVALID, "The form does not say which version was shown.")
    try:
        await _own_entry(resident, type_, id_)
    except Fault as fault:
        if fault.category is not Category.GONE:
            raise
        return _home(resident, "deleted")
    async with resident.service.gate.enter(resident.caller) as records:
        await records.delete(type_, id_, if_match=int(version[:9]))
    return _home(resident, "deleted")


async def _own_entry(resident: Resident, type_: str, id_: str) -> Opened:
    """Return an entry that the resident wrote.

    Raises:
        Fault: NOT_FOUND, GONE; FORBIDDEN for what somebody else wrote.
    """
    if type_ not in TYPES:
        raise Fault(Category.NOT_FOUND, "There is no such entry.")
    async with resident.service.gate.enter(resident.caller) as records:
        stored = await records.read(type_, id_)
    entry = Opened(stored, parse_resource(stored.body or b"{}"))
    if not line_of(entry, resident.patient, resident.words).own:
        raise Fault(Category.FORBIDDEN, "Somebody else wrote this entry.")
    return entry


async def _written(
    resident: Resident, form: Mapping[str, str], resources: Sequence[Resource]
) -> Response:
    if resident.acting is not None:
        resources = [signed_by(resident.acting, resource) for resource in resources]
    for resource in resources:
        require_valid(resource)
    try:
        async with resident.service.gate.enter(resident.caller) as records:
            for number, resource in enumerate(resources):
                await records.create(resource, id_=_id(resident, form, number))
    except Fault as fault:
        if fault.category is not Category.CONFLICT:
            raise
        # The same form was sent before, and what it said is written.
    return _home(resident, "written")


def _name_of(found: Sequence[Opened]) -> str:
    """Return the person's name, where it is among what may be seen."""
    names = (
        string(name, "text")
        for one in found
        if one.stored.type == "Patient"
        for name in children(one.resource, "name")
    )
    return next((name for name in names if name), "")


def _id(resident: Resident, form: Mapping[str, str], number: int) -> str:
    form = {**form, "entry": form.get("entry") or resident.service.ids.new()}
    # What was typed counts too: going back and writing something else is another entry.
    typed = sorted(pair for pair in form.items() if pair[0] != "csrf")
    named = json.dumps([resident.session.key, typed, number])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _form(
    resident: Resident, form: Mapping[str, str], problems: Sequence[Problem]
) -> dict[str, Any]:
    """Return what a page with a form needs: what was typed, what is wrong, its own number."""
    return {
        "typed": form,
        "problems": problems,
        "wrong": {one.field: one for one in reversed(problems)},
        "entry": form.get("entry") or resident.service.ids.new(),
        "bounds": blood_pressure,
        "choices": allergy,
    }


def _home(resident: Resident, done: str) -> Response:
    return RedirectResponse(resident.url(f"/?done={done}"), SEE_OTHER)
