"""`$checkpoint`, `$cosignature` and `$log-keys`: the sealed log to its witnesses, as at every service.

A witness shows a token of this server that is for this server. Forms and statuses are those of
`tasuki.shared.rest.checkpoints`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Query, Request, Response

from tasuki.auth.grants.own_tokens import OwnToken, read_own_token
from tasuki.shared.access.tokens import certificate_bound_to, key_thumbprint
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.checkpoints import checkpoint_answer, keys_answer, taken
from tasuki.shared.rest.feed import MAX_POSITION, SCOPE
from tasuki.shared.rest.outcome import fault_response
from tasuki.shared.rest.tls import certificate_thumbprint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.auth.context import AuthContext
    from tasuki.shared.access.ledger import Ledger


def log_routes(
    context: AuthContext,
    engine: AsyncEngine,
    ledger: Ledger,
    witnesses: Mapping[str, Ed25519PublicKey],
) -> APIRouter:
    """Return the routes over the log, for these witnesses."""
    router = APIRouter()

    @router.get("/$checkpoint")
    async def checkpoint(request: Request, old: int = Query(0, ge=0, le=MAX_POSITION)) -> Response:
        """Return the newest head of the log, proven to extend its first `old` records."""
        refused = await _refusal(request, context, engine)
        return refused or await _told(checkpoint_answer(ledger, old))

    @router.post("/$cosignature")
    async def cosignature(request: Request) -> Response:
        """Keep what a known witness signed on a head of this log."""
        refused = await _refusal(request, context, engine)
        return refused or await _told(taken(request, ledger, witnesses))

    @router.get("/$log-keys")
    async def log_keys() -> Response:
        """Return the key that heads of this log are checked with; public."""
        return keys_answer(ledger)

    return router


async def _told(answer: Awaitable[Response]) -> Response:
    try:
        return await answer
    except Fault as fault:
        return fault_response(fault)


async def _refusal(request: Request, context: AuthContext, engine: AsyncEngine) -> Response | None:
    """Return why the caller may not; None where they may."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    async with engine.connect() as connection:
        own = await connection.run_sync(_read, context, token.strip())
    if scheme.lower() != "bearer" or own is None or not _is_shown_rightly(own, request):
        return fault_response(Fault(Category.UNAUTHENTICATED, "a token of this server is needed"))
    if context.issuer.url not in own.audiences or not own.principal.scopes.has(SCOPE):
        return fault_response(Fault(Category.FORBIDDEN, f"this needs {SCOPE} for this server"))
    return None


def _is_shown_rightly(own: OwnToken, request: Request) -> bool:
    if key_thumbprint(own.claims) is not None:
        return False
    bound = certificate_bound_to(own.claims)
    return bound is None or bound == certificate_thumbprint(request.scope)


def _read(connection: Connection, context: AuthContext, token: str) -> OwnToken | None:
    return read_own_token(context, connection, token)
