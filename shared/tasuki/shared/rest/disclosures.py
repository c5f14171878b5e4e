"""Who looked: the audit events of a person, for the service that shows them to the person.

A person is asked for by network tokens, since every service knows them under another id. Only
`system/AuditEvent.s` opens this, and looking is recorded too.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from tasuki.shared.access.rulings import Interaction
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.service import CallerDep, ServiceDep

ROUTES = APIRouter()
MAX_TOKENS = 20
MAX_EVENTS = 1_000
Token = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{2}){1,64}$")]


@ROUTES.get("/$disclosures")
async def disclosures(
    service: ServiceDep,
    caller: CallerDep,
    token: Annotated[list[Token], Query(max_length=MAX_TOKENS)],
) -> Response:
    """Return the newest audit events about the person, as AuditEvents, newest first."""
    async with service.gate.enter(caller) as records:
        records.require_scope("AuditEvent", Interaction.SEARCH)
        events = await records.disclosures(token, MAX_EVENTS)
    return fhir(bundle("searchset", [{"resource": event} for event in events], total=len(events)))
