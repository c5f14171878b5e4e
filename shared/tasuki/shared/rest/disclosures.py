"""Who looked: the audit events of a person, for the service that shows them to the person.

A person is asked for by network tokens, since every service knows them under another id. Only
`system/AuditEvent.s` opens this, and looking is recorded too.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from tasuki.shared.access.principal import Role
from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.service import CallerDep, ServiceDep

ROUTES = APIRouter()
MAX_TOKENS = 20
MAX_EVENTS = 1_000  # of one answer
MOST_SKIPPED = 1_000_000
Token = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{2}){1,64}$")]


@ROUTES.get("/$disclosures")
async def disclosures(
    service: ServiceDep,
    caller: CallerDep,
    token: Annotated[list[Token], Query(max_length=MAX_TOKENS)],
    skip: Annotated[int, Query(ge=0, le=MOST_SKIPPED)] = 0,
) -> Response:
    """Return audit events about the person, newest first, after the `skip` newest.

    `total` is the number of all; more than a page of them is asked for page by page.
    """
    principal = caller.principal
    context = principal.scopes.contexts("AuditEvent", Interaction.SEARCH.letter)
    async with service.gate.enter(caller) as records:
        if principal.role is not Role.SERVICE or "system" not in context:
            raise out_of_scope("system/AuditEvent.s")
        total, events = await records.disclosures(token, MAX_EVENTS, skip)
    return fhir(bundle("searchset", [{"resource": event} for event in events], total=total))
