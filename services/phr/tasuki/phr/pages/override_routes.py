"""The resident answers an emergency override: it was read; it was wrong.

Both are recorded at the consent service, in the resident's name.
"""

from __future__ import annotations

import re
from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from tasuki.consent.overrides.override import MOST_TEXT
from tasuki.phr.pages.overrides import told_of
from tasuki.phr.pages.resident import Resident, ResidentDep
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.web.session import SEE_OTHER, CheckedForm

ROUTES = APIRouter(prefix="/looked/overrides")
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
INVALID: Final = 422  # a page that says what to mend


@ROUTES.post("/{id_}/seen")
async def seen(id_: str, resident: ResidentDep, _: CheckedForm) -> Response:
    """Note that it was read."""
    token = await resident.session.access_token()
    await resident.door.consent.override_seen(token, _checked(id_))
    return _back(resident, "seen")


@ROUTES.get("/{id_}/dispute")
async def ask(id_: str, resident: ResidentDep) -> Response:
    """Show one override and the form for an objection."""
    return await _form(resident, _checked(id_))


@ROUTES.post("/{id_}/dispute")
async def dispute(id_: str, resident: ResidentDep, form: CheckedForm) -> Response:
    """Record an objection."""
    text = form.get("text", "").strip()
    if not text or len(text) > MOST_TEXT:
        return await _form(resident, _checked(id_), text=text, wrong=True)
    token = await resident.session.access_token()
    try:
        await resident.door.consent.dispute(token, _checked(id_), text)
    except Fault as fault:
        if fault.category is not Category.UNAVAILABLE:
            raise
        # The words are not lost: they stand in the form again.
        return await _form(resident, id_, text=text, failed=True)
    return _back(resident, "disputed")


async def _form(
    resident: Resident, id_: str, *, text: str = "", wrong: bool = False, failed: bool = False
) -> Response:
    told = []
    if not failed:
        token = await resident.session.access_token()
        overrides = await resident.door.consent.overrides(token)
        told = [
            one
            for one in told_of(overrides, resident.door.regions, resident.words)
            if one.id == id_
        ]
        if not told:
            raise Fault(Category.NOT_FOUND, "There is no such override.")
    status = INVALID if wrong else STATUS[Category.UNAVAILABLE] if failed else 200
    return resident.page(
        "dispute.html", status=status, told=told, id=id_, text=text, wrong=wrong, failed=failed
    )


def _checked(id_: str) -> str:
    """Return an id that can be nothing but one part of a path."""
    if not _ID.fullmatch(id_) or set(id_) == {"."}:
        raise Fault(Category.NOT_FOUND, "There is no such override.")
    return id_


def _back(resident: Resident, done: str) -> Response:
    return RedirectResponse(resident.url(f"/looked?done={done}"), SEE_OTHER)
