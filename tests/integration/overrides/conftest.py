"""An embedded PostgreSQL; every test has a tenant of its own in it."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import httpx2
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey
from starlette.routing import Mount
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
from tasuki.deploy.postgres import EmbeddedPostgres
from tasuki.shared.access.principal import Role
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tasuki.shared.rest.neighbours import Neighbours

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
async def settings(postgres: EmbeddedPostgres, tmp_path: Path) -> ConsentSettings:
    for database in ("consent", "keys"):
        await postgres.ensure_database(database)
    tenant = f"consent{next(_NUMBERS)}"
    FileKeyRing.create(tmp_path / "ring.json", [tenant])
    key = ECKey.generate_key("P-256")
    key.ensure_kid()
    (tmp_path / "web.json").write_text(json.dumps(key.as_dict(private=True)))
    return ConsentSettings(
        public_url=BASE,
        issuer=f"{HOST}/auth",
        database_url=postgres.url("consent"),
        keys_database_url=postgres.url("keys"),
        key_file=tmp_path / "ring.json",
        tenant=tenant,
        phr_url=PHR,
        holders=(
            Holder(name="ehr/noto", base_url=REGION, title_ja="能登北部", title_en="North Noto"),
        ),
        review_client_id="privacy-desk",
        review_private_jwk_file=tmp_path / "web.json",
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
    site = FastAPI()
    site.mount("/consent", app)
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=site), base_url=HOST)
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
