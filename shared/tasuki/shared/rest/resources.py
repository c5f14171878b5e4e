"""read and vread.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.records import Stored
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.primitives import is_id
from tasuki.shared.rest.answers import not_modified, versioned
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.conditions import unchanged
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

READ_ROUTES = APIRouter()


def require_type(service: FhirService, type_: str) -> None:
    """Refuse a resource type that is not served here."""
    if type_ not in service.types:
        raise Fault(Category.NOT_FOUND, "this server has no such resource type")


def require_place(service: FhirService, type_: str, id_: str) -> None:
    """Refuse a resource type that is not served here, and what cannot be an id."""
    require_type(service, type_)
    if not is_id(id_):
        raise Fault(Category.NOT_FOUND, "no such resource")


@READ_ROUTES.get("/{type_}/{id_}")
async def read(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return the current version of a resource."""
    require_place(service, type_, id_)
    require_acceptable(request)
    async with service.gate.enter(caller) as records:
        found = await records.read(type_, id_)
    return _answer(found, request)


@READ_ROUTES.get("/{type_}/{id_}/_history/{version}")
async def vread(
    type_: str,
    id_: str,
    version: str,
    request: Request,
    service: ServiceDep,
    caller: CallerDep,
) -> Response:
    """Return one version of a resource."""
    require_place(service, type_, id_)
    require_acceptable(request)
    if not version.isdecimal() or len(version) > 9:  # noqa: PLR2004 - fits a 32-bit integer
        raise Fault(Category.NOT_FOUND, "no such resource")
    async with service.gate.enter(caller) as records:
        found = await records.vread(type_, id_, int(version))
    return _answer(found, request)


def _answer(found: Stored, request: Request) -> Response:
    headers = request.headers
    if unchanged(found, headers.get("if-none-match"), headers.get("if-modified-since")):
        return not_modified(found)
    return versioned(found)
