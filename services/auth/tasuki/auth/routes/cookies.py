"""Cookies of the sign-in pages: no page can read them, no other site can send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class Cookie:
    """One cookie.

    Args:
        issuer: URL of the server; over https the name is bound to the host.
        what: What it is for.
    """

    def __init__(self, issuer: str, what: str = "sign-in") -> None:
        self._secure = issuer.startswith("https:")
        self.name = f"__Host-tasuki-{what}" if self._secure else f"tasuki-{what}"

    def value(self, request: Request) -> str:
        """Return what the browser sent; empty for nothing."""
        return request.cookies.get(self.name, "")

    def set_on(self, response: Response, value: str) -> None:
        """Send it."""
        response.set_cookie(
            self.name, value, path="/", secure=self._secure, httponly=True, samesite="strict"
        )

    def drop_from(self, response: Response) -> None:
        """Take it back."""
        response.delete_cookie(
            self.name, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
