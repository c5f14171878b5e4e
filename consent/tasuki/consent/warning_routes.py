"""`/warnings`: a feed client hands in documents; an officer reads what they propose, or dismisses it.

Nothing here opens, renews or closes a declaration.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tasuki.consent.declaring import SCOPE, officer
from tasuki.consent.warnings import read_bulletin
from tasuki.consent.warnings.desk import Proposals
from tasuki.consent.warnings.held import HeldProposal, State, Word
from tasuki.consent.warnings.xml import MAX_BYTES
from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.bodies import bounded_body
from tasuki.shared.rest.forms import json_form
from tasuki.shared.rest.service import CallerDep, ServiceDep

ROUTES = APIRouter(prefix="/warnings")
FEED_SCOPE = "tasuki/warn"
XML_TYPES = frozenset({"application/xml", "text/xml", "application/cap+xml"})


class Dismissal(BaseModel):
    """Why a proposal is dismissed."""

    model_config = ConfigDict(extra="forbid")

    words: str = Field(min_length=1, max_length=500)


def proposals_of(request: Request) -> Proposals:
    """Return the proposals of the app."""
    proposals: Proposals = request.app.state.proposals
    return proposals


ProposalsDep = Annotated[Proposals, Depends(proposals_of)]


@ROUTES.post("")
async def warn(request: Request, proposals: ProposalsDep, caller: CallerDep) -> Response:
    """Take one document; the answer says what it does, and why."""
    if not caller.principal.scopes.has(FEED_SCOPE):
        raise out_of_scope(FEED_SCOPE)
    _require_xml(request)
    taken = await proposals.take(caller, read_bulletin(await bounded_body(request, MAX_BYTES)))
    held = taken.proposal
    told = {
        "verdict": taken.judged.verdict.value,
        "why": taken.judged.why.value,
        "news": taken.news,
        "proposal": None if held is None else held.id,
        "state": None if held is None else held.state.value,
    }
    return _json(told)


@ROUTES.get("")
async def proposed(service: ServiceDep, proposals: ProposalsDep, caller: CallerDep) -> Response:
    """Return what is proposed, newest first; for officers."""
    if not caller.principal.scopes.has(SCOPE):
        raise out_of_scope(SCOPE)
    async with service.store.unit() as unit:
        held = await proposals.all(unit)
    return _json({"proposals": [written(one) for one in held]})


@ROUTES.post("/{id_}/dismiss")
async def dismiss(
    id_: str, request: Request, proposals: ProposalsDep, caller: CallerDep
) -> Response:
    """Dismiss a proposal, saying why."""
    officer(caller)
    said = await json_form(request, Dismissal)
    return _json(written(await proposals.decide(caller, id_, State.DISMISSED, words=said.words)))


def written(held: HeldProposal) -> dict[str, Any]:
    """Return a proposal as the API says it."""
    decision = held.decision
    return {
        "id": held.id,
        "source": held.source,
        "state": held.state.value,
        "areas": list(held.areas),
        "document": _word(held.proposed),
        "cancelled": _word(held.cancelled) if held.is_cancelled else None,
        "lowered": _word(held.lowered) if held.is_lowered else None,
        "words": "" if decision is None else decision.words,
        "declaration": None if decision is None else decision.declaration or None,
    }


def _word(word: Word | None) -> dict[str, Any] | None:
    if word is None:
        return None
    return {
        "title": word.title,
        "headline": word.headline,
        "publisher": word.publisher,
        "sent": word.sent.isoformat(),
        "hazards": [
            {
                "kind": hazard.kind,
                "places": [
                    {"name": place.name, "code": place.code, "part": place.part}
                    for place in hazard.places
                ],
            }
            for hazard in word.hazards
        ],
    }


def _require_xml(request: Request) -> None:
    given = request.headers.get("content-type", "").lower().partition(";")[0].strip()
    if given not in XML_TYPES:
        raise Fault(Category.MEDIA_TYPE, f"send {' or '.join(sorted(XML_TYPES))}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Fault(Category.MEDIA_TYPE, "compressed request bodies are not accepted")


def _json(body: dict[str, Any]) -> Response:
    return Response(content=render(body), media_type="application/json", headers=NO_STORE)
