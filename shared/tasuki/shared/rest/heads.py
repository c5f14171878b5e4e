"""HEAD: whatever GET answers, without its body; and which methods a path has at all.

https://hl7.org/fhir/R4/http.html#read, https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2

The request is done as a GET, so that the headers are the same and so is the audit record: that a
record exists, and when it was changed, is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def methods_at(routes: Sequence[BaseRoute], scope: Scope) -> list[str]:
    """Return the methods that the path of a request has.

    https://www.rfc-editor.org/rfc/rfc9110#section-10.2.1
    """
    # Under a mount, `path` is whole and begins with `root_path`.
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    found: set[str] = set()
    for context in iter_route_contexts(routes):
        match = compile_path(str(context.path))[0].match(path)
        if match is not None and _could_be(match.groupdict()):
            found |= context.methods or set()
    return [one for one in METHODS if one in found or (one == "HEAD" and "GET" in found)]


def _could_be(given: Mapping[str, str]) -> bool:
    """Return whether what stands for a type and an id could be one: `metadata` is no type."""
    no_id = any(value.startswith(("$", "_")) for value in given.values())
    return not no_id and given.get("type_", "A")[:1].isupper()


class HeadAsGet:
    """Answers HEAD on every path that answers GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_bare(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_bare)
