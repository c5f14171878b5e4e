"""誰が見たか: every look at the resident's record, wherever it was, newest first."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from tasuki.phr.pages.looked import looks_of
from tasuki.phr.pages.resident import ResidentDep
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.outcome import STATUS

ROUTES = APIRouter()
PER_PAGE: Final = 50


@ROUTES.get("/looked")
async def looked(
    resident: ResidentDep,
    page: int = Query(1, ge=1, le=9_999),
    own: int = Query(0, ge=0, le=1),
) -> Response:
    """Show who looked; the resident's own visits only with `own=1`, but always their number."""
    try:
        token = await resident.session.access_token()
        bundle = await resident.door.consent.looked(token, resident.patient)
    except Fault as fault:
        if fault.category is Category.UNAUTHENTICATED:
            raise
        return resident.page("looked_silent.html", status=STATUS[fault.category])
    subject = resident.session.principal.subject
    looks, silent = looks_of(bundle, subject, resident.door.regions, resident.words)
    shown = looks if own else [one for one in looks if not one.own]
    first = (page - 1) * PER_PAGE
    total = bundle.get("total")
    return resident.page(
        "looked.html",
        looks=shown[first : first + PER_PAGE],
        count=len(shown),
        own=bool(own),
        own_count=sum(one.own for one in looks),
        first=first + 1,
        page=page,
        more=first + PER_PAGE < len(shown),
        silent=silent,
        unsent=total - len(looks) if isinstance(total, int) else 0,
    )
