"""One medical region's FHIR R4 service: the composition root."""

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
from tasuki.ehr import summary
from tasuki.ehr.elsewhere import Elsewhere
from tasuki.ehr.overriding import Overriding
from tasuki.ehr.pages.door import IDLE, install_pages
from tasuki.shared.access.gate import Desk, Gate
from tasuki.shared.fhir.jp import jp_faults
from tasuki.shared.fhir.types import SERVED_TYPES
from tasuki.shared.rest import collections, health, metrics, network_tokens, outcome
from tasuki.shared.rest.app import fhir_app
from tasuki.shared.rest.bare import BareBase
from tasuki.shared.rest.neighbours import following, neighbours_for
from tasuki.shared.rest.service import FhirService
from tasuki.shared.rest.witnessing import witnesses_of, witnessing
from tasuki.shared.store.opening import running, store_for
from tasuki.shared.web.sessions import Sessions
from tasuki.shared.web.sweeping import sweeping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.ehr.settings import EhrSettings
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

# Consents bind in the consent service only; what a hospital sends as Consent is information.
TYPES = tuple(sorted(SERVED_TYPES))


def create_app(settings: EhrSettings, *, clock: Clock, ids: IdSource) -> FastAPI:
    """Return the app, to be mounted at `settings.public_url`; FHIR is under `/fhir`."""
    store = store_for(settings, clock=clock, ids=ids, links_people=True)
    near = neighbours_for(settings, settings.region.base_url, clock=clock, ids=ids)
    snapshot = KeptSnapshot(
        store.replicas, clock, trust_for(settings, settings.consent_url, near, clock)
    )
    policy = read_implicit_policy(
        {
            "region": settings.region.code,
            "everyday_within": settings.everyday_within,
            "everyday_across": settings.everyday_across,
            "disaster": settings.disaster,
            "break_glass": settings.break_glass,
        }
    )
    roles = RoleRules(Place("region", settings.region.code), clock, settings.operator_policy)
    decider = ConsentDecider(settings.region.code, policy, snapshot, roles=roles, clock=clock)
    gate = Gate(store, decider, Desk("ehr", settings.region.code, clock), ids=ids)
    service = FhirService(
        title=f"Tasuki EHR {settings.region.title_en}",
        base_url=settings.region.base_url,
        issuer=settings.issuer,
        types=TYPES,
        gate=gate,
        store=store,
        verifier=near.verifier,
        clock=clock,
        ids=ids,
        max_body=settings.max_body,
        max_entries=settings.max_entries,
        checks=(jp_faults,),
        checks_bind=settings.strict_clins,
        witnesses=witnesses_of(settings),
    )
    fhir = fhir_app(service, summary.ROUTES, collections.ROUTES, network_tokens.ROUTES)
    app = FastAPI(title=service.title, docs_url=None, redoc_url=None, openapi_url=None)
    for one in (app, fhir):
        one.state.fhir = service
        one.state.elsewhere = Elsewhere(settings, near, clock)
    app.state.overriding = Overriding(settings, near, snapshot, clock)
    outcome.install(app)
    app.mount("/fhir", fhir)
    app.include_router(health.ROUTES)
    numbers = metrics.Metrics(clock, store, (FEED,))
    snapshot.trust.metered(numbers.registry)
    metrics.install(app, numbers, open_to_all=settings.metrics_open)
    sessions = Sessions(store, store.replicas, clock=clock, idle=IDLE)
    install_pages(app, settings, sessions, near, clock=clock, ids=ids)
    app.add_middleware(BareBase, path="/fhir")

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
