"""The record locator: network tokens in, pointers out. The composition root.

It cannot make a token of a name: the network key is held by the regions only.
https://profiles.ihe.net/ITI/TF/Volume1/ch-27.html (XCPD, whose place it takes)
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from tasuki.locator.log_routes import log_routes
from tasuki.locator.pointers import PointerCopy, feed_of, located
from tasuki.shared.access.gate import Desk
from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest import metrics, outcome
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import require_acceptable, resource_body
from tasuki.shared.rest.capability import capability_statement
from tasuki.shared.rest.definitions import definition_answer
from tasuki.shared.rest.following import FeedSource, Follower
from tasuki.shared.rest.neighbours import following, neighbours_for
from tasuki.shared.rest.service import caller_with
from tasuki.shared.rest.witnessing import witnesses_of, witnessing
from tasuki.shared.store.opening import running, store_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.locator.settings import LocatorSettings
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

SCOPE = "tasuki/locate"
MAX_BODY = 64 * 1024
MAX_TOKENS = 20
TOKEN_LENGTH = 32  # hex digits


def create_app(settings: LocatorSettings, *, clock: Clock, ids: IdSource) -> FastAPI:
    """Return the app, to be mounted at the locator's FHIR base URL."""
    store = store_for(settings, clock=clock, ids=ids, links_people=False)
    near = neighbours_for(settings, settings.public_url, clock=clock, ids=ids)
    regions = [holder.code for holder in settings.holders]
    desk = Desk("locator", settings.tenant, clock)
    app = FastAPI(title="Tasuki locator", docs_url=None, redoc_url=None, openapi_url=None)
    outcome.install(app)
    numbers = metrics.Metrics(clock, store, [feed_of(region) for region in regions])
    metrics.install(app, numbers, open_to_all=settings.metrics_open)
    authenticated = caller_with(near.verifier, ids)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Return that the process is up."""
        return {"status": "up"}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Return that the store answers."""
        await store.feed(0, 1, ())
        return {"status": "ready"}

    @app.get("/metadata")
    async def metadata(request: Request) -> Response:
        """Return the CapabilityStatement; public."""
        require_acceptable(request)
        return fhir(capability_statement(app.title, settings.public_url, app.routes, ()))

    @app.get("/OperationDefinition/{name}")
    async def definition(name: str, request: Request) -> Response:
        """Return the definition of an operation; public."""
        return definition_answer(name, request, settings.public_url)

    @app.post("/$locate")
    async def locate(request: Request) -> Response:
        """Return the regions and handles under the tokens of a Parameters resource."""
        caller = await authenticated(request)
        if not caller.principal.scopes.has(SCOPE):
            raise out_of_scope(SCOPE)
        tokens = _tokens(await resource_body(request, MAX_BODY))
        found = await located(store.replicas, regions, tokens)
        async with store.unit() as unit:
            record = desk.entry(caller, Action.LOCATE, Outcome.PERMITTED, "scope/tasuki/locate")
            entities = tuple(f"{one.region}/Patient/{one.handle}" for one in found)
            await unit.record([replace(record, query=" ".join(entities) or "none")])
        return fhir(
            {
                "resourceType": "Parameters",
                "parameter": [
                    {
                        "name": "holder",
                        "part": [
                            {"name": "region", "valueCode": one.region},
                            {"name": "handle", "valueId": one.handle},
                        ],
                    }
                    for one in found
                ],
            }
        )

    app.include_router(log_routes(store.ledger, authenticated, witnesses_of(settings)))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        followers = [
            Follower(
                FeedSource(
                    name=holder.code,
                    base_url=holder.base_url,
                    path="/$changes",
                    scope="tasuki/feed",
                    parameters={"types": "Patient"},
                ),
                PointerCopy(holder.code, store.replicas),
                http=near.http,
                tokens=near.tokens,
                clock=clock,
            )
            for holder in settings.holders
        ]
        async with (
            running(store),
            near.http,
            following(followers),
            witnessing(settings, store.ledger, near, clock, numbers.registry),
        ):
            yield

    app.router.lifespan_context = lifespan
    return app


def _tokens(body: dict[str, object]) -> list[str]:
    parameters = body.get("parameter")
    given = [
        one["valueString"]
        for one in (parameters if isinstance(parameters, list) else [])
        if isinstance(one, dict)
        and one.get("name") == "token"
        and isinstance(one.get("valueString"), str)
    ]
    hexadecimal = all(
        len(token) == TOKEN_LENGTH and set(token) <= set("0123456789abcdef") for token in given
    )
    if body.get("resourceType") != "Parameters" or not 1 <= len(given) <= MAX_TOKENS:
        raise Fault(Category.INVALID, f"send Parameters with 1 to {MAX_TOKENS} token parameters")
    if not hexadecimal:
        raise Fault(Category.INVALID, "a token is 32 hexadecimal digits", at=("parameter",))
    return given
