"""Who looked: the audit events of a person, for the service that shows them to the person.

A person is asked for by network tokens, since every service knows them under another id. Only
`system/AuditEvent.s` opens this, and looking is recorded too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from tasuki.shared.access.principal import Role
from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.proof_bundle import head_entries, proven_entry
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.gate import Records

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
    proof: Annotated[bool, Query()] = False,
) -> Response:
    """Return audit events about the person, newest first, after the `skip` newest.

    `total` is the number of all; more than a page of them is asked for page by page. With `proof`,
    each has what proves that it stands in the log, and the signed heads come as Binary.
    """
    principal = caller.principal
    context = principal.scopes.contexts("AuditEvent", Interaction.SEARCH.letter)
    async with service.gate.enter(caller) as records:
        if principal.role is not Role.SERVICE or "system" not in context:
            raise out_of_scope("system/AuditEvent.s")
        total, entries = await disclosed(records, token, Slice(MAX_EVENTS, skip), proof=proof)
    return fhir(bundle("searchset", entries, total=total))


@dataclass(frozen=True, slots=True)
class Slice:
    """So many of the newest, after `skip` of them."""

    limit: int
    skip: int = 0


async def disclosed(
    records: Records, tokens: Sequence[str], asked: Slice, *, proof: bool
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many events there are, and the entries of a page, heads last."""
    if not proof:
        total, events = await records.disclosures(tokens, asked.limit, asked.skip)
        return total, [{"resource": event} for event in events]
    total, events, evidence = await records.proven_disclosures(tokens, asked.limit, asked.skip)
    pairs = zip(events, evidence.events, strict=True)
    entries = [proven_entry(event, one, evidence.origin) for event, one in pairs]
    heads = [{**one, "search": {"mode": "include"}} for one in head_entries(evidence)]
    return total, [*entries, *heads]
