"""Another service witnesses auth's log over HTTP, as it does every other.

https://c2sp.org/tlog-witness
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.integration.auth.conftest import running
from tests.integration.auth.test_dpop import proof
from tests.integration.auth.test_sealed_log import a_round, found_in, sealed
from tests.integration.auth.world import CLIENTS, EHR_A, ISSUER, World, credentials_of

from tasuki.auth.provisioning import register_client
from tasuki.shared.access.client import TokenClient
from tasuki.shared.audit.notes import VerifierKey
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds
from tasuki.shared.rest.witnessing import Watched, Witness
from tasuki.shared.store.ledger import SealedLedger
from tasuki.shared.store.logkeys import log_keys
from tasuki.shared.store.migrate import migrate_records
from tasuki.shared.store.whole_log import witnessed_notes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine
    from tests.store.world import Server

    from tasuki.auth.sealing import KeyRingBox
    from tasuki.shared.crypto.keyring import KeyRing

pytestmark = pytest.mark.anyio

REGION = "noto"


@pytest.fixture
def region_ring(tmp_path: Path) -> KeyRing:
    return FileKeyRing.create(tmp_path / "region.json", [REGION]).tenant(REGION)


@pytest.fixture
async def region(server: Server) -> AsyncIterator[AsyncEngine]:
    """The database of a region, which keeps what it signed."""
    engine = create_async_engine(server.postgres.url(await server.fresh("template0")))
    await migrate_records(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
async def world(
    database_url: str,
    signing_keys: Path,
    accounts: dict[str, str],
    box: KeyRingBox,
    region_ring: KeyRing,
) -> AsyncIterator[World]:
    known = (str(log_keys(region_ring, REGION)[1]),)
    async with running(ISSUER, database_url, signing_keys, box, accounts, witnesses=known) as made:
        yield made


async def registered(world: World) -> None:
    """Let a region's service ask for tokens for this server itself."""
    client = next(one for one in CLIENTS if one.client_id == "svc-ehr-a")
    wider = dataclasses.replace(client, audiences=(*client.audiences, ISSUER))
    async with world.engine.begin() as connection:
        await register_client(connection, world.means, wider)


async def witness_of(world: World, region: AsyncEngine, ring: KeyRing) -> Witness:
    await registered(world)
    by_hand = region.execution_options(isolation_level="AUTOCOMMIT")
    return Witness(
        SealedLedger(by_hand, ring, REGION),
        world.http,
        TokenClient(world.http, credentials_of("svc-ehr-a"), clock=world.clock, ids=RandomIds()),
        world.clock,
        CollectorRegistry(),
    )


async def log_of(world: World) -> Watched:
    answer = await world.http.get(f"{ISSUER}/$log-keys")
    return Watched(ISSUER, VerifierKey.read(answer.text.splitlines()[0]))


async def test_heads_are_proven_signed_and_handed_back(
    world: World, region: AsyncEngine, region_ring: KeyRing
) -> None:
    witness, log = await witness_of(world, region, region_ring), await log_of(world)
    for _ in range(2):
        await a_round(world)
        await sealed(world)
        assert await witness.look(log) == "signed"
    async with world.engine.connect() as connection:
        kept = await connection.scalar(text("SELECT max(size) FROM audit_cosignature"))
    async with region.connect() as connection:
        (notes,) = (await witnessed_notes(connection, REGION)).values()
    assert kept
    found = await found_in(world, notes)
    assert (found.ok, found.witnessed) == (True, kept)


async def test_a_log_that_was_set_back_is_forked(
    world: World, region: AsyncEngine, region_ring: KeyRing
) -> None:
    witness, log = await witness_of(world, region, region_ring), await log_of(world)
    await a_round(world)
    await sealed(world)
    assert await witness.look(log) == "signed"
    async with region.connect() as connection:
        (notes,) = (await witnessed_notes(connection, REGION)).values()
    async with world.engine.begin() as connection:
        await connection.execute(text("DELETE FROM audit_checkpoint WHERE size > 1"))
        await connection.execute(text("DELETE FROM audit_leaf WHERE seq >= 2"))
    found = await found_in(world, notes)
    assert (found.ok, found.verdict.first) == (False, 2)


async def token(world: World, scope: str, at: str, shown: str | None = None) -> str:
    """Return a service's token for one address, bound to a key where one is shown."""
    form = {"grant_type": "client_credentials", "purpose": "HOPERAT"} | {
        "scope": scope,
        "resource": at,
    }
    headers = {} if shown is None else {"DPoP": shown}
    whole = form | world.proof("svc-ehr-a")
    answer = await world.http.post(f"{ISSUER}/token", data=whole, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@pytest.mark.parametrize("path", ["$checkpoint", "$cosignature"])
async def test_who_may_not_follow_the_feeds_may_not_see_heads(world: World, path: str) -> None:
    await registered(world)
    ask = world.http.get if path == "$checkpoint" else world.http.post
    for held, status in (
        ("", 401),
        ("x", 401),
        (await token(world, "tasuki/feed", ISSUER, shown=proof(world)), 401),
        (await token(world, "tasuki/feed", EHR_A), 403),
        (await token(world, "system/*.rs", ISSUER), 403),
        ((await world.tokens())["access_token"], 403),
        (await token(world, "tasuki/feed", ISSUER), 200 if path == "$checkpoint" else 415),
    ):
        if status == 200:
            await sealed(world)
        answer = await ask(f"{ISSUER}/{path}", headers={"Authorization": f"Bearer {held}"})
        assert answer.status_code == status, answer.text


async def test_the_key_of_the_log_is_public(world: World) -> None:
    log, _ = log_keys(world.box.ring, "auth")
    answer = await world.http.get(f"{ISSUER}/$log-keys")
    assert answer.text.splitlines()[0] == str(log)
