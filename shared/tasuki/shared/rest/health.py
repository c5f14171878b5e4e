"""`/healthz`: the process answers. `/readyz`: its database does too. Both public, both say no more."""

from __future__ import annotations

from fastapi import APIRouter, Response

from tasuki.shared.rest.service import ServiceDep

ROUTES = APIRouter()


@ROUTES.get("/healthz")
async def healthz() -> dict[str, str]:
    """Return that the process is up."""
    return {"status": "up"}


@ROUTES.get("/readyz")
async def readyz(service: ServiceDep) -> Response:
    """Return 200 where the store answers; otherwise the store's fault becomes 503."""
    await service.store.feed(0, 1, ())
    return Response(content='{"status":"ready"}', media_type="application/json")
