"""`AuditEvent?patient=…`: who looked at my data, wherever it was, asked of every holder.

https://profiles.ihe.net/ITI/BALP/ (PatientRead, PrivacyDisclosure)
A holder that does not answer is named in an outcome entry: a list of who looked is never silently
shorter than the truth. Only what was done under an emergency override that the person is to be told
of later, on a recorded safety ground, comes later too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import httpx2
from fastapi import APIRouter, Query, Request, Response

from tasuki.consent.overrides.book import of
from tasuki.consent.overrides.uses import belongs
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.proof_bundle import head_of, led_to, note_of
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import Resource, parse_resource
from tasuki.shared.fhir.outcome import warning
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.disclosures import Slice, disclosed
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.consent.settings import Holder
    from tasuki.shared.rest.neighbours import Neighbours
    from tasuki.shared.rest.service import FhirService

ROUTES = APIRouter()
ANSWER_SECONDS = 5.0
MOST = 10_000  # events of one holder looked through; beyond, the answer says how many are not
PER_PAGE = 1_000


@ROUTES.get("/AuditEvent")
async def disclosures(
    request: Request,
    service: ServiceDep,
    caller: CallerDep,
    patient: str = Query(max_length=200),
    page: int = Query(1, ge=1, le=10_000, alias="_page"),
    proof: Annotated[bool, Query(alias="_proof")] = False,
) -> Response:
    """Return the audit events about the resident who calls, newest first.

    A proxy is not told: among those who looked are the person's other proxies.
    """
    own = caller.principal.patient if caller.principal.role is Role.RESIDENT else None
    if own is None or patient not in (own, own.removeprefix("Patient/")):
        raise Fault(Category.FORBIDDEN, "one can ask who looked at one's own record only")
    person = await request.app.state.persons.known(caller)
    async with service.gate.enter(caller) as records:
        records.require_scope("AuditEvent", Interaction.SEARCH)
        tokens = await records.network_tokens(person)
        total, entries = 0, list[Resource]()
        if tokens:
            total, entries = await disclosed(records, tokens, Slice(MOST), proof=proof)
    near: Neighbours = request.app.state.near
    holders: Sequence[Holder] = request.app.state.holders
    answers = await asyncio.gather(
        *(asked_of(near, holder, tokens, proof=proof) for holder in holders)
    )
    notes: list[dict[str, object]] = []
    for holder, answer in zip(holders, answers, strict=True):
        if answer is None:
            notes.append(_note(f"did not answer: {holder.title_en} / {holder.title_ja}"))
            continue
        total += answer[0]
        entries.extend(answer[1])
    looks = [entry for entry in entries if not _is_head(entry)]
    events = await _told(service, person, looks)
    heads = _heads(entries, events)
    total -= len(looks) - len(events)
    events.sort(key=lambda entry: str(entry["resource"].get("recorded", "")), reverse=True)
    if total > len(events):
        notes.append(_note(f"older ones are not shown: {total - len(events)}"))
    shown = events[(page - 1) * PER_PAGE : page * PER_PAGE]
    matches = [{**entry, "search": {"mode": "match"}} for entry in shown]
    url = f"{service.base_url}/AuditEvent?patient={own}"
    url += "&_proof=true" if proof else ""
    links = [{"relation": "self", "url": f"{url}&_page={page}"}]
    if page * PER_PAGE < len(events):
        links.append({"relation": "next", "url": f"{url}&_page={page + 1}"})
    return fhir(bundle("searchset", [*matches, *heads.values(), *notes], total=total, link=links))


async def _told(service: FhirService, person: str, looks: list[Resource]) -> list[Resource]:
    """Return the entries of those events that the person may know of now."""
    now = service.clock.now()
    async with service.store.unit() as unit:
        hidden = [one for one in await of(unit, person) if one.hidden_at(now)]
    return [look for look in looks if not any(belongs(look["resource"], one) for one in hidden)]


def _heads(entries: Sequence[Resource], events: Sequence[Resource]) -> dict[str, Resource]:
    """Return the heads that these events lead to.

    A head of which no event is told would say that its log holds one.
    """
    told = {led_to(event) for event in events}
    found = {note: entry for entry in entries if (note := note_of(entry)) is not None}
    return {note: entry for note, entry in found.items() if head_of(note) in told}


def _note(words: str) -> dict[str, object]:
    return {"resource": warning(words), "search": {"mode": "outcome"}}


async def asked_of(
    near: Neighbours, holder: Holder, tokens: Sequence[str], *, proof: bool = False
) -> tuple[int, list[Resource]] | None:
    """Return how many events a holder has, and entries of the newest; None without an answer."""
    total = events = 0
    kept: list[Resource] = []
    while tokens and events < MOST:
        asked = [*(("token", one) for one in tokens), ("skip", str(events))]
        asked += [("proof", "true")] if proof else []
        try:
            found = await _page_of(near, holder, asked)
        except (Fault, httpx2.HTTPError, OSError):
            return None
        total = int(found["total"])
        entries = found.get("entry", [])
        kept.extend(entries)
        fresh = sum(not _is_head(entry) for entry in entries)
        events += fresh
        if not fresh or events >= total:
            break
    return total, kept


def _is_head(entry: Resource) -> bool:
    return bool(entry["resource"]["resourceType"] == "Binary")


async def _page_of(near: Neighbours, holder: Holder, asked: Sequence[tuple[str, str]]) -> Resource:
    token = await near.tokens.client_credentials("system/AuditEvent.rs", holder.base_url, "HOPERAT")
    answer = await near.http.get(
        f"{holder.base_url}/$disclosures",
        params=list(asked),
        headers={"Authorization": f"Bearer {token}"},
        timeout=ANSWER_SECONDS,
    )
    if answer.status_code != httpx2.codes.OK:
        raise Fault(Category.UNAVAILABLE, "the holder does not answer")
    return parse_resource(answer.content)
