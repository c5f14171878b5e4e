"""誰が見たか: every look at the resident's record, wherever it was, newest first."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from tasuki.phr.pages.looked import looks_of
from tasuki.phr.pages.looked_file import looked_file
from tasuki.phr.pages.overrides import told_of
from tasuki.phr.pages.resident import ResidentDep
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.outcome import FHIR_JSON, STATUS

ROUTES = APIRouter()
FILE: Final = {"Content-Disposition": 'attachment; filename="who-looked.json"', **NO_STORE}
PER_PAGE: Final = 50
DONE: Final = frozenset({"seen", "disputed"})


@ROUTES.get("/looked")
async def looked(
    resident: ResidentDep,
    page: int = Query(1, ge=1, le=9_999),
    own: int = Query(0, ge=0, le=1),
    done: str = Query("", max_length=20),
) -> Response:
    """Show who looked; the resident's own visits only with `own=1`, but always their number."""
    try:
        token = await resident.session.access_token()
        bundle, overrides = await asyncio.gather(
            resident.door.consent.looked(token, resident.patient),
            resident.door.consent.overrides(token),
        )
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
        overrides=told_of(overrides, resident.door.regions, resident.words),
        done=done if done in DONE else "",
        unsent=total - len(looks) if isinstance(total, int) else 0,
    )


@ROUTES.get("/looked/file")
async def looked_export(resident: ResidentDep) -> Response:
    """Return every look with what proves it, as one file that can be checked asking nobody."""
    try:
        token = await resident.session.access_token()
        bundle = await resident.door.consent.looked(token, resident.patient, proof=True)
    except Fault as fault:
        if fault.category is Category.UNAUTHENTICATED:
            raise
        return resident.page("looked_silent.html", status=STATUS[fault.category])
    return Response(render(looked_file(bundle)), media_type=FHIR_JSON, headers=FILE)
