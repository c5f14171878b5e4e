"""The request that is being answered, for the leaves it leaves: which one, and from where.

Set once at the door instead of handed down, since what is recorded is recorded deep below, and no
decision may hang on it.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tasuki.shared.ids import IdSource


@dataclass(frozen=True, slots=True)
class Asking:
    """One request.

    Attributes:
        id: Ties together what it did.
        address: Network address it came from; None where the server does not know.
    """

    id: str
    address: str | None


ASKING: ContextVar[Asking | None] = ContextVar("tasuki-auth-asking", default=None)


class AskingMiddleware:
    """Says for the length of a request which one it is."""

    def __init__(self, app: ASGIApp, ids: IdSource) -> None:
        self._app = app
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer within it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        held = ASKING.set(Asking(self._ids.new(), client[0] if client else None))
        try:
            await self._app(scope, receive, send)
        finally:
            ASKING.reset(held)
