"""`Patient/{id}/$network-tokens`: under which tokens other services know this resident.

The consent service asks on the resident's behalf, since it holds neither names nor the network key.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from tasuki.shared.access.refusals import not_found
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.service import CallerDep, ServiceDep

ROUTES = APIRouter()


@ROUTES.get("/Patient/{id_}/$network-tokens")
async def network_tokens(id_: str, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the tokens (hex) of a Patient the caller may read."""
    async with service.gate.enter(caller) as records:
        if not await records.compartment(id_, ["Patient"], Action.READ):
            # Something of this person may be seen, but not who they are.
            raise not_found("label", owner=id_, entities=(f"Patient/{id_}",))
        tokens = await records.network_tokens(id_)
    body = render({"tokens": list(tokens)})
    return Response(content=body, media_type="application/json", headers=NO_STORE)
