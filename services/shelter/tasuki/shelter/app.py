"""The shelter service: the composition root. Mounted so that its root is the desk's public URL."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.following import consent_follower
from tasuki.consent.keeping import KeptSnapshot
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.signing.trust import trust_for
from tasuki.shared.access.gate import Desk, Gate
from tasuki.shared.rest import metrics
from tasuki.shared.rest.following import Follower
from tasuki.shared.rest.neighbours import following, issuer_keys, neighbours_for
from tasuki.shared.rest.service import FhirService
from tasuki.shared.rest.witnessing import witnesses_of, witnessing
from tasuki.shared.store.opening import running, store_for
from tasuki.shared.web.pages import Pages
from tasuki.shared.web.session import Web, install
from tasuki.shared.web.sessions import Sessions
from tasuki.shared.web.settings import WebClientSettings
from tasuki.shared.web.sign_in import RelyingParty
from tasuki.shared.web.sweeping import sweeping
from tasuki.shelter import desk, health
from tasuki.shelter.budget import Budget
from tasuki.shelter.copying import ConsentCopy, HolderCopy, HolderFetch
from tasuki.shelter.fhir import shelter_fhir_app
from tasuki.shelter.handles import Handles
from tasuki.shelter.holders import HolderStates
from tasuki.shelter.lookup import Lookup
from tasuki.shelter.people import People
from tasuki.shelter.profiles import Ground, Profiles
from tasuki.shelter.service import Shelter
from tasuki.shelter.words import TITLE, WORDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shared.rest.neighbours import Neighbours
    from tasuki.shared.store.store import SealedStore
    from tasuki.shelter.settings import ShelterSettings

TEMPLATES = Path(__file__).parent / "templates"
SCOPE = "openid fhirUser offline_access tasuki/desk tasuki/match tasuki/profile"
TYPES = ("Patient", "AuditEvent")


def create_app(settings: ShelterSettings, *, clock: Clock, ids: IdSource) -> FastAPI:
    """Return the app: pages at its root, FHIR below `/fhir`. Its lifespan must be entered."""
    store = store_for(settings, clock=clock, ids=ids, links_people=True)
    base_url = f"{settings.public_url}/fhir"
    near = neighbours_for(settings, base_url, clock=clock, ids=ids)
    snapshot = KeptSnapshot(
        store.replicas, clock, trust_for(settings, settings.consent_url, near, clock)
    )
    policy = read_implicit_policy({"region": settings.region, "disaster": settings.disaster})
    roles = RoleRules(Place("region", settings.region), clock, settings.operator_policy)
    decider = ConsentDecider(settings.region, policy, snapshot, roles=roles, clock=clock)
    audit = Desk("shelter", settings.region, clock)
    gate = Gate(store, decider, audit, ids=ids)
    people = People(store, settings.holders, policy, clock=clock, ids=ids)
    states = HolderStates(settings.holders, store.replicas)
    ground = Ground(snapshot, policy, roles, settings.facility_municipality)
    shelter = Shelter(
        lookup=Lookup(store, Budget(settings.limits), settings.limits, audit, clock),
        profiles=Profiles(store, people, states, ground, desk=audit, clock=clock),
        handles=Handles(
            store.replicas,
            clock=clock,
            lasting=timedelta(minutes=settings.limits.handle_minutes),
        ),
        states=states,
        snapshot=snapshot,
        roles=roles,
        gate=gate,
        clock=clock,
        ids=ids,
    )
    service = FhirService(
        title="Tasuki shelter",
        base_url=base_url,
        issuer=settings.issuer,
        types=TYPES,
        gate=gate,
        store=store,
        verifier=near.verifier,
        clock=clock,
        ids=ids,
        max_body=settings.max_body,
        max_entries=settings.max_entries,
        witnesses=witnesses_of(settings),
    )
    app = FastAPI(title="Tasuki shelter", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.shelter = shelter
    app.state.store = store
    app.include_router(health.ROUTES)
    app.include_router(desk.ROUTES)
    web = _web(settings, store, near, clock=clock, ids=ids)
    install(app, web)
    app.mount("/fhir", shelter_fhir_app(service, shelter))
    followers = _followers(settings, store, near, people, snapshot, clock)
    app.state.followers = followers
    numbers = metrics.Metrics(clock, store, [one.source.name for one in followers])
    snapshot.trust.metered(numbers.registry)
    metrics.install(app, numbers, open_to_all=settings.metrics_open)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with running(store), near.http:
            await snapshot.open()
            await states.look()
            looking = asyncio.create_task(states.keep_looking())
            try:
                async with (
                    sweeping(web.party.sessions.end_old, shelter.handles.end_old),
                    following(followers if settings.follow else ()),
                    witnessing(settings, store.ledger, near, clock, numbers.registry),
                ):
                    yield
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    app.router.lifespan_context = lifespan
    return app


def _followers(
    settings: ShelterSettings,
    store: SealedStore,
    near: Neighbours,
    people: People,
    snapshot: KeptSnapshot,
    clock: Clock,
) -> list[Follower]:
    consents = consent_follower(settings.consent_url, snapshot, near, clock)
    copies = [
        HolderCopy(HolderFetch(holder, near.http, near.tokens), store.replicas, people, clock)
        for holder in settings.holders
    ]
    return [
        Follower(
            consents.source,
            ConsentCopy(snapshot, people),
            http=near.http,
            tokens=near.tokens,
            clock=clock,
        ),
        *(
            Follower(copy.source(), copy, http=near.http, tokens=near.tokens, clock=clock)
            for copy in copies
        ),
    ]


def _web(
    settings: ShelterSettings, store: SealedStore, near: Neighbours, *, clock: Clock, ids: IdSource
) -> Web:
    client = WebClientSettings(
        public_url=settings.public_url,
        issuer=settings.issuer,
        client_id=settings.web_client_id,
        private_jwk_file=settings.web_private_jwk_file,
        scope=SCOPE,
        resources=(f"{settings.public_url}/fhir",),
        purpose="DISASTER",
    )
    sessions = Sessions(
        store, store.replicas, clock=clock, idle=timedelta(seconds=client.idle_seconds)
    )
    jwks = issuer_keys(settings, near.http, "sign-in", clock)
    pages = Pages(
        TEMPLATES,
        title=TITLE,
        words=WORDS,
        public_url=settings.public_url,
        form_origins=(settings.issuer,),
        extra_css=(TEMPLATES / "desk.css").read_text(encoding="utf-8"),
    )
    party = RelyingParty(client, sessions, http=near.http, jwks=jwks, clock=clock, ids=ids)
    sessions.withdrawals = near.withdrawals
    return Web(pages, party)
