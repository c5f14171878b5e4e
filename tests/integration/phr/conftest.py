"""An embedded PostgreSQL; every test has a tenant of its own in it."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx2
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey
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

from tasuki.deploy.postgres import EmbeddedPostgres
from tasuki.phr.app import create_app
from tasuki.phr.pages.consent_client import ConsentClient
from tasuki.phr.settings import PhrSettings, Region
from tasuki.shared.access.rulings import Caller
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

_NUMBERS = itertools.count(1)
PERSON = {
    "resourceType": "Patient",
    "name": [{"text": "能登 花子", "family": "能登", "given": ["花子"]}],
    "birthDate": "1938-04-05",
    "address": [{"text": "石川県輪島市河井町1-1", "state": "石川県", "city": "輪島市"}],
}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def settings(postgres: EmbeddedPostgres, tmp_path: Path) -> PhrSettings:
    for database in ("phr", "keys"):
        await postgres.ensure_database(database)
    tenant = f"phr{next(_NUMBERS)}"
    FileKeyRing.create(tmp_path / "ring.json", [tenant])
    key = ECKey.generate_key("P-256")
    key.ensure_kid()
    (tmp_path / "web.json").write_text(json.dumps(key.as_dict(private=True)))
    return PhrSettings(
        public_url=BASE,
        issuer=f"{HOST}/auth",
        database_url=postgres.url("phr"),
        keys_database_url=postgres.url("keys"),
        key_file=tmp_path / "ring.json",
        tenant=tenant,
        consent_url=f"{CONSENT}/fhir",
        web_client_id="resident",
        web_private_jwk_file=tmp_path / "web.json",
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
    site = FastAPI()
    site.mount("/phr", app)
    browser = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=site), base_url=HOST)
    async with running(service.store), outside, browser:
        async with service.gate.enter(Caller(registrar(clock), "r0")) as records:
            patient = f"Patient/{(await records.create(dict(PERSON))).id}"
        stub.patient = patient
        web = app.state.web
        ends = (clock.now() + timedelta(hours=1)).isoformat()
        session, secret = await web.party.sessions.begin(
            resident(clock, patient),
            {"access_token": TOKEN, "token_ends": ends},
            longest=timedelta(hours=8),
        )
        browser.cookies.set(web.cookie_name("session"), secret)
        yield World(app, service, clock, browser, stub, session.csrf, patient)
