"""A consent service of its own for every test, with stubs around it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import httpx2
import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from tests.integration.home import browser_at
from tests.integration.overrides.world import (
    BASE,
    HOST,
    PHR,
    REGION,
    Around,
    Near,
    Tokens,
    Verifier,
    World,
    who,
)

from tasuki.consent.app import create_app
from tasuki.consent.settings import ConsentSettings, Holder
from tasuki.shared.access.principal import Role
from tasuki.shared.clock import FixedClock
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.home import Home

    from tasuki.shared.rest.neighbours import Neighbours


@pytest.fixture
def settings(home: Home) -> ConsentSettings:
    return ConsentSettings(
        public_url=BASE,
        issuer=f"{HOST}/auth",
        **home.settings,
        phr_url=PHR,
        holders=(
            Holder(name="ehr/noto", base_url=REGION, title_ja="能登北部", title_en="North Noto"),
        ),
        review_client_id="privacy-desk",
        review_private_jwk_file=home.key,
    )


@pytest.fixture
async def world(settings: ConsentSettings) -> AsyncIterator[World]:
    """The service mounted as the launcher does; its neighbours are stubs."""
    clock = FixedClock()
    app = create_app(settings, clock=clock, ids=RandomIds())
    around = Around()
    clinician = "user/*.rs tasuki/override"
    resident = {"purpose": "PATRQT", "region": None, "organization": None}
    verifier = Verifier(
        {
            "doctor": who(clock, Role.CLINICIAN, "doctor-1", clinician),
            "colleague": who(clock, Role.CLINICIAN, "doctor-2", clinician),
            "far": who(clock, Role.CLINICIAN, "doctor-3", clinician, region="kaga"),
            "resident": who(
                clock, Role.RESIDENT, "me", "patient/*.cruds", patient="Patient/me", **resident
            ),
            "neighbour": who(
                clock, Role.RESIDENT, "other", "patient/*.rs", patient="Patient/other", **resident
            ),
            "service": who(clock, Role.SERVICE, "ehr-noto", "tasuki/feed", purpose="HOPERAT"),
        }
    )
    outside = httpx2.AsyncClient(transport=httpx2.MockTransport(around))
    near = cast("Neighbours", Near(outside, Tokens()))
    mounted = {one.path: one.app for one in app.routes if isinstance(one, Mount)}
    parts = [app, *mounted.values()]
    service = replace(app.state.fhir, verifier=verifier)
    for one in parts:
        assert isinstance(one, FastAPI)
        one.state.fhir = service
        one.state.near = near
        one.state.persons = replace(app.state.persons, near=near)
    http = browser_at("/consent", app, HOST)
    review = mounted["/overrides"]
    assert isinstance(review, FastAPI)
    async with running(service.store), outside, http:
        yield World(
            app=app,
            store=service.store,
            book=app.state.overrides,
            clock=clock,
            verifier=verifier,
            around=around,
            http=http,
            web=review.state.web,
            review=review,
        )
