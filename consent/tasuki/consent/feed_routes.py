"""`$feed`: Consents, declarations and overrides in commit order, for every service that must obey."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Query, Request, Response

from tasuki.consent.feed import KINDS, ConsentFeedEntry, FeedPage, Kind, write_page
from tasuki.consent.overrides.book import read
from tasuki.consent.overrides.grant import write_grant
from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.feed import MAX_WAIT, SCOPE
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import Change, RecordStore, Stored
    from tasuki.shared.access.rulings import Caller

ROUTES = APIRouter()
TYPES: dict[Kind, str] = {
    "consent": "Consent",
    "declaration": "Declaration",
    "override": "Override",
}
KIND_OF: dict[str, Kind] = {TYPES[kind]: kind for kind in KINDS}
# What a reader understands that does not say; newer kinds would stop it.
FIRST_KINDS = "consent,declaration"
PAGE = 200


@ROUTES.get("/$feed")
async def feed(
    request: Request,
    service: ServiceDep,
    caller: CallerDep,
    since: int = Query(0, ge=0),
    wait: float = Query(0.0, ge=0.0, le=MAX_WAIT),
    kinds: str = Query(FIRST_KINDS, max_length=100),
) -> Response:
    """Return one page after `since`; with `wait` (seconds), not before there is news."""
    if not caller.principal.scopes.has(SCOPE):
        raise out_of_scope(SCOPE)
    types = _types(kinds)
    if wait:
        await service.store.wait_for_change(since, wait)
    page = await service.store.feed(since, PAGE, types)
    entries = [
        entry
        for change in page.changes
        if (entry := await _entry(service.store, page.epoch, change)) is not None
    ]
    if entries:
        await _leave_leaf(request.app.state.desk, service.store, caller, entries)
    more = len(page.changes) == PAGE
    # Beyond what is listed, so that changes which are for nobody are not looked at for ever.
    reached = page.changes[-1].seq if more else max(page.head, since)
    if entries:
        reached = max(reached, entries[-1].seq)
    body = FeedPage(page.epoch, tuple(entries), reached, reached if more else None)
    return Response(content=write_page(body), media_type="application/json", headers=NO_STORE)


def _types(kinds: str) -> list[str]:
    """Return the types of these kinds: without Consents and declarations it is no snapshot."""
    asked = kinds.split(",")
    if not set(FIRST_KINDS.split(",")) <= set(asked) <= set(KINDS):
        raise Fault(Category.INVALID, "these kinds are not known", at=("kinds",))
    return [TYPES[kind] for kind in KINDS if kind in asked]


async def _entry(store: RecordStore, epoch: str, change: Change) -> ConsentFeedEntry | None:
    async with store.unit() as unit:
        version = await unit.version(change.type, change.id, change.version)
        head = await unit.head(change.type, change.id) if change.type == "Override" else None
        tokens = await unit.tokens_of_owner(change.owner) if change.owner else ()
    if version is None or version.body is None or (change.owner and not tokens):
        # Without a token nobody elsewhere holds this person's records: nobody to bind.
        return None
    return ConsentFeedEntry(
        seq=change.seq,
        epoch=epoch,
        kind=KIND_OF[change.type],
        person=tokens,
        body=_body(version, head),
    )


def _body(version: Stored, head: Stored | None) -> dict[str, Any]:
    """Return what leaves: of an override, what is needed in order to obey it.

    Of one that is over by now, its older versions say no more than that, either.
    """
    if version.type != "Override":
        body: dict[str, Any] = json.loads(version.body or b"{}")
        return body
    now = read((head or version).body or b"")
    return write_grant(now if now.stopped_at is not None else read(version.body or b""))


async def _leave_leaf(
    desk: Desk, store: RecordStore, caller: Caller, entries: list[ConsentFeedEntry]
) -> None:
    """Record what leaves: unlike other feeds, this one carries whole Consents."""
    named = tuple(f"Consent/{one.body['id']}" for one in entries if one.kind == "consent")
    # Overrides are named in the audit log where they begin and end.
    entry = desk.entry(caller, Action.FEED, Outcome.PERMITTED, "policy/replication")
    async with store.unit() as unit:
        await unit.record([replace(entry, entities=tuple(dict.fromkeys(named)))])
