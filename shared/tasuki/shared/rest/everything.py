"""`Patient/{id}/$everything`: one person's record here, as far as this caller may see it.

https://hl7.org/fhir/R4/patient-operation-everything.html
What is withheld by consent is named by type in an outcome entry, so that the answer is never
silently less; what is withheld by a label is not, since the label itself must not show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Query, Request, Response

from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.outcome import warning
from tasuki.shared.fhir.references import parse_reference, walk_references
from tasuki.shared.fhir.types import SERVED_TYPES
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.resources import require_place
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.reading import Opened

ROUTES = APIRouter()


@ROUTES.get("/Patient/{id_}/$everything")
async def everything(
    id_: str,
    request: Request,
    service: ServiceDep,
    caller: CallerDep,
    types: str = Query("", alias="_type", max_length=1_000),
) -> Response:
    """Return the Patient, the person's resources, and the organisations they point to."""
    require_place(service, "Patient", id_)
    require_acceptable(request)
    wanted = [name for name in types.split(",") if name] or list(service.types)
    if any(name not in SERVED_TYPES for name in wanted):
        raise Fault(Category.INVALID, "_type names a resource type Tasuki does not know")
    # Of a type that is not kept here there is nothing, which is the truth.
    wanted = [name for name in wanted if name in service.types]
    if not types:
        wanted = [name for name in wanted if caller.principal.scopes.allows(name, "r")]
    async with service.gate.enter(caller) as records:
        found = await records.compartment(
            id_, list(dict.fromkeys(["Patient", *wanted])), Action.READ
        )
        around = await records.about_nobody(referred(found))
        withheld = await records.withheld(id_, list(dict.fromkeys(["Patient", *wanted])))
        unreadable = await records.unreadable(id_)
    entries: list[dict[str, object]] = [
        {
            "fullUrl": f"{service.base_url}/{one.stored.type}/{one.stored.id}",
            "resource": one.resource,
            "search": {"mode": "match" if one.stored.owner else "include"},
        }
        for one in (*found, *around)
    ]
    notes = []
    if withheld:
        notes.append(f"withheld: {', '.join(sorted(withheld))}")
    if unreadable:
        notes.append(f"unreadable: {unreadable}")
    entries.extend({"resource": warning(note), "search": {"mode": "outcome"}} for note in notes)
    return fhir(bundle("searchset", entries, total=len(found)))


def referred(found: Sequence[Opened]) -> list[tuple[str, str]]:
    """Return the (type, id) these resources point to, each once."""
    targets: dict[tuple[str, str], None] = {}
    for one in found:
        for _, holder in walk_references(one.resource):
            reference = parse_reference(str(holder["reference"]))
            if reference is not None and reference.type and reference.id:
                targets[(reference.type, reference.id)] = None
    return list(targets)
