"""`/authorize`: the request is checked, two factors are asked for, a code goes back to the app.

The whole request is checked again when the form comes back; the server keeps nothing in between.

https://www.rfc-editor.org/rfc/rfc6749#section-4.1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.grants.authlib_core import (
    OAuth2Error,
)
from tasuki.auth.grants.request import read_parameters
from tasuki.auth.pages import SignInForm, broken_page, csrf_token, new_browser_secret, sign_in_page
from tasuki.auth.passkeys.asking import passkey_request
from tasuki.auth.proving import Posted
from tasuki.auth.proxies.pages import WhomForm, whom_page
from tasuki.auth.routes.cookies import Cookie
from tasuki.auth.routes.forms import read_form, respond
from tasuki.auth.routes.requests import ForWhom, Refused, Visit, checked_visit, decided

if TYPE_CHECKING:
    import asyncio

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.auth.context import AuthContext


class AuthorizationPages:
    """The page a person signs in on, and what becomes of the form."""

    def __init__(self, context: AuthContext, engine: AsyncEngine, turns: asyncio.Semaphore) -> None:
        self._context = context
        self._engine = engine
        self._cookie = Cookie(context.issuer.url)
        self._turns = turns

    async def show(self, request: Request) -> Response:
        """Return the sign-in page, or send a faulty request back to the app it came from."""
        try:
            pairs = read_parameters(request.url.query)
        except OAuth2Error as error:
            return _refusal(request, Refused(error.error))
        async with self._engine.connect() as connection:
            visit = await connection.run_sync(checked_visit, self._context, pairs)
        if isinstance(visit, Refused):
            return _refusal(request, visit)
        return self._form_page(request, visit)

    async def sign_in(self, request: Request) -> Response:
        """Return to the app with a code, or show the page again."""
        try:
            pairs, form = read_parameters(request.url.query), dict(await read_form(request))
        except OAuth2Error as error:
            return _refusal(request, Refused(error.error))
        browser = request.cookies.get(self._cookie.name, "")
        came = self._context.clock.now()
        # A failed attempt commits as well: it must be counted and recorded.
        async with self._turns, self._engine.begin() as connection:
            visit = await connection.run_sync(checked_visit, self._context, pairs)
            if isinstance(visit, Refused):
                return _refusal(request, visit)
            posted = Posted(form, browser, page=request.url.query, at=came)
            end = await decided(connection, self._context, visit, posted)
        if isinstance(end, str):
            return self._form_page(request, visit, message=end, chosen=form.get("purpose"))
        if isinstance(end, ForWhom):
            return self._whom_page(request, visit, browser, end)
        return respond(end)

    def _whom_page(self, request: Request, visit: Visit, browser: str, asked: ForWhom) -> Response:
        query, context = request.url.query, self._context
        form = WhomForm(
            action=f"{context.issuer.url}/authorize?{query}",
            client_name=visit.client.name,
            redirect_uri=visit.redirect_uri,
            csrf=csrf_token(context.box, browser, query, now=context.clock.now()),
            ticket=asked.ticket,
            grants=asked.grants,
            locales=request.query_params.get("ui_locales", ""),
        )
        return whom_page(form)

    def _form_page(
        self,
        request: Request,
        visit: Visit,
        *,
        message: str | None = None,
        chosen: str | None = None,
    ) -> Response:
        browser = request.cookies.get(self._cookie.name) or new_browser_secret()
        query, context = request.url.query, self._context
        response = sign_in_page(
            SignInForm(
                action=f"{context.issuer.url}/authorize",
                account=f"{context.issuer.url}/account",
                query=query,
                client_name=visit.client.name,
                purposes=visit.wanted.purposes,
                redirect_uri=visit.redirect_uri,
                csrf=csrf_token(context.box, browser, query, now=context.clock.now()),
                passkey=passkey_request(context, browser, query),
                message=message,
                chosen=chosen,
            )
        )
        self._cookie.set_on(response, browser)
        return response


def authorize_routes(
    context: AuthContext, engine: AsyncEngine, turns: asyncio.Semaphore
) -> APIRouter:
    """Return the routes a person's browser visits.

    Args:
        context: The server's parts.
        engine: The database.
        turns: How many sign-ins may be decided at once.
    """
    router, pages = APIRouter(), AuthorizationPages(context, engine, turns)
    router.add_api_route("/authorize", pages.show, methods=["GET"])
    router.add_api_route("/authorize", pages.sign_in, methods=["POST"])
    return router


def _refusal(request: Request, refused: Refused) -> Response:
    if refused.answer is not None:
        return respond(refused.answer)
    return broken_page(refused.error, request.query_params.get("ui_locales", ""))
