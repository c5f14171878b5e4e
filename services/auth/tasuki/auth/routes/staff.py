"""`/account/staff` and `/account/invited`: an institution opens and withdraws its staff's accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from pyotp.totp import TOTP
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.pages import new_browser_secret
from tasuki.auth.qualifications import QUALIFICATIONS
from tasuki.auth.routes.account_desk import Desk, form_of
from tasuki.auth.routes.cookies import Cookie
from tasuki.auth.staff import (
    SHORTEST_PASSWORD,
    Invited,
    NewMember,
    accept,
    administers,
    find_invited,
    open_account,
    reinvite,
    staff_of,
    withdraw,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.account_sessions import AccountSession
    from tasuki.auth.context import AuthContext

STAFF = "/staff"


class StaffPages:
    """The list of an institution's accounts, and what its forms do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context

    async def show(self, request: Request) -> Response:
        """Return the list."""
        async with self._desk.engine.connect() as connection:
            session = await self._allowed(request, connection)
            if session is None:
                return self._desk.back(request)
            return await self._page(request, connection, session)

    async def open(self, request: Request) -> Response:
        """Open an account and show its invitation, this once."""
        form = await form_of(request)
        new = NewMember(
            form.get("username", ""), form.get("display", ""), form.get("qualification", "")
        )
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            invitation = await connection.run_sync(
                open_account, self._context, session.account, new
            )
            message = "staff_not_opened" if invitation is None else None
            return await self._page(
                request, connection, session, invitation=invitation, message=message
            )

    async def invite(self, request: Request) -> Response:
        """End what an account holds, and show a new invitation for it, this once."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            if form.get("sure") != "yes":
                return self._desk.back(request, said="said_not_sure", to=STAFF)
            invitation = await connection.run_sync(
                reinvite, self._context, session.account, form.get("account", "")
            )
            return await self._page(request, connection, session, invitation=invitation)

    async def withdraw(self, request: Request) -> Response:
        """Withdraw an account, at once."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._allowed(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            if form.get("sure") != "yes":
                return self._desk.back(request, said="said_not_sure", to=STAFF)
            gone = await connection.run_sync(
                withdraw, self._context, session.account, form.get("account", "")
            )
        return self._desk.back(request, said="said_withdrawn" if gone else None, to=STAFF)

    async def _allowed(
        self, request: Request, connection: AsyncConnection
    ) -> AccountSession | None:
        session = await self._desk.session(request, connection)
        if session is None:
            return None
        institution = await connection.run_sync(administers, session.account)
        return None if institution is None else session

    async def _page(
        self,
        request: Request,
        connection: AsyncConnection,
        session: AccountSession,
        *,
        invitation: str | None = None,
        message: str | None = None,
    ) -> Response:
        organization = session.account.organization or ""
        members = await connection.run_sync(staff_of, self._context.box, organization)
        return self._desk.render(
            request,
            "staff.html",
            status=200 if message is None else 422,
            message=message,
            csrf=self._desk.csrf(session.secret),
            invitation=invitation,
            invited_url=f"{self._context.issuer.url}/account/invited",
            members=members,
            mine=session.account.id,
            now=self._context.clock.now(),
            qualifications=QUALIFICATIONS,
        )


class InvitedPages:
    """The page on which somebody takes up the account opened for them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context
        self._browser = Cookie(desk.context.issuer.url)

    async def show(self, request: Request) -> Response:
        """Ask for the invitation."""
        return self._page(request, None)

    async def take(self, request: Request) -> Response:
        """Show the authenticator's secret, then give the account its password."""
        form, browser = await form_of(request), self._browser.value(request)
        if not self._desk.is_ours(form, browser):
            return self._page(request, None, message="expired")
        invitation = form.get("invitation", "")
        async with self._desk.turns, self._desk.engine.begin() as connection:
            taken = "password" in form and await accept(
                connection,
                self._context,
                invitation,
                password=form["password"],
                code=form.get("code", ""),
            )
            if taken:
                return self._desk.back(request, said="said_invited")
            invited = await connection.run_sync(_find, self._context, invitation)
        refused = "invited_not_taken" if "password" in form else None
        message = "invited_unknown" if invited is None else refused
        return self._page(request, invited, invitation=invitation, message=message)

    def _page(
        self,
        request: Request,
        invited: Invited | None,
        *,
        invitation: str = "",
        message: str | None = None,
    ) -> Response:
        browser = self._browser.value(request) or new_browser_secret()
        secret = "" if invited is None else invited.totp_secret
        link = (
            TOTP(secret, name=invited.username, issuer="Tasuki").provisioning_uri()
            if invited
            else ""
        )
        response = self._desk.render(
            request,
            "invited.html",
            status=200 if message is None else 422,
            message=message,
            csrf=self._desk.csrf(browser),
            invited=invited,
            invitation=invitation,
            secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
            link=link,
            shortest=SHORTEST_PASSWORD,
        )
        self._browser.set_on(response, browser)
        return response


def staff_routes(desk: Desk) -> APIRouter:
    """Return the routes on which accounts of staff come and go."""
    router, pages, invited = APIRouter(), StaffPages(desk), InvitedPages(desk)
    router.add_api_route("/account/staff", pages.show, methods=["GET"])
    router.add_api_route("/account/staff", pages.open, methods=["POST"])
    router.add_api_route("/account/staff/withdraw", pages.withdraw, methods=["POST"])
    router.add_api_route("/account/staff/invite", pages.invite, methods=["POST"])
    router.add_api_route("/account/invited", invited.show, methods=["GET"])
    router.add_api_route("/account/invited", invited.take, methods=["POST"])
    return router


def _find(connection: Connection, context: AuthContext, invitation: str) -> Invited | None:
    return find_invited(connection, context.box, invitation, now=context.clock.now())
