"""見せる相手: what holds now, in plain words, and four buttons that change it.

Before anything is changed the consent service is asked what it holds; where it does not answer,
nothing is changed, and the page says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.responses import Response

from tasuki.phr.pages.consent_client import Unsure
from tasuki.phr.pages.resident import Resident, WisherDep
from tasuki.phr.pages.wishes import ACTIONS, Wish, Wishes, read_wishes, recorded, to_withdraw
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.text import resolve_municipality
from tasuki.shared.web.session import CheckedForm

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.phr.settings import Region
    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()
ELSEWHERE: Final = "elsewhere"  # the region of a clinician where only one region is told about


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether somebody could see the record of one region now, and why.

    Attributes:
        who: `nurse` or `clinician`.
        headline: One sentence of the consent service, in the reader's language.
    """

    who: str
    region: str
    permitted: bool
    headline: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What the consent service says of one resident at one moment."""

    consents: list[Resource]
    wishes: Wishes
    answers: tuple[Answer, ...]


@ROUTES.get("/sharing")
async def sharing(resident: WisherDep) -> Response:
    """Show what holds now."""
    try:
        view = await _view(resident, await resident.session.access_token())
    except Fault as fault:
        return _silent(resident, fault, "sharing.silent")
    return _page(resident, view)


@ROUTES.post("/sharing")
async def change(resident: WisherDep, form: CheckedForm) -> Response:
    """Record or withdraw a wish, and show what it changed."""
    if form.get("action") not in ACTIONS:
        raise Fault(Category.INVALID, "There is no such button.")
    wish, wanted = ACTIONS[form["action"]]
    try:
        token = await resident.session.access_token()
        before = await _view(resident, token)
    except Fault as fault:
        return _silent(resident, fault, "sharing.unchanged")
    try:
        await _make(resident, token, before, wish, wanted=wanted)
    except Unsure as fault:
        return _silent(resident, fault, "sharing.unsure")
    except Fault as fault:
        return _silent(resident, fault, "sharing.unchanged")
    try:
        after = await _view(resident, token)
    except Fault as fault:
        return _silent(resident, fault, "sharing.changed-unseen")
    holds = after.wishes.hold(wish) is wanted
    return _page(resident, after, before=before, done=form["action"] if holds else "still")


async def _make(resident: Resident, token: str, before: View, wish: Wish, *, wanted: bool) -> None:
    at = resident.service.clock.now()
    consent = resident.door.consent
    if wanted:
        if not before.wishes.hold(wish):
            await consent.record(token, _recorded(resident, wish, at))
        return
    for number, one in enumerate(to_withdraw(wish, before.consents, at)):
        try:
            await consent.change(token, one, str(one["meta"]["versionId"]))
        except Fault as fault:
            if number:
                raise Unsure from fault  # a part is done
            raise


def _recorded(resident: Resident, wish: Wish, at: datetime) -> Resource:
    """Return the Consent that says a wish; said by a proxy, it says so."""
    made = recorded(wish, resident.patient, at)
    if resident.acting is None:
        return made
    title = {"title": "法定代理人による意思表示"}
    return {**made, "performer": [resident.acting.author], "sourceAttachment": title}


async def _view(resident: Resident, token: str) -> View:
    consent = resident.door.consent
    municipality = await municipality_of(resident)
    consents, answers = await asyncio.gather(
        consent.consents(token, resident.patient),
        asyncio.gather(
            *(_asked(resident, token, *one) for one in _questions(resident, municipality))
        ),
    )
    wishes = read_wishes(consents, resident.service.clock.now())
    return View(consents, wishes, tuple(answers))


def _questions(
    resident: Resident, municipality: str | None
) -> list[tuple[str, Region, dict[str, object]]]:
    """Return who might look at whose records: the nurse, and a clinician of another region."""
    regions = resident.door.regions
    found: list[tuple[str, Region, dict[str, object]]] = []
    for region in regions:
        others = (one.code for one in regions if one.code != region.code)
        about = {"holder_region": region.code, "language": resident.words.language}
        nurse = about | {"role": "nurse", "purpose": "DISASTER", "municipality": municipality}
        across = {"role": "clinician", "purpose": "TREAT"}
        clinician = about | across | {"actor_region": next(others, ELSEWHERE)}
        found.append(("nurse", region, {**nurse}))
        found.append(("clinician", region, {**clinician}))
    return found


async def _asked(
    resident: Resident, token: str, who: str, region: Region, question: dict[str, object]
) -> Answer:
    told = await resident.door.consent.decide(token, question)
    permitted, headline, details = (told.get(k) for k in ("permitted", "headline", "details"))
    if not isinstance(permitted, bool) or not isinstance(headline, str):
        raise Fault(Category.UNAVAILABLE, "The consent service does not answer.")
    title = region.title_ja if resident.words.language == "ja" else region.title_en
    said = details if isinstance(details, list) else []
    return Answer(who, title, permitted, headline, tuple(str(one) for one in said))


async def municipality_of(resident: Resident) -> str | None:
    """Return the 6-digit code of where the resident lives; None where that is not certain."""
    if resident.acting is not None and not resident.acting.sees_person:
        return None
    async with resident.service.gate.enter(resident.caller) as records:
        found = await records.compartment(resident.id, ["Patient"], Action.READ)
    for patient in found:
        for address in patient.resource.get("address") or ():
            parts = (address.get("state", ""), address.get("city", ""))
            for written in (address.get("text", ""), "".join(parts)):
                place = resolve_municipality(written) if written else None
                if place is not None:
                    return place.code
    return None


def _page(
    resident: Resident, view: View, *, before: View | None = None, done: str | None = None
) -> Response:
    return resident.page("sharing.html", view=view, before=before, done=done, silent=None)


def _silent(resident: Resident, fault: Fault, words: str) -> Response:
    """Return the page that says what is known where the consent service did not do its part.

    Raises:
        Fault: UNAUTHENTICATED, which has a page of its own.
    """
    if fault.category is Category.UNAUTHENTICATED:
        raise fault
    return resident.page(
        "sharing.html",
        status=STATUS[fault.category],
        view=None,
        before=None,
        done=None,
        silent=words,
    )
