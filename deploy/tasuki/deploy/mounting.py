"""Puts apps at their paths, each with its own lifespan."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


def mounted(parts: Mapping[str, FastAPI], front: FastAPI | None = None) -> FastAPI:
    """Return one app with every part at its path (`/auth`); `front` answers at `/`."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Mounted apps' lifespans do not run by themselves.
        async with AsyncExitStack() as stack:
            for part in parts.values():
                await stack.enter_async_context(part.router.lifespan_context(part))
            yield

    app = FastAPI(
        title="Tasuki", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.parts = parts
    for path, part in parts.items():
        app.mount(path, part)
        # A mount answers under its slash only; people type the door without it.
        app.add_route(path, _with_slash)
    if front is not None:
        app.mount("/", front)
    return app


async def _with_slash(request: Request) -> Response:
    return RedirectResponse(f"{request.url.path}/")
