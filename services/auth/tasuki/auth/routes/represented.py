"""`/account/represented`: an office that was shown papers records who represents a resident by law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.proxies.book import (
    CODE_LIFE,
    Given,
    end,
    guessed,
    guesses_too_often,
    recorded_by,
)
from tasuki.auth.proxies.grant import MAX_NAME, RELATIONSHIPS, Basis, Terms, fault_of
from tasuki.auth.proxies.pages import shown, shown_waiting
from tasuki.auth.proxies.people import MUNICIPALITY, Asked, NotNow, member_of
from tasuki.auth.proxies.waiting import (
    WAITING,
    confirm,
    evidence_of,
    may_record,
    office_of,
    record,
    waiting_at,
)
from tasuki.auth.routes.account_desk import Desk, form_of
from tasuki.auth.routes.proxies import MINUTE, terms_of
from tasuki.auth.staff import administers
from tasuki.auth.words import words_for
from tasuki.consent.vocabulary import DataClass
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.account_sessions import AccountSession
    from tasuki.auth.proxies.waiting import Office

REPRESENTED = "/represented"
PAPERS = ("family-register", "court-register", "court-decision")
"""What may be shown. Chosen, not written: so no number of a person can stand here."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the form asks for."""

    asked: Asked
    terms: Terms
    papers: str


class RepresentedPages:
    """The page on which an office records who represents whom, and what its forms do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context

    async def show(self, request: Request) -> Response:
        """Return the page."""
        async with self._desk.engine.connect() as connection:
            session = await self._allowed(request, connection)
            if session is None:
                return self._desk.back(request)
            return await self._page(request, connection, session)

    async def record(self, request: Request) -> Response:
        """Record who represents a resident, for a second person to confirm."""
        form = await form_of(request)
        # A wrong guess commits as well: it must be counted.
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            office = await self._office(connection, session)
            two = may_record(office, session.account.id)
            wrong = await self._recorded(connection, session, form) if two else "proxy_alone"
            if wrong is not None:
                return await self._page(request, connection, session, typed=form, message=wrong)
        return self._desk.back(request, said="said_proxy_waits", to=REPRESENTED)

    async def confirm(self, request: Request) -> Response:
        """Confirm what another one recorded; show the code for who represents, this once."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            id_ = form.get("grant", "")
            made = await connection.run_sync(confirm, self._context, session.account, id_)
            if made.startswith("proxy_"):
                return await self._page(request, connection, session, message=made)
            return await self._page(request, connection, session, code=made)

    async def end(self, request: Request) -> Response:
        """End what this office recorded, at once."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            id_ = form.get("grant", "")
            gone = await connection.run_sync(end, self._context, session.account, id_)
        return self._desk.back(request, said="said_proxy_ended" if gone else None, to=REPRESENTED)

    async def _recorded(
        self, connection: AsyncConnection, session: AccountSession, form: Mapping[str, str]
    ) -> str | None:
        """Return what is wrong, as a key of the words (`proxy_…`); None where it is recorded."""
        now, by = self._context.clock.now(), session.account
        wanted = _wanted(form, by.organization or "")
        if wanted is None or self._context.people is None:
            return "proxy_papers_incomplete"
        wrong = fault_of(wanted.terms, Basis.PAPERS, now, birth=wanted.asked.birth)
        if wrong is not None:
            return wrong
        if await connection.run_sync(guesses_too_often, by.id, now):
            return "proxy_nobody"
        try:
            patient = await self._context.people.resident(wanted.asked)
        except NotNow:
            return "proxy_not_now"
        if patient is None:
            await connection.run_sync(guessed, self._context, by.id)
            return "proxy_nobody"
        evidence = evidence_of(wanted.papers, wanted.asked.birth)
        given = Given(patient, by.id, Basis.PAPERS, by.organization, evidence)
        done = await connection.run_sync(record, self._context, given, wanted.terms)
        return None if done else "proxy_too_many"

    async def _office(self, connection: AsyncConnection, session: AccountSession) -> Office:
        organization = session.account.organization or ""
        return await connection.run_sync(office_of, self._context.box, organization)

    async def _allowed(
        self, request: Request, connection: AsyncConnection
    ) -> AccountSession | None:
        session = await self._desk.session(request, connection)
        if session is None:
            return None
        office = await connection.run_sync(administers, session.account)
        return session if (office or "").startswith(MUNICIPALITY) else None

    async def _page(
        self,
        request: Request,
        connection: AsyncConnection,
        session: AccountSession,
        *,
        code: str | None = None,
        message: str | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        box, now, mine = self._context.box, self._context.clock.now(), session.account.id
        organization = session.account.organization or ""
        known = await connection.run_sync(recorded_by, box, organization, now)
        waiting = await connection.run_sync(waiting_at, box, organization, now)
        office = await self._office(connection, session)
        words = words_for(request.query_params.get("ui_locales", ""))
        return self._desk.render(
            request,
            "represented.html",
            status=200 if message is None else 422,
            message=message,
            csrf=self._desk.csrf(session.secret),
            code=None if code is None else f"{code[:4]} {code[4:7]} {code[7:]}",
            code_minutes=int(CODE_LIFE.total_seconds()) // MINUTE,
            recorded=[shown(one, words) for one in known],
            waiting=[shown_waiting(one, words, office, mine) for one in waiting],
            waiting_days=WAITING.days,
            may_record=may_record(office, mine),
            relationships=[one.value for one in RELATIONSHIPS[Basis.PAPERS]],
            papers=PAPERS,
            classes=[one.value for one in DataClass],
            most_name=MAX_NAME,
            today=(now.astimezone(TOKYO).date() + timedelta(days=1)).isoformat(),
            typed=typed or {},
        )


def _wanted(form: Mapping[str, str], office: str) -> Recording | None:
    terms, papers = terms_of(form), form.get("papers", "")
    parts = [form.get(name, "").strip() for name in ("insurer", "symbol", "number", "branch")]
    member = member_of(*parts)
    try:
        birth = date.fromisoformat(form.get("birth_date", ""))
    except ValueError:
        return None
    if terms is None or member is None or papers not in PAPERS:
        return None
    return Recording(Asked(member, birth, office), terms, papers)


def represented_routes(desk: Desk) -> APIRouter:
    """Return the routes on which an office records who represents whom."""
    router, pages = APIRouter(), RepresentedPages(desk)
    router.add_api_route("/account/represented", pages.show, methods=["GET"])
    router.add_api_route("/account/represented", pages.record, methods=["POST"])
    router.add_api_route("/account/represented/confirm", pages.confirm, methods=["POST"])
    router.add_api_route("/account/represented/end", pages.end, methods=["POST"])
    return router
