"""Residents' own logs as a FHIR R4 service: the composition root."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.following import consent_follower
from tasuki.consent.keeping import FEED, KeptSnapshot
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.signing.trust import trust_for
from tasuki.phr.pages import (
    log_routes,
    looked_routes,
    override_routes,
    sharing_routes,
    trying_routes,
)
from tasuki.phr.pages.consent_client import ConsentClient
from tasuki.phr.pages.resident import Door
from tasuki.phr.pages.web import idle_time, resident_web
from tasuki.shared.access.gate import Desk, Gate
from tasuki.shared.rest import health, metrics, network_tokens
from tasuki.shared.rest.app import fhir_app
from tasuki.shared.rest.bare import BareBase
from tasuki.shared.rest.neighbours import following, neighbours_for
from tasuki.shared.rest.service import FhirService
from tasuki.shared.rest.witnessing import witnesses_of, witnessing
from tasuki.shared.store.opening import running, store_for
from tasuki.shared.web.session import install
from tasuki.shared.web.sessions import Sessions
from tasuki.shared.web.sweeping import sweeping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.phr.settings import PhrSettings
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

TYPES = (
    "AllergyIntolerance",
    "Condition",
    "Device",
    "Immunization",
    "Medication",
    "MedicationStatement",
    "Observation",
    "Patient",
    "Provenance",
    "QuestionnaireResponse",
)
REGION = "phr"


def create_app(settings: PhrSettings, *, clock: Clock, ids: IdSource) -> FastAPI:
    """Return the app, to be mounted at `settings.public_url`: pages, and FHIR under `/fhir`."""
    store = store_for(settings, clock=clock, ids=ids, links_people=True)
    near = neighbours_for(settings, settings.fhir_url, clock=clock, ids=ids)
    snapshot = KeptSnapshot(
        store.replicas, clock, trust_for(settings, settings.consent_url, near, clock)
    )
    # What a resident writes here is shown to others by consent only: no implicit policy.
    policy = read_implicit_policy({"region": REGION})
    place = Place("residents", REGION, settings.registrars)
    roles = RoleRules(place, clock, settings.operator_policy)
    decider = ConsentDecider(REGION, policy, snapshot, roles=roles, clock=clock)
    service = FhirService(
        title="Tasuki PHR",
        base_url=settings.fhir_url,
        issuer=settings.issuer,
        types=TYPES,
        gate=Gate(store, decider, Desk("phr", REGION, clock), ids=ids),
        store=store,
        verifier=near.verifier,
        clock=clock,
        ids=ids,
        max_body=settings.max_body,
        max_entries=settings.max_entries,
        witnesses=witnesses_of(settings),
    )
    app = FastAPI(title=service.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.fhir = service
    app.state.door = Door(ConsentClient(near.http, settings.consent_url), settings.regions)
    sessions = Sessions(store, store.replicas, clock=clock, idle=idle_time(settings))
    install(app, resident_web(settings, sessions, near, clock=clock, ids=ids))
    numbers = metrics.Metrics(clock, store, (FEED,))
    snapshot.trust.metered(numbers.registry)
    metrics.install(app, numbers, open_to_all=settings.metrics_open)
    for routes in (
        *(health, log_routes, sharing_routes, trying_routes),
        *(looked_routes, override_routes),
    ):
        app.include_router(routes.ROUTES)
    app.add_middleware(BareBase, path="/fhir")
    fhir = fhir_app(service, network_tokens.ROUTES)
    app.mount("/fhir", fhir)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        follower = consent_follower(settings.consent_url, snapshot, near, clock)
        async with running(store), near.http:
            await snapshot.open()
            async with (
                following([follower]),
                witnessing(settings, store.ledger, near, clock, numbers.registry),
                sweeping(sessions.end_old, store.forget_old),
                fhir.state.jobs.ending(),
            ):
                yield

    app.router.lifespan_context = lifespan
    return app
