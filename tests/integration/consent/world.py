"""A consent service on a database and keys of its own, with an issuer whose keys it has learned before."""

from __future__ import annotations

import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from tasuki.consent.app import create_app
from tasuki.consent.settings import ConsentSettings
from tasuki.consent.signing.keys import rotate_keys
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyfile import KeyFile
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.store.world import Server

Json = dict[str, Any]
DATA = Path(__file__).parents[2] / "data"
ISSUER = "http://127.0.0.1:1/auth"  # nobody answers there
BASE = "https://testserver/consent"
START = datetime(2026, 1, 10, 8, 0, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", parameters={"kid": "k1", "use": "sig"})


@dataclass
class World:
    """A running consent service."""

    app: FastAPI
    http: httpx2.AsyncClient
    clock: FixedClock
    settings: ConsentSettings

    def token(self, role: str = "officer", scope: str = "openid tasuki/declare") -> str:
        """Return an access token."""
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": f"{role}-1",
            "aud": [f"{BASE}/fhir"],
            "exp": now + 3_600,
            "nbf": now,
            "iat": now,
            "jti": secrets.token_hex(8),
            "client_id": f"{role}-client",
            "scope": scope,
            "purpose": {"service": "HOPERAT", "nurse": "DISASTER"}.get(role, "PUBHLTH"),
            "role": role,
        }
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}, claims, KEY)

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> httpx2.Response:
        """Call as an officer, unless another token is given."""
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        return await self.http.request(method, f"/consent{path}", json=body, headers=headers)

    async def warn(self, name: str, **replaced: str) -> httpx2.Response:
        """Hand in a document of `tests/data`, as a feed client does."""
        text = (DATA / f"{name}.xml").read_text("utf-8")
        for old, new in replaced.items():
            text = text.replace(old, new)
        headers = {
            "Authorization": f"Bearer {self.token('service', 'tasuki/warn')}",
            "Content-Type": "application/xml",
        }
        return await self.http.post("/consent/warnings", content=text.encode(), headers=headers)

    async def feed(self) -> list[Json]:
        """Return the bodies of the consent feed."""
        token = self.token("service", "tasuki/feed")
        await self.app.state.fhir.store.stamper.stamp_all()
        answer = await self.ask("GET", "/fhir/$feed?since=0", token=token)
        return [entry["body"] for entry in answer.json()["entries"]]


@asynccontextmanager
async def world(server: Server, folder: Path, *, keys: bool = True) -> AsyncIterator[World]:
    """Run a consent service."""
    ring = folder / "keys.json"
    KeyFile(ring).create(("consent",), {1: secrets.token_bytes(32)})
    declaring = folder / "declarations.json"
    rotate_keys(declaring)
    jwk = folder / "client.json"
    jwk.write_text(json.dumps(KEY.as_dict(private=True)))
    for purpose in ("tokens", "sign-in"):
        learned = {"keys": [KEY.as_dict(private=False)]}
        (folder / f"jwks-consent-{purpose}.json").write_text(json.dumps(learned))
    settings = ConsentSettings(
        public_url=BASE,
        issuer=ISSUER,
        **await server.fresh_urls(),
        key_file=ring,
        tenant="consent",
        client_id="consent",
        private_jwk_file=jwk,
        cache_folder=folder,
        phr_url="http://127.0.0.1:1/phr/fhir",
        declaration_keys=declaring if keys else None,
        web_client_id="officer",
        web_private_jwk_file=jwk,
    )
    clock = FixedClock(START)
    app = create_app(settings, clock=clock, ids=RandomIds())
    outer = FastAPI()
    outer.mount("/consent", app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=outer, raise_app_exceptions=True),
            base_url="https://testserver",
            headers={"Accept-Language": "ja"},
        ) as http,
    ):
        yield World(app, http, clock, settings)
