"""The clinician's pages: find a patient here, and read the summary of every region.

What is searched for is posted, so that no name stands in an address or a log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from tasuki.ehr.hearing import heard
from tasuki.ehr.pages.asked import FIELDS, Unanswerable, read_asked
from tasuki.ehr.pages.clinician import ClinicianDep
from tasuki.ehr.pages.overriding import bar_of, own_override
from tasuki.ehr.pages.screen import screen_of, with_era
from tasuki.ehr.summary import document
from tasuki.shared.access.people import FoundPeople
from tasuki.shared.access.purposes import CARE
from tasuki.shared.access.refusals import Refused
from tasuki.shared.clinical.ages import ago
from tasuki.shared.clinical.disclosure import Audience
from tasuki.shared.clinical.person import read_person
from tasuki.shared.clock import today_in_japan
from tasuki.shared.faults import Category
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.rest.service import ServiceDep, under_override
from tasuki.shared.web.session import CheckedForm, web_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.ehr.pages.asked import Asked
    from tasuki.ehr.pages.overriding import Bar
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clinical.sources import SourceRecords
    from tasuki.shared.rest.service import FhirService
    from tasuki.shared.web.words import Language

ROUTES = APIRouter()
MOST = 10  # candidates shown; above, only their number
STALE = "consent-snapshot-stale"


@ROUTES.get("/")
async def find(request: Request, _: ClinicianDep) -> Response:
    """Return the empty form."""
    return _find_page(request, {})


@ROUTES.post("/")
async def found(
    request: Request, form: CheckedForm, caller: ClinicianDep, service: ServiceDep
) -> Response:
    """Return who fits, or what else is needed."""
    try:
        asked = read_asked(form, today=today_in_japan(service.clock))
    except Unanswerable as refusal:
        return _find_page(request, form, refusal=refusal)
    people = await _people(service, caller, asked)
    return _find_page(request, form, people=people)


@ROUTES.get("/patients/{id_}")
async def patient(
    id_: str, request: Request, caller: ClinicianDep, service: ServiceDep
) -> Response:
    """Return the summary of every region, or why it is not shown, in plain words.

    While an emergency override of this clinician is open for this patient, it is read under it.
    """
    grant = await own_override(request, caller, service, id_)
    if grant is not None:
        caller = under_override(caller, grant.id)
    bar = bar_of(grant, service.clock.now())
    may = caller.principal.purpose in CARE
    try:
        sources = await heard(service, request.app.state.elsewhere, caller, id_)
    except Refused as refusal:
        return _refused(request, refusal, id_=id_ if may else "", bar=bar)
    screen = screen_of(sources, now=service.clock.now(), language=_language(request))
    return web_of(request).pages.render(
        request, "patient.html", id=id_, screen=screen, ago=ago, bar=bar, may_override=may
    )


@ROUTES.get("/patients/{id_}/ips.json")
async def ips(id_: str, request: Request, caller: ClinicianDep, service: ServiceDep) -> Response:
    """Return the International Patient Summary as a file, fit to be handed on."""
    try:
        sources: list[SourceRecords] = await heard(
            service, request.app.state.elsewhere, caller, id_
        )
    except Refused as refusal:
        return _refused(request, refusal)
    made = fhir(document(service, sources, _language(request), Audience.PERSON))
    day = today_in_japan(service.clock).isoformat()
    made.headers["Content-Disposition"] = f'attachment; filename="patient-summary-{day}.json"'
    return made


async def _people(service: FhirService, caller: Caller, asked: Asked) -> FoundPeople:
    async with service.gate.enter(caller) as records:
        if asked.keys:
            return await records.find_people(asked.keys, most=MOST, query=asked.query)
        pairs = [("identifier", ",".join(asked.numbers))]
        query = parse_query("Patient", pairs, strict=True, base=service.base_url)
        matches = await records.search(query)
    shown = tuple(matches) if len(matches) <= MOST else ()
    return FoundPeople(shown, len(matches))


def _find_page(
    request: Request,
    form: Mapping[str, str],
    *,
    people: FoundPeople | None = None,
    refusal: Unanswerable | None = None,
) -> Response:
    language = _language(request)
    rows = []
    for one in people.people if people else ():
        person = read_person(one.resource)
        rows.append((one.stored.id, person, with_era(person.birth_date, language)))
    return web_of(request).pages.render(
        request,
        "find.html",
        status=200 if refusal is None else STATUS[refusal.category],
        form={
            field: "" if _must_not_show(field, refusal) else form.get(field, "") for field in FIELDS
        },
        count=None if people is None else people.count,
        rows=rows,
        refusal=refusal,
    )


def _must_not_show(field: str, refusal: Unanswerable | None) -> bool:
    """Return whether a field may hold an Individual Number."""
    return refusal is not None and refusal.key == "my-number" and refusal.field == field


def _refused(
    request: Request, refusal: Refused, *, id_: str = "", bar: Bar | None = None
) -> Response:
    """Return why; for a patient (`id_`) whose override may be opened, with the way to it."""
    is_stale = refusal.basis == STALE
    key = "stale" if is_stale else refusal.category.value
    status = STATUS[Category.UNAVAILABLE if is_stale else refusal.category]
    offer = id_ if key == Category.FORBIDDEN.value else ""
    return web_of(request).pages.render(
        request, "refused.html", status=status, reason=key, id=id_, offer=offer, bar=bar
    )


def _language(request: Request) -> Language:
    return web_of(request).pages.words(request).language
