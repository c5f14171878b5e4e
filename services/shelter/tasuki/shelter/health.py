"""`/healthz`: the process answers. `/readyz`: its database does too. Both public, both say no more."""

from __future__ import annotations

from fastapi import APIRouter, Request

ROUTES = APIRouter()


@ROUTES.get("/healthz")
async def healthz() -> dict[str, str]:
    """Return that the process is up."""
    return {"status": "up"}


@ROUTES.get("/readyz")
async def readyz(request: Request) -> dict[str, str]:
    """Return that the database answers."""
    await request.app.state.store.feed(0, 1, ())
    return {"status": "ready"}
