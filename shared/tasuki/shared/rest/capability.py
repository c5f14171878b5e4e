"""`GET /metadata` and the SMART configuration: what this server really does, made from its routes.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.smart import smart_configuration
from tasuki.shared.fhir.json import render
from tasuki.shared.fhir.search import search_parameters
from tasuki.shared.rest import definitions
from tasuki.shared.rest.answers import NO_STORE, fhir
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.definitions import definition_url
from tasuki.shared.rest.offered import ANY, Offered, offered
from tasuki.shared.rest.service import ServiceDep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.routing import BaseRoute

    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()
ROUTES.include_router(definitions.ROUTES)

PATCH_FORMATS = ["application/json-patch+json", "application/fhir+json"]
UNCONDITIONAL = {
    "conditionalCreate": False,
    "conditionalRead": "not-supported",
    "conditionalUpdate": False,
    "conditionalDelete": "not-supported",
}

SECURITY = {
    "cors": True,
    "service": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                    "code": "SMART-on-FHIR",
                }
            ]
        }
    ],
}


@ROUTES.get("/metadata")
async def metadata(request: Request, service: ServiceDep) -> Response:
    """Return the CapabilityStatement; public."""
    require_acceptable(request)
    routes = request.app.routes
    answer = fhir(capability_statement(service.title, service.base_url, routes, service.types))
    tag = f'W/"{sha256(answer.body).hexdigest()[:16]}"'
    answer.headers["ETag"] = tag
    given = request.headers.get("if-none-match", "")
    if tag not in [one.strip() for one in given.split(",")]:
        return answer
    return Response(status_code=304, headers={"ETag": tag, **NO_STORE})


@ROUTES.get("/.well-known/smart-configuration")
async def configuration(service: ServiceDep) -> Response:
    """Return where to get a token for this server; public."""
    body = smart_configuration(service.issuer)
    return Response(content=render(body), media_type="application/json")


def capability_statement(
    title: str, base_url: str, routes: Sequence[BaseRoute], types: Iterable[str]
) -> Resource:
    """Return the CapabilityStatement of a FHIR base URL.

    Args:
        title: What it is, in words.
        base_url: Absolute, without a trailing slash.
        routes: Those of the app that answers there.
        types: The resource types that the routes for any type serve.
    """
    found = offered(routes, types)
    rest: dict[str, Any] = {"mode": "server", "security": SECURITY}
    if found.types:
        rest["resource"] = [_resource(type_, found, base_url) for type_ in found.types]
    if found.system:
        rest["interaction"] = [{"code": code} for code in found.system]
    if operations := _operations(None, found, base_url):
        rest["operation"] = operations
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-23",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        **({"patchFormat": PATCH_FORMATS} if _patches(found) else {}),
        "software": {"name": "Tasuki", "version": "0.1.0"},
        "implementation": {"description": title, "url": base_url},
        "rest": [rest],
    }


def _operations(type_: str | None, found: Offered, base_url: str) -> list[dict[str, str]]:
    return [
        {"name": name, "definition": definition_url(of, name, base_url)}
        for of, name in found.operations
        if of == type_ or (of == ANY and type_ is not None)
    ]


def _patches(found: Offered) -> bool:
    return any("patch" in codes for codes in found.types.values())


def _resource(type_: str, found: Offered, base_url: str) -> dict[str, Any]:
    codes = found.types[type_]
    told: dict[str, Any] = {
        "type": type_,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned",
        "readHistory": "vread" in codes,
        "updateCreate": False,
        **UNCONDITIONAL,
        **found.conditional,
    }
    parameters = found.parameters.get(type_, {})
    operations = _operations(type_, found, base_url)
    if parameters:
        told["searchParam"] = [_parameter(type_, *one) for one in parameters.items()]
    if found.links and parameters:
        told |= _includes(type_, found)
    if operations:
        told["operation"] = operations
    return told


def _parameter(type_: str, name: str, kind: str) -> dict[str, str]:
    known = search_parameters(type_).get(name)
    defined = {} if known is None else {"definition": known.url}
    return {"name": name, **defined, "type": kind}


def _includes(type_: str, found: Offered) -> dict[str, list[str]]:
    """Return what a search of the type can add; R4 forbids empty arrays."""
    of_ours = search_parameters(type_).values()
    forwards = [one.code for one in of_ours if one.type == "reference" and one.target]
    backwards = [
        f"{source}:{one.code}"
        for source in found.types
        for one in search_parameters(source).values()
        if one.type == "reference" and type_ in one.target
    ]
    told = {"searchInclude": [f"{type_}:{code}" for code in forwards]}
    told["searchRevInclude"] = backwards
    return {name: listed for name, listed in told.items() if listed}
