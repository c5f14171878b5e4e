"""read, vread, history-instance, create, update, delete.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.characters import private_use_paths
from tasuki.shared.fhir.json import Resource
from tasuki.shared.fhir.primitives import is_id
from tasuki.shared.rest.answers import bundle, fhir, history_entry, version_in, versioned
from tasuki.shared.rest.bodies import (
    made_relative,
    require_acceptable,
    require_valid,
    resource_body,
)
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

WARNED_PLACES = 10

READ_ROUTES = APIRouter()
ROUTES = APIRouter()


def require_type(service: FhirService, type_: str) -> None:
    """Refuse a resource type that is not served here."""
    if type_ not in service.types:
        raise Fault(Category.NOT_FOUND, "this server has no such resource type")


def require_place(service: FhirService, type_: str, id_: str) -> None:
    """Refuse a resource type that is not served here, and what cannot be an id."""
    require_type(service, type_)
    if not is_id(id_):
        raise Fault(Category.NOT_FOUND, "no such resource")


def with_warning(answer: Response, resource: Resource) -> Response:
    """Say in a header where characters were kept that only their sender can show (gaiji).

    Refusing them would hide an allergy; keeping them unsaid would hide that nobody can read it.
    """
    places = private_use_paths(resource)
    if places:
        shown = ", ".join(places[:WARNED_PLACES])
        answer.headers["Warning"] = f'199 - "private use characters were kept: {shown}"'
    return answer


@READ_ROUTES.get("/{type_}/{id_}")
async def read(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return the current version of a resource."""
    require_place(service, type_, id_)
    require_acceptable(request)
    async with service.gate.enter(caller) as records:
        found = await records.read(type_, id_)
    return versioned(found)


@READ_ROUTES.get("/{type_}/{id_}/_history")
async def history(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return every version of a resource, newest first."""
    require_place(service, type_, id_)
    require_acceptable(request)
    async with service.gate.enter(caller) as records:
        versions = await records.history(type_, id_)
    entries = [history_entry(version, service.base_url) for version in versions]
    self_link = {"relation": "self", "url": f"{service.base_url}/{type_}/{id_}/_history"}
    return fhir(bundle("history", entries, total=len(entries), link=[self_link]))


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
    return versioned(found)


@ROUTES.post("/{type_}")
async def create(type_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Write a new resource under an id the server assigns."""
    require_type(service, type_)
    require_acceptable(request)
    resource = await resource_body(request, service.max_body)
    if resource["resourceType"] != type_:
        raise Fault(Category.INVALID, f"the body is not a {type_}", at=("resourceType",))
    require_valid(resource, service.binding_checks)
    async with service.gate.enter(caller) as records:
        made = await records.create(made_relative(resource, service.base_url))
    return with_warning(versioned(made, status=201, base=service.base_url), resource)


@ROUTES.put("/{type_}/{id_}")
async def update(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Write a further version of a resource."""
    require_place(service, type_, id_)
    require_acceptable(request)
    if_match = version_in(request.headers.get("if-match"))
    resource = await resource_body(request, service.max_body)
    if resource["resourceType"] != type_:
        raise Fault(Category.INVALID, f"the body is not a {type_}", at=("resourceType",))
    if resource.get("id") != id_:
        raise Fault(Category.INVALID, "the id in the body is not the id in the path", at=("id",))
    require_valid(resource, service.binding_checks)
    async with service.gate.enter(caller) as records:
        made = await records.update(
            id_, made_relative(resource, service.base_url), if_match=if_match
        )
    return with_warning(versioned(made, base=service.base_url), resource)


@ROUTES.delete("/{type_}/{id_}")
async def delete(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Delete a resource; deleting what was deleted before succeeds too."""
    require_place(service, type_, id_)
    if_match = version_in(request.headers.get("if-match"))
    async with service.gate.enter(caller) as records:
        gone = await records.delete(type_, id_, if_match=if_match)
    headers = {} if gone is None else {"ETag": f'W/"{gone.version}"'}
    return Response(status_code=204, headers=headers)


ROUTES.include_router(READ_ROUTES)
