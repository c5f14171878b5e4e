"""The privacy officer's pages: every emergency override is looked at afterwards, within 72 hours.

They show the words that were written when it was opened, never a name or a record of the person.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from tasuki.consent.disclosure_routes import asked_of
from tasuki.consent.overrides import override as rules
from tasuki.consent.overrides.figures import decided_of, figures_of, queue_of, result_of
from tasuki.consent.overrides.override import MOST_TEXT, Override
from tasuki.consent.overrides.uses import uses_of
from tasuki.shared.access.principal import Role
from tasuki.shared.audit.shapes import Action
from tasuki.shared.clock import TOKYO
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.rest.service import ServiceDep
from tasuki.shared.web.session import SEE_OTHER, CheckedForm, SignedIn, caller_for, web_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.consent.overrides.book import Book
    from tasuki.consent.overrides.figures import Figures
    from tasuki.consent.settings import Holder
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.neighbours import Neighbours
    from tasuki.shared.rest.service import FhirService
    from tasuki.shared.web.words import Words

ROUTES = APIRouter()
SCOPE = "tasuki/review"
PER_PAGE: Final = 20
ANSWERS: Final[Mapping[str, bool]] = {"accepted": True, "not-accepted": False}
SPANS: Final = (30, 365, 0)  # days of the figures; 0 for all
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)


async def officer(request: Request, session: SignedIn, service: ServiceDep) -> Caller:
    """Return the signed-in privacy officer.

    Raises:
        Fault: FORBIDDEN for anybody else.
    """
    caller = caller_for(request, session, service.ids)
    if caller.principal.role is not Role.PRIVACY or not caller.principal.scopes.has(SCOPE):
        raise Fault(Category.FORBIDDEN, "These pages are for privacy officers.")
    return caller


OfficerDep = Annotated["Caller", Depends(officer)]


@dataclass(frozen=True, slots=True)
class Row:
    """One override as the page says it.

    Attributes:
        hours_left: Until the review is due; negative when it is late.
        minutes: How long it was open.
    """

    one: Override
    result: str
    opened: str
    ended: str
    minutes: int
    due: str
    hours_left: int
    told_from: str


@ROUTES.get("/")
async def queue(
    request: Request,
    service: ServiceDep,
    _: OfficerDep,
    page: int = Query(1, ge=1, le=9_999),
    done: str = Query("", pattern=r"^[A-Za-z0-9.-]{0,64}$"),
) -> Response:
    """Show what waits, oldest first."""
    return await _queue(request, service, page, done=done)


@ROUTES.post("/{id_}/review")
async def review(
    id_: str, request: Request, service: ServiceDep, form: CheckedForm, caller: OfficerDep
) -> Response:
    """Record what the officer found."""
    words = form.get("words", "").strip()
    accepted = ANSWERS.get(form.get("answer", ""))
    if not words or len(words) > MOST_TEXT or accepted is None:
        key = "answer" if accepted is None else "words"
        return await _queue(request, service, 1, wrong=(id_, key, words[:MOST_TEXT]))
    by, now = caller.principal.subject, service.clock.now()

    def taken(override: Override) -> Override:
        return rules.reviewed(override, accepted=accepted, words=words, by=by, at=now)

    await _book(request).step(caller, id_, Action.OVERRIDE_CASE, taken)
    return RedirectResponse(f"{web_of(request).pages.base}/?done={id_}", SEE_OTHER)


@ROUTES.get("/decided")
async def decided(
    request: Request, service: ServiceDep, _: OfficerDep, page: int = Query(1, ge=1, le=9_999)
) -> Response:
    """Show what has been reviewed, newest first."""
    found = decided_of((await _book(request).ledger.caught_up()).values())
    now = service.clock.now()
    shown, more = _page(found, page)
    rows = [_row(one, now) for one in shown]
    return _render(request, "decided.html", rows=rows, count=len(found), page=page, more=more)


@ROUTES.get("/figures")
async def figures(
    request: Request, service: ServiceDep, _: OfficerDep, days: int = Query(30, ge=0, le=3_650)
) -> Response:
    """Show the figures of a stretch of time, by when the overrides were opened."""
    now = service.clock.now()
    everything = list((await _book(request).ledger.caught_up()).values())
    since = now - timedelta(days=days)
    found = [one for one in everything if not days or one.opened_at >= since]
    made: Figures = figures_of(found, now)
    return _render(request, "figures.html", figures=made, days=days, spans=SPANS, hour=HOUR)


@ROUTES.get("/{id_}")
async def one(id_: str, request: Request, service: ServiceDep, caller: OfficerDep) -> Response:
    """Show one override with what was looked at under it, asked of every holder."""
    override, tokens = await _book(request).looked_at(caller, id_)
    holders: tuple[Holder, ...] = request.app.state.holders
    near: Neighbours = request.app.state.near
    answers = await asyncio.gather(*(asked_of(near, holder, tokens) for holder in holders))
    events = [entry["resource"] for answer in answers if answer is not None for entry in answer[1]]
    silent = [
        (holder.title_ja, holder.title_en)
        for holder, answer in zip(holders, answers, strict=True)
        if answer is None or answer[0] > len(answer[1])
    ]
    return _render(
        request,
        "one.html",
        row=_row(override, service.clock.now()),
        uses=[(_said(use.at), use) for use in uses_of(events, id_)],
        silent=silent,
    )


async def _queue(
    request: Request,
    service: FhirService,
    page: int,
    *,
    done: str = "",
    wrong: tuple[str, str, str] | None = None,
) -> Response:
    now = service.clock.now()
    everything = (await _book(request).ledger.caught_up()).values()
    found = queue_of(everything, now)
    if wrong is not None and (at := [n for n, one in enumerate(found) if one.id == wrong[0]]):
        page = at[0] // PER_PAGE + 1
    shown, more = _page(found, page)
    return _render(
        request,
        "queue.html",
        status=200 if wrong is None else STATUS[Category.STRUCTURE],
        rows=[_row(one, now) for one in shown],
        count=len(found),
        overdue=sum(one.overdue_at(now) for one in found),
        under_way=sum(one.open_at(now) for one in everything),
        page=page,
        more=more,
        done=bool(done),
        wrong=wrong,
    )


def _page(found: list[Override], page: int) -> tuple[list[Override], bool]:
    first = (page - 1) * PER_PAGE
    return found[first : first + PER_PAGE], len(found) > first + PER_PAGE


def _row(one: Override, now: datetime) -> Row:
    end = one.stopped_at or min(one.ends_at, now)
    return Row(
        one=one,
        result=result_of(one, now).value,
        opened=_moment(one.opened_at),
        ended=_moment(end),
        minutes=-(-(end - one.opened_at) // MINUTE),
        due=_moment(one.due_at),
        hours_left=(one.due_at - now) // HOUR,
        told_from=_moment(one.delay.until) if one.delay else "",
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(TOKYO):%Y-%m-%d %H:%M}"


def _said(recorded: str) -> str:
    try:
        return _moment(datetime.fromisoformat(recorded))
    except ValueError:
        return recorded


def _book(request: Request) -> Book:
    book: Book = request.app.state.overrides
    return book


def _render(request: Request, template: str, *, status: int = 200, **context: object) -> Response:
    titles: Mapping[str, tuple[str, str]] = request.app.state.region_titles
    words: Words = web_of(request).pages.words(request)

    def region(code: str | None) -> str:
        """Return a region's title."""
        if not code:
            return words("unknown")
        return titles[code][0 if words.language == "ja" else 1] if code in titles else code

    pages = web_of(request).pages
    return pages.render(request, template, status=status, region=region, **context)
