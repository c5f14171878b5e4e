"""`AuditEvent?patient=…`: who looked at my data, wherever it was, asked of every holder.

https://profiles.ihe.net/ITI/BALP/ (PatientRead, PrivacyDisclosure)
A holder that does not answer is named in an outcome entry: a list of who looked is never silently
shorter than the truth.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
from fastapi import APIRouter, Query, Request, Response

from tasuki.shared.access.rulings import Interaction
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.outcome import warning
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.consent.settings import Holder
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.rest.neighbours import Neighbours

ROUTES = APIRouter()
ANSWER_SECONDS = 5.0
MOST = 1_000


@ROUTES.get("/AuditEvent")
async def disclosures(
    request: Request,
    service: ServiceDep,
    caller: CallerDep,
    patient: str = Query(max_length=200),
) -> Response:
    """Return the audit events about the resident who calls, newest first."""
    own = caller.principal.patient
    if own is None or patient not in (own, own.removeprefix("Patient/")):
        raise Fault(Category.FORBIDDEN, "one can ask who looked at one's own record only")
    person = await request.app.state.persons.known(caller)
    async with service.gate.enter(caller) as records:
        records.require_scope("AuditEvent", Interaction.SEARCH)
        tokens = await records.network_tokens(person)
        here = await records.disclosures(tokens, MOST) if tokens else []
    near: Neighbours = request.app.state.near
    holders: Sequence[Holder] = request.app.state.holders
    answers = await asyncio.gather(*(_asked(near, holder, tokens) for holder in holders))
    events = list(here)
    entries: list[dict[str, object]] = []
    for holder, answer in zip(holders, answers, strict=True):
        if answer is None:
            note = warning(f"did not answer: {holder.title_en} / {holder.title_ja}")
            entries.append({"resource": note, "search": {"mode": "outcome"}})
        else:
            events.extend(answer)
    events.sort(key=lambda event: str(event.get("recorded", "")), reverse=True)
    matches = [{"resource": event, "search": {"mode": "match"}} for event in events[:MOST]]
    return fhir(bundle("searchset", [*matches, *entries], total=len(events)))


async def _asked(near: Neighbours, holder: Holder, tokens: Sequence[str]) -> list[Resource] | None:
    """Return a holder's events; None where it does not answer."""
    if not tokens:
        return []
    try:
        token = await near.tokens.client_credentials(
            "system/AuditEvent.rs", holder.base_url, "HOPERAT"
        )
        answer = await near.http.get(
            f"{holder.base_url}/$disclosures",
            params=[("token", one) for one in tokens],
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_SECONDS,
        )
    except (Fault, httpx2.HTTPError, OSError):
        return None
    if answer.status_code != httpx2.codes.OK:
        return None
    return [entry["resource"] for entry in parse_resource(answer.content).get("entry", [])]
