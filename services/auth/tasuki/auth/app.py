"""The authorization server as an application: put together here, and nowhere else.

https://hl7.org/fhir/smart-app-launch/STU2.2/
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import httpx2
from fastapi import FastAPI
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import JSONResponse

from tasuki.auth.client_keys import ClientKeys
from tasuki.auth.context import AuthContext
from tasuki.auth.families import forget_expired
from tasuki.auth.issuing import Issuer
from tasuki.auth.log.asking import AskingMiddleware
from tasuki.auth.log.leaves import SealedAuthLog, Waiting
from tasuki.auth.log.routes import log_routes
from tasuki.auth.proxies.people import People
from tasuki.auth.routes.account import account_routes
from tasuki.auth.routes.authorize import authorize_routes
from tasuki.auth.routes.public import public_routes, userinfo_routes
from tasuki.auth.routes.tokens import token_routes
from tasuki.auth.sealing import KeyRingBox
from tasuki.auth.signing import open_keys
from tasuki.shared.engines import engine_for
from tasuki.shared.rest import metrics
from tasuki.shared.rest.tls import calling
from tasuki.shared.rest.witnessing import witnesses_of
from tasuki.shared.store.ledger import SealedLedger
from tasuki.shared.store.stamper import Stamper

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine
    from starlette.requests import Request

    from tasuki.auth.settings import AuthSettings
    from tasuki.shared.clock import Clock
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.ids import IdSource

POOL_TIMEOUT_SECONDS = 5  # a caller waits no longer for a connection than for us altogether
SWEEP_SECONDS = 600
OUTSIDE_SECONDS = 3.0  # for what clients publish
SIGN_INS_AT_ONCE = 4  # each hashes a password (20 MB, 22 ms) while it holds a connection

# OSError: asyncpg's connect faults reach us bare.
DATABASE_AWAY = (InterfaceError, OperationalError, PoolTimeout, OSError)


def create_app(
    settings: AuthSettings,
    *,
    clock: Clock,
    ids: IdSource,
    ring: KeyRing,
    outside: httpx2.AsyncClient | None = None,
) -> FastAPI:
    """Return the application; its lifespan must be entered, also where it is mounted.

    Args:
        settings: This deployment's settings.
        clock: The time of day.
        ids: Fresh identifiers.
        ring: The tenant's keys, which are not in the database.
        outside: What others are asked with; None for a client of its own.

    Raises:
        Fault: UNAVAILABLE when the signing keys cannot be used.
    """
    # At DEBUG Authlib writes whole tokens into its log.
    logging.getLogger("authlib").setLevel(logging.INFO)
    engine = engine_for(
        settings.database_url.get_secret_value(),
        connections=settings.connections,
        overflow=0,
        wait_seconds=POOL_TIMEOUT_SECONDS,
    )
    outside = outside or httpx2.AsyncClient(
        timeout=OUTSIDE_SECONDS,
        follow_redirects=False,
        trust_env=False,
        verify=calling(settings),
    )
    issuer, phr = Issuer(settings.issuer, open_keys(settings.signing_keys)), settings.phr_url
    # Of its own, so that a morning of sign-ins does not keep the log from being sealed.
    log_engine = engine_for(settings.database_url.get_secret_value(), connections=1, overflow=2)
    by_hand = log_engine.execution_options(isolation_level="AUTOCOMMIT")
    ledger = SealedLedger(by_hand, ring, settings.tenant)
    stamper = Stamper(log_engine, settings.tenant, ring, clock, None)
    context = AuthContext(
        issuer=issuer,
        box=KeyRingBox(ring),
        clock=clock,
        ids=ids,
        log=SealedAuthLog(ring, settings.tenant, clock, ids),
        client_keys=ClientKeys(outside, clock),
        site=settings.site,
        people=None if phr is None else People(outside, phr, issuer, clock, ids),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sweeper = asyncio.create_task(_sweep(engine, clock))
        try:
            async with stamper.running():
                yield
        finally:
            sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await sweeper
            await outside.aclose()
            await log_engine.dispose()
            await engine.dispose()

    app = FastAPI(
        title="Tasuki authorization server",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(public_routes(context, engine))
    app.include_router(userinfo_routes(context, engine))
    app.include_router(token_routes(context, engine))
    turns = asyncio.Semaphore(SIGN_INS_AT_ONCE)
    app.include_router(authorize_routes(context, engine, turns))
    app.include_router(account_routes(context, engine, turns))
    app.include_router(log_routes(context, engine, ledger, witnesses_of(settings)))
    app.add_middleware(AskingMiddleware, ids=ids)
    numbers = metrics.Metrics(clock, None, log=Waiting(log_engine, settings.tenant))
    metrics.install(app, numbers, open_to_all=settings.metrics_open)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, _unavailable)
    return app


async def _sweep(engine: AsyncEngine, clock: Clock) -> None:
    while True:
        with suppress(*DATABASE_AWAY):  # tried again next time
            async with engine.begin() as connection:
                await connection.run_sync(lambda sync: forget_expired(sync, now=clock.now()))
        await asyncio.sleep(SWEEP_SECONDS)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    del request, error  # its text may hold values
    return JSONResponse(
        {"error": "temporarily_unavailable"}, 503, headers={"Cache-Control": "no-store"}
    )
