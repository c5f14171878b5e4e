"""`/account/proxies`: who may act for me, for whom I may act; giving, accepting and ending it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.proxies.book import CODE_LIFE, Given, about, accept, acting_for, end, offer
from tasuki.auth.proxies.grant import (
    LONGEST,
    MAX_NAME,
    RELATIONSHIPS,
    Basis,
    Relationship,
    Terms,
    end_of,
    fault_of,
)
from tasuki.auth.proxies.pages import shown
from tasuki.auth.routes.account_desk import Desk, form_of
from tasuki.auth.words import words_for
from tasuki.consent.vocabulary import DataClass
from tasuki.shared.access.principal import Role
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.account_sessions import AccountSession

PROXIES = "/proxies"
MINUTE = 60


class ProxyPages:
    """The page of a resident's proxies, and what its forms do."""

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

    async def give(self, request: Request) -> Response:
        """Offer somebody to act for the person who is signed in; show the code, this once."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            patient = session.account.patient
            if patient is None:
                return self._desk.back(request, to=PROXIES)
            terms = terms_of(form)
            message = fault_of(terms, Basis.PERSON, self._context.clock.now()) if terms else None
            if terms is None or message is not None:
                message = message or "proxy_incomplete"
                return await self._page(request, connection, session, message=message, typed=form)
            given = Given(patient, session.account.id, Basis.PERSON)
            code = await connection.run_sync(offer, self._context, given, terms)
            message = "proxy_too_many" if code is None else None
            return await self._page(request, connection, session, message=message, code=code)

    async def accept(self, request: Request) -> Response:
        """Take up what was offered with a code."""
        form = await form_of(request)
        # A wrong code commits as well: it must be counted.
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            code = form.get("code", "")
            taken = await connection.run_sync(accept, self._context, session.account, code)
            if not taken:
                return await self._page(request, connection, session, message="proxy_not_accepted")
        return self._desk.back(request, said="said_proxy_accepted", to=PROXIES)

    async def end(self, request: Request) -> Response:
        """End a grant or an offer, at once."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            id_ = form.get("grant", "")
            gone = await connection.run_sync(end, self._context, session.account, id_)
        return self._desk.back(request, said="said_proxy_ended" if gone else None, to=PROXIES)

    async def _allowed(
        self, request: Request, connection: AsyncConnection
    ) -> AccountSession | None:
        session = await self._desk.session(request, connection)
        resident = session is not None and session.account.role is Role.RESIDENT
        return session if resident else None

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
        account, box, now = session.account, self._context.box, self._context.clock.now()
        patient = account.patient
        of_me = [] if patient is None else await connection.run_sync(about, box, patient, now)
        mine = await connection.run_sync(acting_for, box, account.id, now)
        words = words_for(request.query_params.get("ui_locales", ""))
        today = now.astimezone(TOKYO).date()
        return self._desk.render(
            request,
            "proxies.html",
            status=200 if message is None else 422,
            message=message,
            csrf=self._desk.csrf(session.secret),
            code=None if code is None else f"{code[:4]} {code[4:7]} {code[7:]}",
            code_minutes=int(CODE_LIFE.total_seconds()) // MINUTE,
            for_me=[shown(one, words) for one in of_me],
            i_act_for=[shown(one, words) for one in mine],
            may_give=patient is not None,
            relationships=[one.value for one in RELATIONSHIPS[Basis.PERSON]],
            classes=[one.value for one in DataClass],
            most_name=MAX_NAME,
            today=today.isoformat(),
            latest=(today + LONGEST - timedelta(days=1)).isoformat(),
            typed=typed or {},
        )


def terms_of(form: Mapping[str, str]) -> Terms | None:
    """Return what a form asks for; None where relationship or last day cannot be read."""
    try:
        relationship = Relationship(form.get("relationship", ""))
        last_day = date.fromisoformat(form.get("until", ""))
        ends_at = end_of(last_day)
    except (ValueError, OverflowError):
        return None
    return Terms(
        relationship=relationship,
        # A Japanese keyboard writes U+3000 between two parts of a name.
        name=" ".join(form.get("name", "").split()),
        person=" ".join(form.get("person", "").split()),
        classes=frozenset(one for one in DataClass if form.get(f"class_{one.value}") == "yes"),
        writes=form.get("writes") == "yes",
        wishes=form.get("wishes") == "yes",
        ends_at=ends_at,
    )


def proxy_routes(desk: Desk) -> APIRouter:
    """Return the routes on which residents let others act for them."""
    router, pages = APIRouter(), ProxyPages(desk)
    router.add_api_route("/account/proxies", pages.show, methods=["GET"])
    router.add_api_route("/account/proxies", pages.give, methods=["POST"])
    router.add_api_route("/account/proxies/accept", pages.accept, methods=["POST"])
    router.add_api_route("/account/proxies/end", pages.end, methods=["POST"])
    return router
