"""`Patient/{id}/$summary`: one International Patient Summary of what every region holds.

https://hl7.org/fhir/uv/ips/OperationDefinition-summary.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Query, Request, Response

from tasuki.ehr.hearing import heard, patient_in
from tasuki.shared.access.principal import Role
from tasuki.shared.clinical.disclosure import Audience
from tasuki.shared.clinical.ips.document import SummaryOf, build_summary
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.sources import SourceRecords
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.rest.service import FhirService

ROUTES = APIRouter()

PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"
AUTHOR = "Tasuki patient summary"


@ROUTES.get("/Patient/{id_}/$summary")
@ROUTES.post("/Patient/{id_}/$summary")
async def summary(
    id_: str,
    request: Request,
    service: ServiceDep,
    caller: CallerDep,
    profile: str = Query(PROFILE, max_length=300),
    language: str = Query("ja", alias="_language", pattern=r"^(ja|en)$"),
) -> Response:
    """Return the summary as a document Bundle; the region asked of is one source among others."""
    require_acceptable(request)
    if profile.partition("|")[0] != PROFILE:
        raise Fault(Category.NOT_SUPPORTED, f"only the profile {PROFILE} is made here")
    sources = await heard(service, request.app.state.elsewhere, caller, id_)
    written: Language = "en" if language == "en" else "ja"
    return fhir(document(service, sources, written, audience_of(caller)))


def audience_of(caller: Caller) -> Audience:
    """Return whether this caller may see what the patient was not told: clinicians only."""
    is_clinician = caller.principal.role is Role.CLINICIAN
    return Audience.CLINICIAN if is_clinician else Audience.PERSON


def document(
    service: FhirService,
    sources: Sequence[SourceRecords],
    language: Language,
    audience: Audience,
) -> Resource:
    """Return the International Patient Summary of what was heard."""
    of = SummaryOf(
        patient=patient_in(sources),
        now=service.clock.now(),
        identifier=f"urn:uuid:{service.ids.new()}",
        author=AUTHOR,
        language=language,
        audience=audience,
    )
    return build_summary(sources, of, service.ids)
