"""`/account/record` and `/account/codes`: a resident binds their account; an office gives the code for it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.binding import BURNED_AFTER, CODE_LIFE, Shown, bind, issue
from tasuki.auth.proxies.book import guessed, guesses_too_often
from tasuki.auth.proxies.people import MUNICIPALITY, Asked, NotNow, member_of
from tasuki.auth.routes.account_desk import Desk, form_of
from tasuki.auth.staff import administers
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.account_sessions import AccountSession

RECORD = "/record"
_PARTS = ("insurer", "symbol", "number", "branch")


class BindingPages:
    """The page on which a resident binds their account, and the one on which an office gives codes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context

    async def show(self, request: Request) -> Response:
        """Return the resident's page."""
        async with self._desk.engine.connect() as connection:
            session = await self._resident(request, connection)
        if session is None:
            return self._desk.back(request)
        return self._page(request, session)

    async def bind(self, request: Request) -> Response:
        """Bind the account of the resident who is signed in."""
        form = await form_of(request)
        # A failure commits as well: it must be counted.
        async with self._desk.engine.begin() as connection:
            session = await self._resident(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            try:
                shown = await self._shown(form)
            except NotNow:
                return self._page(request, session, message="binding_not_now")
            code = form.get("code", "")
            if not await bind(connection, self._context, session.account, shown, code):
                return self._page(request, session, message="binding_no")
        return self._desk.back(request, said="said_bound")

    async def desk(self, request: Request) -> Response:
        """Return the office's page."""
        async with self._desk.engine.connect() as connection:
            session = await self._office(request, connection)
        if session is None:
            return self._desk.back(request)
        return self._desk_page(request, session)

    async def issue(self, request: Request) -> Response:
        """Give a code for a resident of the office's municipality; shown this once."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._office(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            by, now = session.account, self._context.clock.now()
            if await connection.run_sync(guesses_too_often, by.id, now):
                return self._desk_page(request, session, message="proxy_nobody")
            try:
                shown = await self._shown(form, office=by.organization)
            except NotNow:
                return self._desk_page(request, session, message="proxy_not_now")
            if shown.patient is None:
                await connection.run_sync(guessed, self._context, by.id)
                return self._desk_page(request, session, message="proxy_nobody")
            code = await connection.run_sync(issue, self._context, by, shown.patient)
            return self._desk_page(request, session, code=code)

    async def _shown(self, form: Mapping[str, str], *, office: str | None = None) -> Shown:
        people = self._context.people
        member = member_of(*(form.get(name, "").strip() for name in _PARTS))
        try:
            birth = date.fromisoformat(form.get("birth_date", ""))
        except ValueError:
            birth = None
        if people is None:
            raise NotNow
        # Asked whatever was typed, so that all attempts take as long.
        asked = Asked(member or "-", birth or date.min, office)
        found = await people.resident(asked)
        return Shown(member, birth, found if member and birth else None)

    async def _resident(
        self, request: Request, connection: AsyncConnection
    ) -> AccountSession | None:
        session = await self._desk.session(request, connection)
        may = (
            session is not None
            and session.account.role is Role.RESIDENT
            and session.account.patient is None
            and self._context.people is not None
        )
        return session if may else None

    async def _office(self, request: Request, connection: AsyncConnection) -> AccountSession | None:
        session = await self._desk.session(request, connection)
        if session is None or self._context.people is None:
            return None
        office = await connection.run_sync(administers, session.account)
        return session if (office or "").startswith(MUNICIPALITY) else None

    def _page(
        self, request: Request, session: AccountSession, *, message: str | None = None
    ) -> Response:
        return self._desk.render(
            request,
            "record.html",
            status=200 if message is None else 422,
            message=message,
            csrf=self._desk.csrf(session.secret),
            burned_after=BURNED_AFTER,
        )

    def _desk_page(
        self,
        request: Request,
        session: AccountSession,
        *,
        code: str | None = None,
        message: str | None = None,
    ) -> Response:
        return self._desk.render(
            request,
            "codes.html",
            status=200 if message is None else 422,
            message=message,
            csrf=self._desk.csrf(session.secret),
            code=None if code is None else f"{code[:4]} {code[4:7]} {code[7:]}",
            days=CODE_LIFE.days,
        )


def binding_routes(desk: Desk) -> APIRouter:
    """Return the routes on which residents bind their accounts."""
    router, pages = APIRouter(), BindingPages(desk)
    router.add_api_route("/account/record", pages.show, methods=["GET"])
    router.add_api_route("/account/record", pages.bind, methods=["POST"])
    router.add_api_route("/account/codes", pages.desk, methods=["GET"])
    router.add_api_route("/account/codes", pages.issue, methods=["POST"])
    return router
