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

from tasuki.deploy.postgres import EmbeddedPostgres
from tasuki.ehr.app import create_app
from tasuki.ehr.elsewhere import Elsewhere
from tasuki.ehr.settings import EhrSettings, Region
from tasuki.shared.access.gate import Desk, Gate
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

_NUMBERS = itertools.count(1)


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
async def settings(postgres: EmbeddedPostgres, tmp_path: Path) -> EhrSettings:
    for database in ("ehr", "keys"):
        await postgres.ensure_database(database)
    tenant = f"noto{next(_NUMBERS)}"
    FileKeyRing.create(tmp_path / "ring.json", [tenant])
    key = ECKey.generate_key("P-256")
    key.ensure_kid()
    (tmp_path / "web.json").write_text(json.dumps(key.as_dict(private=True)))
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
        database_url=postgres.url("ehr"),
        keys_database_url=postgres.url("keys"),
        key_file=tmp_path / "ring.json",
        tenant=tenant,
        region=Region(code="noto", base_url=FHIR, title_ja="能登北部", title_en="Noto"),
        regions=tuple(others),
        consent_url="https://desk.test/consent/fhir",
        locator_url="https://desk.test/locator/fhir",
        answer_seconds=0.5,
        web_client_id="viewer-noto",
        web_private_jwk_file=tmp_path / "web.json",
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
    site = FastAPI()
    site.mount("/ehr/noto", app)
    browser = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=site), base_url=BASE)
    async with running(store), stubs, browser:
        web = app.state.web
        kept = {
            "access_token": "doctor-token",
            "token_ends": (clock.now() + timedelta(hours=1)).isoformat(),
        }
        session, secret = await web.party.sessions.begin(
            principal(clock), kept, longest=timedelta(hours=8)
        )
        browser.cookies.set(web.cookie_name("session"), secret)
        yield World(service, store, rules, tokens, around, clock, browser, session.csrf, web, app)
