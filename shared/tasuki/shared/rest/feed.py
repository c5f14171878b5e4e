"""The change feed: which resources changed, in commit order, for services that keep copies.

A reader asks for what came after its cursor and may wait for news (`wait`, seconds). A page names
types, ids and network tokens; never a name, an identifier or a content. Another `epoch` means the
store was restored: start anew.
"""

from __future__ import annotations

from fastapi import APIRouter, Query, Response

from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.service import CallerDep, ServiceDep

ROUTES = APIRouter()
SCOPE = "tasuki/feed"
MAX_PAGE = 1_000
MAX_POSITION = 2**63 - 1
MAX_WAIT = 25.0  # seconds; below the idle limit of common proxies


@ROUTES.get("/$changes")
async def changes(
    service: ServiceDep,
    caller: CallerDep,
    since: int = Query(0, ge=0, le=MAX_POSITION),
    count: int = Query(MAX_PAGE, ge=1, le=MAX_PAGE),
    types: str = Query("", max_length=500, pattern=r"^[A-Za-z,]*$"),
    wait: float = Query(0.0, ge=0.0, le=MAX_WAIT),
) -> Response:
    """Return one page of changes after `since`; with `wait`, not before there are some."""
    if not caller.principal.scopes.has(SCOPE):
        async with service.gate.enter(caller):  # so that the refusal leaves its leaf
            raise out_of_scope(SCOPE)
    if wait:
        await service.store.wait_for_change(since, wait)
    wanted = [name for name in types.split(",") if name]
    page = await service.store.feed(since, count, wanted)
    # With a filter, positions of other types are passed over; without more lines, we are at head.
    reached = page.changes[-1].seq if len(page.changes) == count else max(page.head, since)
    body = {
        "epoch": page.epoch,
        "next": reached,
        "changes": [
            {
                "seq": change.seq,
                "type": change.type,
                "id": change.id,
                "owner": change.owner,
                "version": change.version,
                "deleted": change.deleted,
                "tokens": list(change.tokens),
            }
            for change in page.changes
        ],
    }
    return Response(content=render(body), media_type="application/json", headers=NO_STORE)
