"""With the database away, the server says so, and nothing else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx2
import pytest
from pydantic import SecretStr
from tests.integration.auth.world import ISSUER

from tasuki.auth.app import create_app
from tasuki.auth.settings import AuthSettings
from tasuki.shared.clock import FixedClock
from tasuki.shared.ids import CountingIds

if TYPE_CHECKING:
    from pathlib import Path

    from tasuki.auth.sealing import KeyRingBox

pytestmark = pytest.mark.anyio


async def test_keys_are_served_and_the_rest_is_unavailable(
    signing_keys: Path, tmp_path: Path, box: KeyRingBox
) -> None:
    settings = AuthSettings(
        issuer=ISSUER,
        database_url=SecretStr(f"postgresql+asyncpg://postgres:@/none?host={tmp_path}"),
        signing_keys=signing_keys,
    )
    app = create_app(settings, clock=FixedClock(), ids=CountingIds(), ring=box.ring)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as http:
        assert (await http.get("/jwks")).status_code == 200
        assert (await http.get("/healthz")).status_code == 200
        form = {"grant_type": "client_credentials", "client_id": "demo"}
        for response in (await http.get("/readyz"), await http.post("/token", data=form)):
            assert response.status_code == 503
            assert response.json() == {"error": "temporarily_unavailable"}
    assert logging.getLogger("authlib").getEffectiveLevel() >= logging.INFO, "it logs whole tokens"
