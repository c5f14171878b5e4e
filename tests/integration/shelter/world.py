"""A shelter service among stubs of its neighbours, on one loopback port."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
import uvicorn
from fastapi import FastAPI
from joserfc.jwk import ECKey
from tests.integration.shelter.stubs import WAJIMA, Json, Stubs

from tasuki.shared.clock import SystemClock
from tasuki.shared.crypto.keyfile import KeyFile
from tasuki.shared.ids import RandomIds
from tasuki.shelter.app import create_app
from tasuki.shelter.settings import Holder, Limits, ShelterSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.shelter.stubs import Region
    from tests.store.world import Server


@dataclass
class World:
    """A running shelter service and its neighbours."""

    stubs: Stubs
    app: FastAPI
    browser: httpx2.AsyncClient
    settings: ShelterSettings

    @property
    def noto(self) -> Region:
        return self.stubs.regions["noto"]

    @property
    def kaga(self) -> Region:
        return self.stubs.regions["kaga"]

    @property
    def fhir(self) -> str:
        return f"{self.settings.public_url}/fhir"

    async def sign_in(self) -> None:
        """Sign the nurse in, as a browser would."""
        begun = await self.browser.get("/shelter/")
        begun = await self.browser.get(begun.headers["location"])
        async with httpx2.AsyncClient(trust_env=False) as other:
            answered = await other.get(begun.headers["location"])
        parts = urlsplit(answered.headers["location"])
        done = await self.browser.get(f"{parts.path}?{parts.query}")
        assert done.status_code == 303, done.text

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form of the session, with its anti-forgery token."""
        page = await self.browser.get("/shelter/")
        csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
        return await self.browser.post(f"/shelter{path}", data={"csrf": csrf, **fields})

    async def search(self, **fields: str) -> httpx2.Response:
        """Search at the desk."""
        return await self.post("/search", **fields)

    async def choose(self, page: httpx2.Response) -> httpx2.Response:
        """Choose the first candidate of a page and return the profile page."""
        handle = page.text.partition('name="handle" value="')[2].partition('"')[0]
        chosen = await self.post("/choose", handle=handle)
        return await self.browser.get(chosen.headers["location"])

    async def settle(self) -> None:
        """Read all feeds to their end."""
        for follower in self.app.state.followers:
            await follower.pull(0.0)
            while not follower.caught_up.is_set():
                await follower.pull(0.0)
        await self.app.state.shelter.states.look()

    async def events(self) -> list[Json]:
        """Return all audit events, oldest first."""
        store = self.app.state.store
        async with store.engine.connect() as connection:
            rows = (
                await connection.exec_driver_sql(
                    "SELECT leaf, sealed FROM audit_leaf ORDER BY local"
                )
            ).all()
        from tasuki.shared.store.leaves import opened  # noqa: PLC0415 - only here
        from tasuki.shared.store.vault import AUDIT  # noqa: PLC0415 - only here

        key = (await store.vault.ensured([""], AUDIT))[""]
        return [
            json.loads(opened(row.sealed, row.leaf, key=key, tenant=store.tenant).event)
            for row in rows
        ]


def query_of(event: Json) -> str:
    """Return the search an audit event records."""
    for entity in event.get("entity", ()):
        if "query" in entity:
            return base64.b64decode(entity["query"]).decode()
    return ""


@asynccontextmanager
async def world(
    server: Server,
    folder: Path,
    *,
    limits: Limits | None = None,
    operator_policy: Path | None = None,
) -> AsyncIterator[World]:
    """Run a shelter service among its stubs, on a database of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    stubs = Stubs(base)
    keys = folder / "keys.json"
    KeyFile(keys).create(("shelter",), {1: secrets.token_bytes(32)})
    jwk = folder / "client.json"
    jwk.write_text(
        json.dumps(ECKey.generate_key("P-256", parameters={"kid": "c1"}).as_dict(private=True))
    )
    settings = ShelterSettings(
        public_url="https://testserver/shelter",
        issuer=stubs.issuer,
        **await server.fresh_urls(),
        key_file=keys,
        tenant="shelter",
        client_id="shelter",
        private_jwk_file=jwk,
        cache_folder=folder,
        region="noto",
        facility_municipality=WAJIMA,
        holders=(
            Holder(
                name="ehr/noto",
                base_url=f"{base}/noto/fhir",
                title_ja="能登の医療圏",
                title_en="Noto region",
            ),
            Holder(
                name="ehr/kaga",
                base_url=f"{base}/kaga/fhir",
                title_ja="加賀の医療圏",
                title_en="Kaga region",
            ),
        ),
        consent_url=f"{base}/consent/fhir",
        disaster="permit",
        web_client_id="shelter-desk",
        web_private_jwk_file=jwk,
        limits=limits or Limits(),
        operator_policy=operator_policy,
        follow=False,
    )
    serving = uvicorn.Server(uvicorn.Config(stubs.app, log_level="error", lifespan="off"))
    async with _served(serving, listening):
        app = create_app(settings, clock=SystemClock(), ids=RandomIds())
        outer = FastAPI()
        outer.mount("/shelter", app)
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=outer, raise_app_exceptions=True),
                base_url="https://testserver",
                headers={"Accept-Language": "ja"},
            ) as browser,
        ):
            yield World(stubs, app, browser, settings)


@asynccontextmanager
async def _served(server: uvicorn.Server, listening: socket.socket) -> AsyncIterator[None]:
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task
