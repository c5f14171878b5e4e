"""`/account/vouch`: a colleague's word in place of a broken card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.routes.account_desk import Desk, form_of
from tasuki.auth.vouching import CODE_LIFE, MAX_REASON, VOUCHED_MINUTES, may_vouch, vouch
from tasuki.shared.text import holds_my_number

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.account_sessions import AccountSession

MINUTE = 60


class VouchingPages:
    """The page on which one member of staff vouches for another."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: Request) -> Response:
        """Return the form."""
        async with self._desk.engine.connect() as connection:
            session = await self._allowed(request, connection)
        if session is None:
            return self._desk.back(request)
        return self._page(request, session)

    async def vouch(self, request: Request) -> Response:
        """Return the code, shown this once."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            name, reason = form.get("username", ""), form.get("reason", "").strip()[:MAX_REASON]
            if not name.strip() or not reason:
                return self._page(request, session, message="vouch_incomplete")
            if holds_my_number(reason):  # it is kept for years
                return self._page(request, session, message="no_my_number")
            context = self._desk.context
            code = await connection.run_sync(vouch, context, session, name, reason)
        return self._page(request, session, code=f"{code[:4]} {code[4:]}")

    async def _allowed(
        self, request: Request, connection: AsyncConnection
    ) -> AccountSession | None:
        session = await self._desk.session(request, connection)
        return session if session is not None and may_vouch(session) else None

    def _page(
        self,
        request: Request,
        session: AccountSession,
        *,
        code: str | None = None,
        message: str | None = None,
    ) -> Response:
        return self._desk.render(
            request,
            "vouch.html",
            status=200 if message is None else 422,
            message=message,
            csrf=self._desk.csrf(session.secret),
            code=code,
            code_minutes=int(CODE_LIFE.total_seconds()) // MINUTE,
            sign_in_minutes=VOUCHED_MINUTES,
            longest_reason=MAX_REASON,
        )


def vouching_routes(desk: Desk) -> APIRouter:
    """Return the routes on which colleagues vouch for each other."""
    router, pages = APIRouter(), VouchingPages(desk)
    router.add_api_route("/account/vouch", pages.show, methods=["GET"])
    router.add_api_route("/account/vouch", pages.vouch, methods=["POST"])
    return router
