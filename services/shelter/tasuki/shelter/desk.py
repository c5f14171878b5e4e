"""The desk's pages: search, candidates, the profile, its print; everything works without script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from tasuki.consent.declarations import latest_versions
from tasuki.shared.clock import TOKYO
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.web.session import CheckedForm, SignedIn, caller_for, web_of
from tasuki.shared.web.words import language_of
from tasuki.shelter.masking import masked
from tasuki.shelter.pages import ProfilePage, moment
from tasuki.shelter.profiles import Refusal
from tasuki.shelter.query import Typed, Unanswerable
from tasuki.shelter.service import MATCH, PROFILE, require_staff, shelter_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.consent.client import Declaration
    from tasuki.shared.web.sessions import Session
    from tasuki.shelter.lookup import Found
    from tasuki.shelter.service import Shelter

ROUTES = APIRouter()
SEE_OTHER = 303
FORBIDDEN = 403
GONE = 410


@ROUTES.get("/")
async def search_page(request: Request, session: SignedIn) -> Response:
    """Show the search form."""
    del session
    return _form(request, Typed())


@ROUTES.post("/search")
async def search(request: Request, session: SignedIn, form: CheckedForm) -> Response:
    """Show candidates, their number, or what else is needed."""
    shelter = shelter_of(request)
    caller = caller_for(request, session, shelter.ids)
    await require_staff(shelter, caller, MATCH)
    typed = Typed(
        **{name: form.get(name, "") for name in ("name", "birth", "sex", "address")},
    )
    try:
        found = await shelter.lookup.find(caller, typed)
    except Unanswerable as refusal:
        kept = Typed(sex=typed.sex) if refusal.key == "my-number" else typed
        return _form(request, kept, problem=refusal.key, status=STATUS[refusal.category])
    if not found.candidates:
        return _form(request, typed, found=found)
    return await _candidates(request, session, found, shelter)


@ROUTES.get("/search")
async def search_again(request: Request) -> Response:
    """Return to the form: a result is never at an address of its own."""
    return RedirectResponse(f"{web_of(request).pages.base}/", SEE_OTHER)


@ROUTES.post("/choose")
async def choose(request: Request, session: SignedIn, form: CheckedForm) -> Response:
    """Take a candidate, once, and go to the record."""
    shelter = shelter_of(request)
    person = await shelter.handles.spend(session.key, form.get("handle", ""))
    if person is None:
        return _form(request, Typed(), problem="handle-over", status=GONE)
    ticket = (await shelter.handles.issue(session.key, [person], "ticket"))[0]
    base = web_of(request).pages.base
    return RedirectResponse(f"{base}/profile/{ticket}", SEE_OTHER)


@ROUTES.get("/profile/{ticket}")
async def profile(request: Request, ticket: str, session: SignedIn) -> Response:
    """Show the emergency profile of a chosen person, or why it does not open."""
    return await _shown(request, session, ticket, "profile.html")


@ROUTES.get("/print/{ticket}")
async def print_profile(request: Request, ticket: str, session: SignedIn) -> Response:
    """Show the same for an A6 sheet."""
    return await _shown(request, session, ticket, "print.html")


async def _shown(request: Request, session: Session, ticket: str, template: str) -> Response:
    shelter = shelter_of(request)
    person = await shelter.handles.person(session.key, ticket, "ticket")
    if person is None:
        return _form(request, Typed(), problem="handle-over", status=GONE)
    caller = caller_for(request, session, shelter.ids)
    await require_staff(shelter, caller, PROFILE)
    language = language_of(request)
    answer = await shelter.profiles.disclose(caller, person, language)
    pages = web_of(request).pages
    if isinstance(answer, Refusal):
        return pages.render(
            request, "denied.html", status=FORBIDDEN, reason=f"deny.{answer.reason}"
        )
    page = ProfilePage(answer, pages.words(request), shelter.clock)
    return pages.render(request, template, page=page, view=answer.view, ticket=ticket)


async def _candidates(
    request: Request, session: Session, found: Found, shelter: Shelter
) -> Response:
    language = language_of(request)
    people = [candidate.person for candidate in found.candidates]
    handles = await shelter.handles.issue(session.key, people, "candidate")
    shown = [
        (handle, masked(candidate.record, language))
        for handle, candidate in zip(handles, found.candidates, strict=True)
    ]
    return web_of(request).pages.render(request, "candidates.html", candidates=shown)


def _form(
    request: Request,
    typed: Typed,
    *,
    problem: str = "",
    found: Found | None = None,
    status: int = 200,
) -> Response:
    shelter = shelter_of(request)
    return web_of(request).pages.render(
        request,
        "search.html",
        status=status,
        typed=typed,
        problem=problem,
        found=found,
        declared=declared(shelter),
        sources=_sources(shelter, language_of(request)),
    )


def declared(shelter: Shelter) -> list[Mapping[str, object]]:
    """Return the declarations that are open now, for the page."""
    now = shelter.clock.now()
    return [
        {"drill": one.drill, "until": _until(one)}
        for one in latest_versions(shelter.snapshot.declarations)
        if one.open_at(now)
    ]


def _until(declaration: Declaration) -> str:
    return f"{declaration.end.astimezone(TOKYO):%m/%d %H:%M}"


def _sources(shelter: Shelter, language: str) -> list[tuple[str, str]]:
    return [
        (
            holder.title_ja if language == "ja" else holder.title_en,
            moment(shelter.states.fresh_at(holder.name)),
        )
        for holder in shelter.states.holders
    ]
