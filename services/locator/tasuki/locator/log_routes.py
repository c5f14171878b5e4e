"""The locator's audit log to its witnesses; see `tasuki.shared.rest.checkpoints`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Query, Request, Response

from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.rest.checkpoints import checkpoint_answer, keys_answer, taken
from tasuki.shared.rest.feed import MAX_POSITION, SCOPE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from tasuki.shared.access.ledger import Ledger
    from tasuki.shared.access.rulings import Caller


def log_routes(
    ledger: Ledger,
    authenticated: Callable[[Request], Awaitable[Caller]],
    witnesses: Mapping[str, Ed25519PublicKey],
) -> APIRouter:
    """Return the routes over a log, for these witnesses."""
    routes = APIRouter()

    @routes.get("/$checkpoint")
    async def checkpoint(request: Request, old: int = Query(0, ge=0, le=MAX_POSITION)) -> Response:
        """Return the newest head of the audit log, proven to extend its first `old` records."""
        caller = await authenticated(request)
        if not caller.principal.scopes.has(SCOPE):
            raise out_of_scope(SCOPE)
        return await checkpoint_answer(ledger, old)

    @routes.post("/$cosignature")
    async def cosignature(request: Request) -> Response:
        """Keep what a known witness signed on a head of this log."""
        caller = await authenticated(request)
        if not caller.principal.scopes.has(SCOPE):
            raise out_of_scope(SCOPE)
        return await taken(request, ledger, witnesses)

    @routes.get("/$log-keys")
    async def log_keys() -> Response:
        """Return the keys that heads and cosignatures of this service are checked with; public."""
        return keys_answer(ledger)

    return routes
