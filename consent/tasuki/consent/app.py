"""The consent service: who may see what, and who looked. The composition root."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from tasuki.consent import (
    consent_routes,
    decide_routes,
    declaration_routes,
    disclosure_routes,
    feed_routes,
    override_routes,
    told_routes,
    warning_routes,
)
from tasuki.consent.declaring import Declaring
from tasuki.consent.officer.web import officers_app, officers_sessions, officers_web
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.overrides.book import Book
from tasuki.consent.overrides.ending import ending
from tasuki.consent.overrides.ledger import Ledger
from tasuki.consent.persons import Persons
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.review_door import PATH, review_app, sessions_for
from tasuki.consent.room import ConsentRoomDecider
from tasuki.consent.signing.keys import open_keys
from tasuki.consent.warnings.desk import Proposals
from tasuki.shared.access.gate import Desk, Gate
from tasuki.shared.rest import (
    capability,
    checkpoints,
    disclosures,
    health,
    histories,
    metrics,
    outcome,
    resources,
    search,
)
from tasuki.shared.rest.neighbours import neighbours_for
from tasuki.shared.rest.service import FhirService
from tasuki.shared.rest.witnessing import witnesses_of, witnessing
from tasuki.shared.store.opening import running, store_for
from tasuki.shared.web.sweeping import sweeping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.consent.settings import ConsentSettings
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

TYPES = ("Consent",)


def create_app(settings: ConsentSettings, *, clock: Clock, ids: IdSource) -> FastAPI:
    """Return the app, to be mounted at `settings.public_url`; FHIR is under `/fhir`."""
    # It keeps tokens the PHR makes; it holds no network key and can make none itself.
    store = store_for(settings, clock=clock, ids=ids, links_people=False)
    near = neighbours_for(settings, settings.fhir_url, clock=clock, ids=ids)
    desk = Desk("consent", settings.tenant, clock)
    place = Place("consents", settings.tenant, settings.registrars)
    roles = RoleRules(place, clock, settings.operator_policy)
    service = FhirService(
        title="Tasuki consent",
        base_url=settings.fhir_url,
        issuer=settings.issuer,
        types=TYPES,
        gate=Gate(store, ConsentRoomDecider(roles), desk, ids=ids),
        store=store,
        verifier=near.verifier,
        clock=clock,
        ids=ids,
        max_body=settings.max_body,
        max_entries=settings.max_entries,
        witnesses=witnesses_of(settings),
    )
    key_file = settings.declaration_keys
    keys = None if key_file is None else open_keys(key_file, settings.fhir_url)
    declaring = Declaring(store, desk, keys, clock, ids)
    proposals = Proposals(store, desk, clock)
    fhir = FastAPI(title=service.title, docs_url=None, redoc_url=None, openapi_url=None)
    app = FastAPI(title=service.title, docs_url=None, redoc_url=None, openapi_url=None)
    book = Book(store, Ledger(store), desk, clock, ids)
    reviewing = sessions_for(store, store.replicas, clock)
    review = review_app(settings, reviewing, near, clock=clock, ids=ids)
    for one in (app, fhir, *([review] if review else [])):
        one.state.fhir = service
        one.state.desk = desk
        one.state.roles = roles
        one.state.declaring = declaring
        one.state.proposals = proposals
        one.state.near = near
        one.state.holders = settings.holders
        one.state.overrides = book
        one.state.region_titles = settings.region_titles
        one.state.registrars = settings.registrars
        one.state.persons = Persons(store, near, settings.phr_url, clock)
        one.state.policies = {
            document["region"]: read_implicit_policy(document) for document in settings.policies
        }
    for one in (app, fhir):
        outcome.install(one)
    for routes in (
        capability.ROUTES,
        feed_routes.ROUTES,
        declaration_routes.KEY_ROUTES,
        disclosures.ROUTES,
        checkpoints.ROUTES,
        disclosure_routes.ROUTES,
        consent_routes.ROUTES,
        search.ROUTES,
        histories.INSTANCE_ROUTES,
        resources.READ_ROUTES,
    ):
        fhir.include_router(routes)
    for part in (
        *(health, declaration_routes, warning_routes, decide_routes),
        *(override_routes, told_routes),
    ):
        app.include_router(part.ROUTES)
    if review is not None:
        app.mount(PATH, review)
    sessions = officers_sessions(store, store.replicas, clock)
    pages = officers_web(settings, sessions, near, clock=clock, ids=ids)
    if pages is not None:
        app.mount("/officer", officers_app(pages, declaring, proposals))
    numbers = metrics.Metrics(clock, store)
    metrics.install(app, numbers, open_to_all=settings.metrics_open)
    app.mount("/fhir", fhir)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with (
            running(store),
            near.http,
            sweeping(sessions.end_old, reviewing.end_old),
            ending(book),
            witnessing(settings, store.ledger, near, clock, numbers.registry),
        ):
            yield

    app.router.lifespan_context = lifespan
    return app
