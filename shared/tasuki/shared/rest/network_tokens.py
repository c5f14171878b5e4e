"""`Patient/{id}/$network-tokens`: under which tokens other services know this person.

The consent service asks, since it holds neither names nor the network key: the PHR on a resident's
behalf, a region when an emergency override is opened.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from tasuki.shared.access.principal import Role
from tasuki.shared.access.refusals import forbidden, not_found
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.service import CallerDep, ServiceDep

ROUTES = APIRouter()
ASKERS = frozenset({Role.SERVICE, Role.RESIDENT})


@ROUTES.get("/Patient/{id_}/$network-tokens")
async def network_tokens(id_: str, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the tokens (hex) of a Patient the caller may read; for services and the person."""
    async with service.gate.enter(caller) as records:
        if caller.principal.role not in ASKERS:
            raise forbidden("role", entities=(f"Patient/{id_}",))
        if not await records.compartment(id_, ["Patient"], Action.READ):
            # Something of this person may be seen, but not who they are.
            raise not_found("label", owner=id_, entities=(f"Patient/{id_}",))
        tokens = await records.network_tokens(id_)
    body = render({"tokens": list(tokens)})
    return Response(content=body, media_type="application/json", headers=NO_STORE)
