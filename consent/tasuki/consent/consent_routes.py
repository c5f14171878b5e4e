"""Recording a Consent: only what is understood whole is accepted, since it will be obeyed.

https://hl7.org/fhir/R4/consent.html, https://profiles.ihe.net/ITI/PCF/ITI-108.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from tasuki.consent.provisions import read_consent
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.answers import versioned
from tasuki.shared.rest.bodies import require_valid, resource_body
from tasuki.shared.rest.conditions import version_in
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from tasuki.consent.persons import Persons
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.rest.service import FhirService

ROUTES = APIRouter()
_PATIENT = re.compile(r"Patient/[A-Za-z0-9.-]{1,64}")


@ROUTES.post("/Consent")
async def record(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Record a new Consent of the resident who calls."""
    resource = await resource_body(request, service.max_body)
    patient = caller.principal.patient
    if patient is None and caller.principal.client_id in request.app.state.registrars:
        # Given on paper: the registrar names whose it is.
        patient = _named(resource)
    patient = await _require_own(request, patient, resource)
    await _require_may(service, caller, Interaction.CREATE, patient)
    await _persons(request).registered(caller, patient)
    async with service.gate.enter(caller) as records:
        made = await records.create(resource)
    return versioned(made, status=201, base=service.base_url)


@ROUTES.put("/Consent/{id_}")
async def change(id_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Record a further version of a Consent, for example with status `inactive` to withdraw it."""
    if_match = version_in(request.headers.get("if-match"))
    resource = await resource_body(request, service.max_body)
    if resource.get("id") != id_:
        raise Fault(Category.INVALID, "the id in the body is not the id in the path", at=("id",))
    patient = await _require_own(request, caller.principal.patient, resource)
    await _require_may(service, caller, Interaction.UPDATE, patient)
    await _persons(request).known(caller)
    async with service.gate.enter(caller) as records:
        made = await records.update(id_, resource, if_match=if_match)
    return versioned(made, base=service.base_url)


def _named(resource: Resource) -> str | None:
    patient = resource.get("patient")
    reference = patient.get("reference") if isinstance(patient, dict) else None
    known = isinstance(reference, str) and _PATIENT.fullmatch(reference)
    return str(reference) if known else None


def _persons(request: Request) -> Persons:
    persons: Persons = request.app.state.persons
    return persons


async def _require_may(
    service: FhirService, caller: Caller, interaction: Interaction, patient: str
) -> None:
    """Refuse who may not, before the PHR is asked: its answer would say who is known where."""
    async with service.gate.enter(caller) as records:
        records.require_some_scope("Consent", interaction)
        await records.require(interaction, patient.removeprefix("Patient/"), "Consent")


async def _require_own(request: Request, patient: str | None, resource: Resource) -> str:
    """Return whose Consent it is; the reference to them is made the one that is kept."""
    if resource["resourceType"] != "Consent":
        raise Fault(Category.INVALID, "the body is not a Consent", at=("resourceType",))
    require_valid(resource)
    reference = resource.get("patient", {}).get("reference")
    allowed = {patient, f"{_persons(request).phr_url}/{patient}"}
    if patient is None or reference not in allowed:
        raise Fault(
            Category.FORBIDDEN, "a Consent can be recorded for oneself only", at=("patient",)
        )
    resource["patient"] = {**resource["patient"], "reference": patient}
    read_consent({"id": "new", **resource})
    return patient
