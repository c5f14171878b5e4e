"""`POST /token`, `/introspect`, `/revoke` and `/launch`.

https://www.rfc-editor.org/rfc/rfc6749#section-3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.client_keys import KeysNeeded
from tasuki.auth.grants.authlib_core import (
    InvalidRequestError,
    OAuth2Error,
)
from tasuki.auth.grants.backend import BackendGrant
from tasuki.auth.grants.code import CodeGrant, S256Only
from tasuki.auth.grants.endpoints import Introspection, Revocation
from tasuki.auth.grants.errors import ClientRefused
from tasuki.auth.grants.exchange import ExchangeGrant
from tasuki.auth.grants.launching import launch_answer
from tasuki.auth.grants.refresh import RotatingRefreshGrant
from tasuki.auth.grants.request import FormRequest
from tasuki.auth.grants.server import Answer, OAuthServer
from tasuki.auth.routes.forms import read_form, respond, respond_error
from tasuki.shared.rest.service import shown_with
from tasuki.shared.rest.tls import certificate_thumbprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.auth.context import AuthContext


class Calls:
    """Calls of clients, each answered in one transaction."""

    def __init__(self, context: AuthContext, engine: AsyncEngine) -> None:
        self._context = context
        self._engine = engine

    async def answered(
        self, request: Request, answer: Callable[[OAuthServer, FormRequest], Answer]
    ) -> Response:
        """Return the response; a client's keys are fetched first where they are needed."""
        try:
            form = FormRequest(
                "POST",
                await read_form(request),
                shown_with(request),
                certificate=certificate_thumbprint(request.scope),
            )
        except InvalidRequestError as error:
            return respond_error(error)
        try:
            return await self._committed(form, answer)
        except KeysNeeded as needed:
            await self._context.client_keys.fetch(needed.url, needed.kid)
        try:
            return await self._committed(form, answer)
        except KeysNeeded:
            return respond_error(ClientRefused())

    async def _committed(
        self, form: FormRequest, answer: Callable[[OAuthServer, FormRequest], Answer]
    ) -> Response:
        def in_transaction(connection: Connection) -> Answer:
            return answer(oauth_server(self._context, connection), form)

        # A refusal commits as well: a replayed code or token must end its family.
        async with self._engine.begin() as connection:
            return respond(await connection.run_sync(in_transaction))


def token_routes(context: AuthContext, engine: AsyncEngine) -> APIRouter:
    """Return the routes that clients call directly; each call is one transaction."""
    router, calls = APIRouter(), Calls(context, engine)

    @router.post("/token")
    async def token(request: Request) -> Response:
        """Return a token, or why not."""
        return await calls.answered(
            request, lambda server, form: server.create_token_response(form)
        )

    @router.post("/introspect")
    async def introspect(request: Request) -> Response:
        """Return what an access token says."""
        return await calls.answered(
            request, lambda server, form: server.create_endpoint_response("introspection", form)
        )

    @router.post("/launch")
    async def launch(request: Request) -> Response:
        """Return a handle with which another app begins where its user is."""
        return await calls.answered(request, _launched)

    @router.post("/revoke")
    async def revoke(request: Request) -> Response:
        """End a token."""
        return await calls.answered(
            request, lambda server, form: server.create_endpoint_response("revocation", form)
        )

    return router


def _launched(server: OAuthServer, form: FormRequest) -> Answer:
    try:
        return Answer(200, launch_answer(server, form))
    except OAuth2Error as error:
        answer: Answer = server.handle_error_response(form, error)
        return answer


def oauth_server(context: AuthContext, connection: Connection) -> OAuthServer:
    """Return a server with every grant we do, for one transaction."""
    server = OAuthServer(context, connection)
    server.register_grant(CodeGrant, [S256Only(required=True)])
    server.register_grant(RotatingRefreshGrant)
    server.register_grant(BackendGrant)
    server.register_grant(ExchangeGrant)
    server.register_endpoint(Introspection)
    server.register_endpoint(Revocation)
    return server
