"""`POST /token`, `/introspect`, `/revoke` and `/launch`.

https://www.rfc-editor.org/rfc/rfc6749#section-3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.grants.authlib_core import (
    InvalidRequestError,
    OAuth2Error,
)
from tasuki.auth.grants.backend import BackendGrant
from tasuki.auth.grants.code import CodeGrant, S256Only
from tasuki.auth.grants.endpoints import Introspection, Revocation
from tasuki.auth.grants.exchange import ExchangeGrant
from tasuki.auth.grants.launching import launch_answer
from tasuki.auth.grants.refresh import RotatingRefreshGrant
from tasuki.auth.grants.request import FormRequest
from tasuki.auth.grants.server import Answer, OAuthServer
from tasuki.auth.routes.forms import read_form, respond, respond_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.auth.context import AuthContext


def token_routes(context: AuthContext, engine: AsyncEngine) -> APIRouter:
    """Return the routes that clients call directly; each call is one transaction."""
    router = APIRouter()

    async def answered(
        request: Request, answer: Callable[[OAuthServer, FormRequest], Answer]
    ) -> Response:
        try:
            form = FormRequest("POST", await read_form(request))
        except InvalidRequestError as error:
            return respond_error(error)

        def in_transaction(connection: Connection) -> Answer:
            return answer(oauth_server(context, connection), form)

        # A refusal commits as well: a replayed code or token must end its family.
        async with engine.begin() as connection:
            return respond(await connection.run_sync(in_transaction))

    @router.post("/token")
    async def token(request: Request) -> Response:
        """Return a token, or why not."""
        return await answered(request, lambda server, form: server.create_token_response(form))

    @router.post("/introspect")
    async def introspect(request: Request) -> Response:
        """Return what an access token says."""
        return await answered(
            request, lambda server, form: server.create_endpoint_response("introspection", form)
        )

    @router.post("/launch")
    async def launch(request: Request) -> Response:
        """Return a handle with which another app begins where its user is."""
        return await answered(request, _launched)

    @router.post("/revoke")
    async def revoke(request: Request) -> Response:
        """End a token."""
        return await answered(
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
