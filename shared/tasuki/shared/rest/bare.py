"""A FHIR base URL without its trailing slash, which is how clients write it.

A mounted app answers under its slash only, and a redirect would lose the body of a POST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class BareBase:
    """Hands `path` on to the app as `path/`.

    Args:
        app: The app that mounts another at `path`.
        path: E.g. `/fhir`.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] == "http":
            # Under a mount, `path` is whole and begins with `root_path`.
            path: str = scope["path"]
            if path.removeprefix(scope.get("root_path", "")) == self._path:
                scope = {**scope, "path": f"{path}/"}
        await self._app(scope, receive, send)
