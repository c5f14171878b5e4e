"""create, update and delete, also on a condition.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.characters import private_use_paths
from tasuki.shared.fhir.json import Resource
from tasuki.shared.rest.answers import changed, removed
from tasuki.shared.rest.bodies import (
    made_relative,
    require_acceptable,
    require_valid,
    resource_body,
)
from tasuki.shared.rest.conditions import criteria, header_criteria, refuse_none_match, version_in
from tasuki.shared.rest.pairs import asked_pairs, asked_text
from tasuki.shared.rest.prefer import wanted
from tasuki.shared.rest.resources import require_place, require_type
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

WARNED_PLACES = 10

ROUTES = APIRouter()


def with_warning(answer: Response, resource: Resource) -> Response:
    """Say in a header where characters were kept that only their sender can show (gaiji).

    Refusing them would hide an allergy; keeping them unsaid would hide that nobody can read it.
    """
    places = private_use_paths(resource)
    if places:
        shown = ", ".join(places[:WARNED_PLACES])
        answer.headers["Warning"] = f'199 - "private use characters were kept: {shown}"'
    return answer


async def _body(request: Request, service: FhirService, type_: str) -> Resource:
    """Return the valid resource of a request, with its references as they are kept."""
    resource = await resource_body(request, service.max_body)
    if resource["resourceType"] != type_:
        raise Fault(Category.INVALID, f"the body is not a {type_}", at=("resourceType",))
    require_valid(resource, service.binding_checks)
    return made_relative(resource, service.base_url)


def _require_plain_address(request: Request) -> None:
    """Refuse criteria in the address of a create, where they would be ignored and make doubles."""
    if any(name not in ("_format", "_pretty") for name, _ in asked_pairs(request)):
        raise Fault(Category.INVALID, "criteria of a create go into the header If-None-Exist")


@ROUTES.post("/{type_}")
async def create(type_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Write a new resource under an id the server assigns; with If-None-Exist, unless one matches."""
    require_type(service, type_)
    require_acceptable(request)
    _require_plain_address(request)
    query = header_criteria(type_, request.headers.get("if-none-exist"), service.base_url)
    resource = await _body(request, service, type_)
    is_new = True
    async with service.gate.enter(caller) as records:
        if query is None:
            made = await records.create(resource)
        else:
            made, is_new = await records.create_unless(query, resource)
    status = 201 if is_new else 200
    answer = changed(made, wanted(request), status=status, base=service.base_url)
    return with_warning(answer, resource) if is_new else answer


@ROUTES.put("/{type_}/{id_}")
async def update(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Write a further version of a resource."""
    require_place(service, type_, id_)
    require_acceptable(request)
    refuse_none_match(request.headers)
    if_match = version_in(request.headers.get("if-match"))
    resource = await _body(request, service, type_)
    if resource.get("id") != id_:
        raise Fault(Category.INVALID, "the id in the body is not the id in the path", at=("id",))
    async with service.gate.enter(caller) as records:
        made = await records.update(id_, resource, if_match=if_match)
    return with_warning(changed(made, wanted(request), base=service.base_url), resource)


@ROUTES.put("/{type_}")
async def update_where(
    type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Write a further version of the one resource that matches, else a new one."""
    require_type(service, type_)
    require_acceptable(request)
    refuse_none_match(request.headers)
    if_match = version_in(request.headers.get("if-match"))
    query = criteria(type_, asked_text(request), service.base_url)
    resource = await _body(request, service, type_)
    async with service.gate.enter(caller) as records:
        made, is_new = await records.update_where(query, resource, if_match=if_match)
    status = 201 if is_new else 200
    answer = changed(made, wanted(request), status=status, base=service.base_url)
    return with_warning(answer, resource)


@ROUTES.delete("/{type_}/{id_}")
async def delete(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Delete a resource; deleting what was deleted before succeeds too."""
    require_place(service, type_, id_)
    refuse_none_match(request.headers)
    if_match = version_in(request.headers.get("if-match"))
    async with service.gate.enter(caller) as records:
        gone = await records.delete(type_, id_, if_match=if_match)
    return removed(gone, wanted(request))


@ROUTES.delete("/{type_}")
async def delete_where(
    type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Delete the one resource that matches; where none does there is nothing to delete."""
    require_type(service, type_)
    refuse_none_match(request.headers)
    if_match = version_in(request.headers.get("if-match"))
    query = criteria(type_, asked_text(request), service.base_url)
    async with service.gate.enter(caller) as records:
        gone = await records.delete_where(query, if_match=if_match)
    return removed(gone, wanted(request))
