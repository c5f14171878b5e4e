"""The FHIR face: `$match`, `$emergency-profile`, `$disclosures`, metadata.

https://hl7.org/fhir/R4/patient-operation-match.html, https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request, Response

from tasuki.shared.access.smart import smart_configuration
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.rest import checkpoints, definitions, disclosures, health
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import require_acceptable, resource_body
from tasuki.shared.rest.outcome import install
from tasuki.shared.rest.service import CallerDep, ServiceDep
from tasuki.shared.web.words import language_of
from tasuki.shelter.bundle import Bundles
from tasuki.shelter.matching import match_bundle, read_match
from tasuki.shelter.profiles import GONE, Refusal
from tasuki.shelter.service import MATCH, PROFILE, Shelter, require_staff, shelter_of
from tasuki.shelter.words import WORDS

if TYPE_CHECKING:
    from tasuki.shared.rest.service import FhirService

ROUTES = APIRouter()
MAX_PARAMETERS = 65_536  # bytes


def shelter_fhir_app(service: FhirService, shelter: Shelter) -> FastAPI:
    """Return the app of the FHIR base URL."""
    app = FastAPI(title=service.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.fhir = service
    app.state.shelter = shelter
    app.state.bundles = Bundles()
    install(app)
    for routes in (
        ROUTES,
        health.ROUTES,
        disclosures.ROUTES,
        checkpoints.ROUTES,
        definitions.ROUTES,
    ):
        app.include_router(routes)
    return app


@ROUTES.post("/Patient/$match")
async def match(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return masked candidates, or only their number; nobody is found by a name alone."""
    require_acceptable(request)
    shelter = shelter_of(request)
    await require_staff(shelter, caller, MATCH)
    asked = read_match(await resource_body(request, MAX_PARAMETERS))
    found = await shelter.lookup.find(caller, asked.typed)
    return fhir(match_bundle(found, asked, service.base_url, language_of(request)))


@ROUTES.get("/Patient/{id_}/$emergency-profile")
async def emergency_profile(id_: str, request: Request, caller: CallerDep) -> Response:
    """Return the emergency profile as a Bundle; 403 says why not."""
    require_acceptable(request)
    shelter = shelter_of(request)
    await require_staff(shelter, caller, PROFILE)
    language = language_of(request)
    answer = await shelter.profiles.disclose(caller, id_, language)
    if isinstance(answer, Refusal):
        raise refused(answer)
    bundles: Bundles = request.app.state.bundles
    return fhir(bundles.of(answer, language))


@ROUTES.get("/metadata")
async def metadata(service: ServiceDep) -> Response:
    """Return the CapabilityStatement; public."""
    return fhir(capability_statement(service))


@ROUTES.get("/.well-known/smart-configuration")
async def configuration(service: ServiceDep) -> Response:
    """Return where to get a token for this server; public."""
    return Response(render(smart_configuration(service.issuer)), media_type="application/json")


def refused(refusal: Refusal) -> Fault:
    """Return the fault of a refusal, with its reason in plain words and as a code."""
    if refusal.reason == GONE:
        return Fault(Category.NOT_FOUND, "no such resource")
    return Fault(Category.FORBIDDEN, f"{WORDS[f'deny.{refusal.reason}'][1]} ({refusal.reason})")


def capability_statement(service: FhirService) -> dict[str, Any]:
    """Return what this FHIR base URL does."""
    base = service.base_url
    match_url = definitions.definition_url("Patient", "match", base)
    profile_url = definitions.definition_url("Patient", "emergency-profile", base)
    disclosures_url = definitions.definition_url(None, "disclosures", base)
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
                "security": {"description": "SMART App Launch 2.2; tasuki/match, tasuki/profile"},
                "resource": [
                    {
                        "type": "Patient",
                        "operation": [
                            {"name": "match", "definition": match_url},
                            {"name": "emergency-profile", "definition": profile_url},
                        ],
                    }
                ],
                "operation": [{"name": "disclosures", "definition": disclosures_url}],
            }
        ],
    }
