"""A region of its own for every test, with stubs around it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2
import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from tests.integration.ehr.world import (
    BASE,
    FHIR,
    Neighbourhood,
    Outside,
    Rules,
    Tokens,
    Verifier,
    World,
    principal,
)
from tests.integration.home import browser_at, signed_in

from tasuki.ehr.app import create_app
from tasuki.ehr.elsewhere import Elsewhere
from tasuki.ehr.settings import EhrSettings, Region
from tasuki.shared.access.gate import Desk, Gate
from tasuki.shared.clock import FixedClock
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.home import Home


@pytest.fixture
def settings(home: Home) -> EhrSettings:
    others = [
        Region(
            code=code,
            base_url=f"https://desk.test/ehr/{code}/fhir",
            title_ja=title,
            title_en=code.title(),
        )
        for code, title in (("kaga", "加賀"), ("toyama", "富山"), ("fukui", "福井"))
    ]
    return EhrSettings(
        public_url=BASE,
        issuer="https://desk.test/auth",
        **home.settings,
        region=Region(code="noto", base_url=FHIR, title_ja="能登北部", title_en="Noto"),
        regions=tuple(others),
        consent_url="https://desk.test/consent/fhir",
        locator_url="https://desk.test/locator/fhir",
        answer_seconds=0.5,
        web_client_id="viewer-noto",
        web_private_jwk_file=home.key,
    )


@pytest.fixture
async def world(settings: EhrSettings) -> AsyncIterator[World]:
    """The region mounted as the launcher does, with a fake verifier, decider and neighbours."""
    clock, ids = FixedClock(), RandomIds()
    app = create_app(settings, clock=clock, ids=ids)
    fhir = next(
        one.app for one in app.routes if isinstance(one, Mount) and isinstance(one.app, FastAPI)
    )
    assert isinstance(fhir, FastAPI)
    rules, around, tokens = Rules(), Neighbourhood(), Tokens()
    service = replace(
        app.state.fhir,
        verifier=Verifier(principal(clock)),
        gate=Gate(app.state.fhir.store, rules, Desk("ehr", "noto", clock), ids=ids),
    )
    store = service.store
    stubs = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=around.app()))
    for one in (app, fhir):
        one.state.fhir = service
        one.state.elsewhere = Elsewhere(settings, Outside(stubs, tokens), clock)
    browser = browser_at("/ehr/noto", app, BASE)
    async with running(store), stubs, browser:
        web = app.state.web
        csrf = await signed_in(web, browser, principal(clock), "doctor-token", clock)
        yield World(service, store, rules, tokens, around, clock, browser, csrf, web, app)
