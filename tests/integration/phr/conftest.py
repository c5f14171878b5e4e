"""A PHR of its own for every test, with a resident signed in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.integration.home import browser_at, signed_in
from tests.integration.phr.world import (
    BASE,
    CONSENT,
    HOST,
    TOKEN,
    ConsentStub,
    World,
    registrar,
    resident,
)
from tests.unit.phr.deciding import AT

from tasuki.phr.app import create_app
from tasuki.phr.pages.consent_client import ConsentClient
from tasuki.phr.settings import PhrSettings, Region
from tasuki.shared.access.rulings import Caller
from tasuki.shared.clock import FixedClock
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.home import Home

PERSON = {
    "resourceType": "Patient",
    "name": [{"text": "能登 花子", "family": "能登", "given": ["花子"]}],
    "birthDate": "1938-04-05",
    "address": [{"text": "石川県輪島市河井町1-1", "state": "石川県", "city": "輪島市"}],
}


@pytest.fixture
def settings(home: Home) -> PhrSettings:
    return PhrSettings(
        public_url=BASE,
        issuer=f"{HOST}/auth",
        **home.settings,
        consent_url=f"{CONSENT}/fhir",
        web_client_id="resident",
        web_private_jwk_file=home.key,
        registrars=frozenset({"registrar"}),
        regions=(
            Region(code="noto", title_ja="能登医療圏", title_en="Noto region"),
            Region(code="kaga", title_ja="加賀医療圏", title_en="Kaga region"),
        ),
    )


@pytest.fixture
async def world(settings: PhrSettings) -> AsyncIterator[World]:
    """The PHR mounted as the launcher does; a resident is signed in."""
    clock = FixedClock(AT)
    app = create_app(settings, clock=clock, ids=RandomIds())
    service = app.state.fhir
    stub = ConsentStub(clock)
    outside = httpx2.AsyncClient(transport=httpx2.MockTransport(stub))
    app.state.door = replace(app.state.door, consent=ConsentClient(outside, settings.consent_url))
    browser = browser_at("/phr", app, HOST)
    async with running(service.store), outside, browser:
        async with service.gate.enter(Caller(registrar(clock), "r0")) as records:
            patient = f"Patient/{(await records.create(dict(PERSON))).id}"
        stub.patient = patient
        me = resident(clock, patient)
        csrf = await signed_in(app.state.web, browser, me, TOKEN, clock)
        yield World(app, service, clock, browser, stub, csrf, patient)
