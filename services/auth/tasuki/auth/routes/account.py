"""`/account`: one's own passkeys, after a sign-in of its own.

https://www.w3.org/TR/webauthn-3/
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.account_sessions import AccountSession, begin_session, end_session
from tasuki.auth.log.events import OWN_PAGES, Event, What
from tasuki.auth.pages import new_browser_secret
from tasuki.auth.passkeys.asking import SCRIPT, new_passkey_request, passkey_request
from tasuki.auth.passkeys.registering import forget_passkey, register_passkey
from tasuki.auth.passkeys.store import MAX_LABEL, passkeys_of
from tasuki.auth.proving import Posted, prove
from tasuki.auth.proxies.book import about, acting_for
from tasuki.auth.proxies.people import MUNICIPALITY
from tasuki.auth.routes.account_desk import ACCOUNT, Desk, form_of
from tasuki.auth.routes.binding import binding_routes
from tasuki.auth.routes.cookies import Cookie
from tasuki.auth.routes.proxies import proxy_routes
from tasuki.auth.routes.represented import represented_routes
from tasuki.auth.routes.sign_ins import sign_in_routes
from tasuki.auth.routes.staff import staff_routes
from tasuki.auth.routes.vouching import vouching_routes
from tasuki.auth.sign_in_log import Method, Outcome, SignIn, event_of
from tasuki.auth.staff import administers
from tasuki.auth.vouching import may_vouch
from tasuki.shared.access.principal import Role
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    import asyncio

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.auth.context import AuthContext
    from tasuki.auth.passkeys.store import Passkey
    from tasuki.auth.proving import Proof

SCRIPT_SECONDS = 300
_STATIC = Path(__file__).parents[1] / "static"


class AccountPages:
    """The page about one's own account, and what its forms do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context
        self._browser = Cookie(desk.context.issuer.url)

    async def show(self, request: Request) -> Response:
        """Return the page, or ask to sign in."""
        async with self._desk.engine.connect() as connection:
            session = await self._desk.session(request, connection)
            if session is None:
                return self._sign_in_page(request)
            known = await connection.run_sync(passkeys_of, self._context.box, session.account.id)
            institution = await connection.run_sync(administers, session.account)
            proxies = await connection.run_sync(_proxies, self._context, session)
        return self._page(
            request, session, known, administering=institution is not None, proxies=proxies
        )

    async def sign_in(self, request: Request) -> Response:
        """Begin a session, or show the sign-in page again."""
        form, browser = await form_of(request), self._browser.value(request)
        if not self._desk.is_ours(form, browser):
            return self._sign_in_page(request, message="expired")
        posted = Posted(form, browser, page=ACCOUNT, at=self._context.clock.now())
        # A failed attempt commits as well: it must be counted and recorded.
        async with self._desk.turns, self._desk.engine.begin() as connection:
            proof = await prove(connection, self._context, posted)
            secret = await connection.run_sync(_recorded, self._context, proof)
        if secret is None:
            return self._sign_in_page(request, message="not_signed_in")
        response = self._desk.back(request)
        self._desk.cookie.set_on(response, secret)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        form, secret = await form_of(request), self._desk.cookie.value(request)
        if self._desk.is_ours(form, secret):
            async with self._desk.engine.begin() as connection:
                await connection.run_sync(_signed_out, self._context, secret)
        response = self._desk.back(request)
        self._desk.cookie.drop_from(response)
        return response

    async def add(self, request: Request) -> Response:
        """Keep the passkey a device just made."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._desk.session(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            label = form.get("label", "").strip()[:MAX_LABEL]
            kept = await connection.run_sync(
                register_passkey, self._context, session, form.get("passkey", ""), label
            )
        return self._desk.back(request, said="said_passkey_added" if kept else "said_passkey_not")

    async def remove(self, request: Request) -> Response:
        """Forget one of one's own passkeys."""
        form = await form_of(request)
        async with self._desk.engine.begin() as connection:
            session = await self._desk.session(request, connection)
            if session is None or not self._desk.is_ours(form, session.secret):
                return self._desk.back(request)
            credential = _credential(form.get("credential", ""))
            gone = await connection.run_sync(forget_passkey, self._context, session, credential)
        return self._desk.back(request, said="said_passkey_removed" if gone else None)

    async def script(self) -> Response:
        """Return the script that asks a browser for a passkey."""
        headers = {
            "Cache-Control": f"public, max-age={SCRIPT_SECONDS}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(_script(), media_type="text/javascript", headers=headers)

    def _sign_in_page(self, request: Request, *, message: str | None = None) -> Response:
        browser = self._browser.value(request) or new_browser_secret()
        response = self._desk.render(
            request,
            "account_sign_in.html",
            passkey=passkey_request(self._context, browser, ACCOUNT),
            message=message,
            status=200 if message is None else 403,
            csrf=self._desk.csrf(browser),
        )
        self._browser.set_on(response, browser)
        return response

    def _records_papers(self, session: AccountSession) -> bool:
        office = session.account.organization or ""
        return self._context.people is not None and office.startswith(MUNICIPALITY)

    def _page(
        self,
        request: Request,
        session: AccountSession,
        known: list[Passkey],
        *,
        administering: bool,
        proxies: tuple[int, int],
    ) -> Response:
        return self._desk.render(
            request,
            "account.html",
            passkey=new_passkey_request(
                self._context, session.account, known, browser=session.secret, page=ACCOUNT
            ),
            csrf=self._desk.csrf(session.secret),
            who=session.account.display,
            may_vouch=may_vouch(session),
            administers=administering,
            records_papers=administering and self._records_papers(session),
            resident=session.account.role is Role.RESIDENT,
            can_bind=session.account.patient is None and self._context.people is not None,
            proxies=proxies[0],
            acting=proxies[1],
            has_site=self._context.site is not None,
            longest_label=MAX_LABEL,
            passkeys=[
                {
                    "id": base64.urlsafe_b64encode(key.credential).decode(),
                    "label": key.label,
                    "created": key.created_at.astimezone(TOKYO),
                    "used": None if key.used_at is None else key.used_at.astimezone(TOKYO),
                }
                for key in known
            ],
        )


def account_routes(
    context: AuthContext, engine: AsyncEngine, turns: asyncio.Semaphore
) -> APIRouter:
    """Return the routes of the pages about one's own account."""
    desk = Desk(context, engine, turns)
    router, pages = APIRouter(), AccountPages(desk)
    router.include_router(vouching_routes(desk))
    router.include_router(staff_routes(desk))
    router.include_router(proxy_routes(desk))
    router.include_router(represented_routes(desk))
    router.include_router(binding_routes(desk))
    router.include_router(sign_in_routes(desk))
    router.add_api_route("/account", pages.show, methods=["GET"])
    router.add_api_route("/account/sign-in", pages.sign_in, methods=["POST"])
    router.add_api_route("/account/sign-out", pages.sign_out, methods=["POST"])
    router.add_api_route("/account/passkeys", pages.add, methods=["POST"])
    router.add_api_route("/account/passkeys/remove", pages.remove, methods=["POST"])
    router.add_api_route(f"/{SCRIPT}", pages.script, methods=["GET"])
    return router


def _proxies(
    connection: Connection, context: AuthContext, session: AccountSession
) -> tuple[int, int]:
    """Return how many may act for somebody, and for how many they may act."""
    box, now, patient = context.box, context.clock.now(), session.account.patient
    of_me = [] if patient is None else about(connection, box, patient, now)
    accepted = sum(grant.accepted_at is not None for grant in of_me)
    return accepted, len(acting_for(connection, box, session.account.id, now))


def _recorded(connection: Connection, context: AuthContext, proof: Proof) -> str | None:
    now, account, outcome = context.clock.now(), proof.account, proof.outcome
    # A colleague's word opens a short sign-in; here it could make a passkey that stays.
    if outcome is Outcome.SIGNED_IN and proof.method is Method.VOUCHED:
        outcome = Outcome.NOT_PERMITTED
    attempt = SignIn(
        account=None if account is None else account.id,
        client_id=ACCOUNT,
        outcome=outcome,
        method=proof.method,
        voucher=proof.voucher,
        locked_until=proof.locked_until,
    )
    context.log.record(connection, event_of(attempt))
    if outcome is not Outcome.SIGNED_IN or account is None:
        return None
    return begin_session(connection, context.box, account.id, method=proof.method, now=now)


def _signed_out(connection: Connection, context: AuthContext, secret: str) -> None:
    account = end_session(connection, context.box, secret)
    if account is not None:
        event = Event(
            what=What.SIGN_OUT,
            actor=account,
            account=account,
            client_id=OWN_PAGES,
            basis="session/account",
        )
        context.log.record(connection, event)


def _credential(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode())
    except ValueError:
        return b""


def _script() -> bytes:
    return (_STATIC / SCRIPT).read_bytes()
