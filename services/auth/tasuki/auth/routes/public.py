"""What anybody may read: discovery, public keys, health; and a person's own `userinfo`.

https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tasuki.auth.discovery import server_metadata
from tasuki.auth.grants.own_tokens import OwnToken, read_own_token
from tasuki.auth.routes.forms import OPEN_TO_OTHER_ORIGINS
from tasuki.auth.tables import CLIENT
from tasuki.auth.withdrawn import tag_of, withdrawn_names
from tasuki.shared.access.dpop import NotProven, SeenProofs, open_proof
from tasuki.shared.access.tokens import key_thumbprint
from tasuki.shared.rest.outcome import CHALLENGES
from tasuki.shared.rest.service import shown_with

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.auth.context import AuthContext

KEYS_SECONDS = 300  # how long a cache may keep the public keys
PREFLIGHT = {
    **OPEN_TO_OTHER_ORIGINS,
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
    "Access-Control-Max-Age": "600",
}


def public_routes(context: AuthContext, engine: AsyncEngine) -> APIRouter:
    """Return the routes without a sign-in."""
    router = APIRouter()
    metadata = server_metadata(context.issuer.url)

    @router.get("/.well-known/openid-configuration")
    @router.get("/.well-known/oauth-authorization-server")
    async def discovery() -> Response:
        """Return the server's metadata."""
        return _cacheable(metadata)

    @router.get("/jwks")
    async def jwks() -> Response:
        """Return the public signing keys."""
        return _cacheable(context.issuer.keys.published())

    @router.get("/withdrawn")
    async def withdrawn(request: Request) -> Response:
        """Return hashes of what was taken back before its end; 304 where nothing changed."""
        async with engine.connect() as connection:
            names = await connection.run_sync(_withdrawn, context)
        headers = {"ETag": tag_of(names), "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return JSONResponse({"withdrawn": names}, headers=headers)

    @router.options("/token")
    @router.options("/revoke")
    @router.options("/userinfo")
    @router.options("/jwks")
    @router.options("/.well-known/{document}")
    async def preflight() -> Response:
        """Return that apps on other origins may call."""
        return Response(status_code=204, headers=PREFLIGHT)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Return that the process answers."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Return that the database answers and has its tables."""
        async with engine.connect() as connection:
            await connection.execute(select(CLIENT.c.client_id).limit(1))
        return {"status": "ok"}

    return router


def userinfo_routes(context: AuthContext, engine: AsyncEngine) -> APIRouter:
    """Return the routes on which a person's app asks whom it signed in."""
    router, seen = APIRouter(), SeenProofs(context.clock)

    @router.get("/userinfo")
    @router.post("/userinfo")
    async def userinfo(request: Request) -> Response:
        """Return the subject of the caller's own token."""
        own = await _owner(request, context, engine, seen)
        if own is None or not own.principal.scopes.has("openid"):
            headers = {"WWW-Authenticate": CHALLENGES}
            return JSONResponse(
                {"error": "invalid_token"}, 401, headers=headers | OPEN_TO_OTHER_ORIGINS
            )
        told = {"sub": own.principal.subject}
        if "fhirUser" in own.claims:
            told["fhirUser"] = own.claims["fhirUser"]
        headers = {"Cache-Control": "no-store"} | OPEN_TO_OTHER_ORIGINS
        return JSONResponse(told, headers=headers)

    return router


async def _owner(
    request: Request, context: AuthContext, engine: AsyncEngine, seen: SeenProofs
) -> OwnToken | None:
    """Return the caller's own token, whose key is proven where it is bound to one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "dpop"):
        return None
    async with engine.connect() as connection:
        own = await connection.run_sync(_read, context, token.strip())
    if own is None:
        return None
    jkt = key_thumbprint(own.claims)
    if scheme.lower() == "bearer":
        return own if jkt is None else None
    try:
        proof = open_proof(
            shown_with(request),
            base_url=context.issuer.url,
            clock=context.clock,
            token=token.strip(),
        )
    except NotProven:
        return None
    return own if proof.jkt == jkt and seen.is_first(proof) else None


def _cacheable(body: dict[str, Any]) -> Response:
    headers = {"Cache-Control": f"public, max-age={KEYS_SECONDS}"} | OPEN_TO_OTHER_ORIGINS
    return JSONResponse(body, headers=headers)


def _withdrawn(connection: Connection, context: AuthContext) -> list[str]:
    return withdrawn_names(connection, now=context.clock.now())


def _read(connection: Connection, context: AuthContext, token: str) -> OwnToken | None:
    return read_own_token(context, connection, token)
