"""`Patient/$everything`: one person's record here, as far as this caller may see it.

https://hl7.org/fhir/R4/patient-operation-everything.html
What is withheld by consent is named by type in an outcome entry, so that the answer is never
silently less; what is withheld by a label is not, since the label itself must not show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.principal import ONE_PERSONS
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import verbatim
from tasuki.shared.fhir.outcome import warning
from tasuki.shared.fhir.references import parse_reference, walk_references
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.everything.parameters import Asked, asked_of
from tasuki.shared.rest.resources import require_place
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.reading import Opened
    from tasuki.shared.access.records import Stored
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.access.whole import Part

ROUTES = APIRouter()


@ROUTES.get("/Patient/{id_}/$everything")
@ROUTES.post("/Patient/{id_}/$everything")
async def everything(
    id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return the Patient, the person's resources, and what they refer to."""
    require_place(service, "Patient", id_)
    return await _answer(id_, request, service, caller)


@ROUTES.get("/Patient/$everything")
@ROUTES.post("/Patient/$everything")
async def own_everything(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return a resident's own record, or that of whom a proxy acts for; all others name the patient."""
    principal = caller.principal
    if principal.role not in ONE_PERSONS or principal.patient is None:
        raise Fault(
            Category.NOT_SUPPORTED,
            "name the patient: Patient/{id}/$everything; for many people there is Patient/$export",
        )
    own = principal.patient.removeprefix("Patient/")
    return await _answer(own, request, service, caller)


async def _answer(id_: str, request: Request, service: FhirService, caller: Caller) -> Response:
    require_acceptable(request)
    asked = await asked_of(request, service, caller.principal.scopes)
    async with service.gate.enter(caller, still=True) as records:
        if asked.page is None:
            part = await records.whole_record(id_, asked.wanted)
        else:
            part = await records.more_of_record(id_, *asked.page)
        unreadable = await records.unreadable(id_)
    entries = [_entry(one, "match", service.base_url) for one in part.matches]
    entries += [_entry(one, "include", service.base_url) for one in part.around]
    entries += _notes(part, unreadable)
    links = _links(id_, asked, part, service.base_url)
    return fhir(bundle("searchset", entries, total=part.total, link=links))


def _entry(one: Stored, mode: str, base: str) -> dict[str, Any]:
    """Return an entry with the stored bytes as they are."""
    return {
        "fullUrl": f"{base}/{one.type}/{one.id}",
        "resource": verbatim(one.body or b""),
        "search": {"mode": mode},
    }


def _notes(part: Part, unreadable: int) -> list[dict[str, Any]]:
    notes = []
    if part.withheld:
        notes.append(f"withheld: {', '.join(sorted(part.withheld))}")
    if unreadable:
        notes.append(f"unreadable: {unreadable}")
    return [{"resource": warning(note), "search": {"mode": "outcome"}} for note in notes]


def _links(id_: str, asked: Asked, part: Part, base: str) -> list[dict[str, str]]:
    url = f"{base}/Patient/{id_}/$everything"
    links = [{"relation": "self", "url": f"{url}?{asked.query}" if asked.query else url}]
    if part.next is not None:
        pages, number = part.next
        links.append({"relation": "next", "url": f"{url}?_page={pages}.{number}"})
    return links


def referred(found: Sequence[Opened]) -> list[tuple[str, str]]:
    """Return the (type, id) these resources point to, each once."""
    targets: dict[tuple[str, str], None] = {}
    for one in found:
        for _, holder in walk_references(one.resource):
            reference = parse_reference(str(holder["reference"]))
            if reference is not None and reference.type and reference.id:
                targets[(reference.type, reference.id)] = None
    return list(targets)
