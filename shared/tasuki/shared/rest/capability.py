"""`GET /metadata` and the SMART configuration: what this server really does, made from its routes.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from tasuki.shared.access.smart import smart_configuration
from tasuki.shared.fhir.json import render
from tasuki.shared.fhir.search import search_parameters
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.service import FhirService, ServiceDep

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()

INTERACTIONS = ("read", "vread", "update", "delete", "history-instance", "create", "search-type")


@ROUTES.get("/metadata")
async def metadata(service: ServiceDep) -> Response:
    """Return the CapabilityStatement; public."""
    return fhir(capability_statement(service))


@ROUTES.get("/.well-known/smart-configuration")
async def configuration(service: ServiceDep) -> Response:
    """Return where to get a token for this server; public."""
    body = smart_configuration(service.issuer)
    return Response(content=render(body), media_type="application/json")


def capability_statement(service: FhirService) -> Resource:
    """Return the CapabilityStatement of a service."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-23",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "software": {"name": "Tasuki", "version": "0.1.0"},
        "implementation": {"description": service.title, "url": service.base_url},
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "service": [
                        {
                            "coding": [
                                {
                                    "system": "http://terminology.hl7.org/CodeSystem/"
                                    "restful-security-service",
                                    "code": "SMART-on-FHIR",
                                }
                            ]
                        }
                    ],
                },
                "resource": [_resource(type_) for type_ in service.types],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(type_: str) -> dict[str, Any]:
    return {
        "type": type_,
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [
            {"name": parameter.code, "type": parameter.type}
            for parameter in search_parameters(type_).values()
        ],
    }
