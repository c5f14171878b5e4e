"""What every service under test stands on: a tenant of its own on one server, a key, a site, a session."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
from fastapi import FastAPI
from joserfc.jwk import ECKey

from tasuki.shared.crypto.keyring import FileKeyRing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.world import Server

    from tasuki.shared.access.principal import Principal
    from tasuki.shared.clock import Clock
    from tasuki.shared.web.session import Web

NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Home:
    """Where one service under test lives.

    Attributes:
        settings: What of its settings is the same for all.
        key: File of the private key of its pages.
    """

    settings: dict[str, Any]
    key: Path


def home_on(server: Server, folder: Path) -> Home:
    """Return a home with a tenant nobody has been, on databases it shares with others."""
    tenant = f"home{next(NUMBERS)}"
    FileKeyRing.create(folder / "ring.json", [tenant])
    key = ECKey.generate_key("P-256")
    key.ensure_kid()
    (folder / "web.json").write_text(json.dumps(key.as_dict(private=True)))
    settings = {
        "database_url": server.postgres.url("records_shared"),
        "keys_database_url": server.postgres.url("keys_shared"),
        "key_file": folder / "ring.json",
        "tenant": tenant,
    }
    return Home(settings, folder / "web.json")


def browser_at(path: str, app: FastAPI, base: str) -> httpx2.AsyncClient:
    """Return a client of the app, mounted as the launcher does."""
    site = FastAPI()
    site.mount(path, app)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=site), base_url=base)


async def signed_in(
    web: Web, browser: httpx2.AsyncClient, principal: Principal, token: str, clock: Clock
) -> str:
    """Begin a session of somebody in this browser; return the token of its forms."""
    ends = (clock.now() + timedelta(hours=1)).isoformat()
    kept = {"access_token": token, "token_ends": ends}
    session, secret = await web.party.sessions.begin(principal, kept, longest=timedelta(hours=8))
    browser.cookies.set(web.cookie_name("session"), secret)
    return session.csrf
