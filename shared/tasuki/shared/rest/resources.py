"""read and vread.

https://hl7.org/fhir/R4/http.html#read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.records import Stored
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.primitives import is_id
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.rest.answers import not_modified, versioned, versioned_part
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.conditions import unchanged
from tasuki.shared.rest.pairs import asked_pairs
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from tasuki.shared.fhir.search.results import Results

READ_ROUTES = APIRouter()

_PARTS = frozenset({"_summary", "_elements"})


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
    part = _part(request, service, type_)
    async with service.gate.enter(caller) as records:
        found = await records.read(type_, id_)
    return _answer(found, request, part)


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
    part = _part(request, service, type_)
    async with service.gate.enter(caller) as records:
        found = await records.vread(type_, id_, int(version))
    return _answer(found, request, part)


def _part(request: Request, service: FhirService, type_: str) -> Results | None:
    """Return which part of the resource is asked for; None for the whole."""
    if not request.scope["query_string"]:
        return None
    pairs = [pair for pair in asked_pairs(request) if pair[0] in _PARTS]
    part = parse_query(type_, pairs, strict=True, base=service.base_url).results
    if part.summary == "count":
        raise Fault(Category.INVALID, "_summary=count is for a search", at=("_summary",))
    return part


def _answer(found: Stored, request: Request, part: Results | None) -> Response:
    headers = request.headers
    if unchanged(found, headers.get("if-none-match"), headers.get("if-modified-since")):
        return not_modified(found)
    return versioned(found) if part is None else versioned_part(found, part)
