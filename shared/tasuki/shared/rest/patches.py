"""patch, by id and on a condition, as JSON Patch or FHIRPath Patch.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_array, parse_resource
from tasuki.shared.fhir.patch import fhirpath_patch, json_patch
from tasuki.shared.rest.answers import changed
from tasuki.shared.rest.bodies import (
    JSON_TYPES,
    bounded_body,
    made_relative,
    require_acceptable,
    require_media_type,
    require_valid,
)
from tasuki.shared.rest.conditions import criteria, refuse_none_match, version_in
from tasuki.shared.rest.pairs import asked_text
from tasuki.shared.rest.prefer import wanted
from tasuki.shared.rest.resources import require_place, require_type
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()

JSON_PATCH = "application/json-patch+json"
FORMATS = frozenset({JSON_PATCH, *JSON_TYPES})


@ROUTES.patch("/{type_}/{id_}")
async def patch(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Write the version that a patch makes of the newest one."""
    require_place(service, type_, id_)
    if_match = _precondition(request)
    change = await _change(request, service)
    async with service.gate.enter(caller) as records:
        made = await records.patch(type_, id_, change, if_match=if_match)
    return changed(made, wanted(request), base=service.base_url)


@ROUTES.patch("/{type_}")
async def patch_where(
    type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Patch the one resource that matches."""
    require_type(service, type_)
    if_match = _precondition(request)
    query = criteria(type_, asked_text(request), service.base_url)
    change = await _change(request, service)
    async with service.gate.enter(caller) as records:
        made = await records.patch_where(query, change, if_match=if_match)
    return changed(made, wanted(request), base=service.base_url)


def patching(service: FhirService, document: Any) -> Callable[[Resource], Resource]:
    """Return what a patch does to a resource: a list is a JSON Patch, else it is Parameters.

    What it returns is a valid resource, or it raises the fault STRUCTURE.
    """

    def change(resource: Resource) -> Resource:
        if isinstance(document, list):
            patched = json_patch(resource, document)
        else:
            patched = fhirpath_patch(resource, document)
        patched = made_relative(patched, service.base_url)
        require_valid(patched, service.binding_checks)
        return patched

    return change


def patch_in_bundle(resource: Resource) -> Any:
    """Return the patch document of an entry: Parameters, or the JSON Patch in a Binary.

    Raises:
        Fault: INVALID, MEDIA_TYPE.
    """
    if resource.get("resourceType") != "Binary":
        return resource
    if str(resource.get("contentType")).partition(";")[0].strip() != JSON_PATCH:
        raise Fault(
            Category.MEDIA_TYPE, f"a patch in a Binary is {JSON_PATCH}", at=("contentType",)
        )
    try:
        document = binascii.a2b_base64(str(resource.get("data", "")).encode("ascii"))
    except ValueError as error:
        raise Fault(Category.INVALID, "a Binary has its data in base64", at=("data",)) from error
    return parse_array(document)


def _precondition(request: Request) -> int | None:
    require_acceptable(request)
    refuse_none_match(request.headers)
    return version_in(request.headers.get("if-match"))


async def _change(request: Request, service: FhirService) -> Callable[[Resource], Resource]:
    require_media_type(request, FORMATS)
    body = await bounded_body(request, service.max_body)
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return patching(service, parse_array(body) if given == JSON_PATCH else parse_resource(body))
