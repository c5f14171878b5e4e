"""`tasuki demo`: everything in one process on one port, with real-looking people in it."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import uvicorn

from tasuki.deploy.accounts import bind, create_accounts, create_proxy, name, register_clients
from tasuki.deploy.addresses import Addresses
from tasuki.deploy.clients import client_key
from tasuki.deploy.composing import House, whole_app
from tasuki.deploy.folder import private_file, read_json, write_secret
from tasuki.deploy.front import front_app
from tasuki.deploy.postgres import EmbeddedPostgres
from tasuki.deploy.sample.sample import open_sample
from tasuki.deploy.seeding import Seeder
from tasuki.deploy.settling import until_desk_has_all
from tasuki.deploy.signing_in import credentials_of, signed_in_token
from tasuki.shared.clock import SystemClock
from tasuki.shared.ids import RandomIds
from tasuki.shared.logs import configure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fastapi import FastAPI

    from tasuki.deploy.folder import DataFolder
    from tasuki.deploy.sample.sample import Sample

HOST = "127.0.0.1"
START_SECONDS = 60.0
COPY_SECONDS = 120.0  # for the desk to take over the sample on a slow machine


class QuietServer(uvicorn.Server):
    """A server that leaves signals to whoever started it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See `uvicorn.Server.capture_signals`."""
        yield


def house_for(folder: DataFolder, port: int) -> House:
    """Return the demo's house in a data folder; its PostgreSQL is not started yet."""
    folder.prepare()
    sample = open_sample()
    regions = tuple(sample.regions())
    at = Addresses(f"http://{HOST}:{port}", tuple(region.code for region in regions))
    postgres = EmbeddedPostgres(folder.postgres)
    facility = sample.declaration().municipalities[0]
    return House(folder, postgres, at, regions, facility, SystemClock(), RandomIds())


@asynccontextmanager
async def running_demo(
    house: House, said: Callable[[str, int], None]
) -> AsyncIterator[dict[str, Any]]:
    """Serve while inside; yield what `demo.json` holds once the doors are open."""
    said("database", 0)
    await asyncio.to_thread(house.postgres.start)
    try:
        await house.prepare()
        await register_clients(house)
        said("services", 0)
        app = whole_app(house, front_app(house.folder))
        async with serving(house, app):
            told = await furnished(house, said)
            said("desk", 0)
            async with asyncio.timeout(COPY_SECONDS):
                await until_desk_has_all(app)
            yield told
    finally:
        await asyncio.to_thread(house.postgres.stop)


@asynccontextmanager
async def serving(house: House, app: FastAPI) -> AsyncIterator[None]:
    """Serve an app on the house's port while inside."""
    log_to(house.folder)
    port = int(house.at.base.rpartition(":")[2])
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,  # seconds; our own followers hold long polls open
    )
    server = QuietServer(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(START_SECONDS):
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)


async def furnished(house: House, said: Callable[[str, int], None]) -> dict[str, Any]:
    """Return what `demo.json` holds, bringing the sample in where the folder is new."""
    if house.folder.demo.exists():
        told = read_json(house.folder.demo)
        if told["base_url"] == house.at.base:
            return told
        told |= {"base_url": house.at.base, "services": services(house)}
    else:
        told = await _first_time(house, open_sample(), said)
    write_secret(house.folder.demo, told)
    return told


async def _first_time(
    house: House, sample: Sample, said: Callable[[str, int], None]
) -> dict[str, Any]:
    accounts = await create_accounts(house, sample)
    async with httpx2.AsyncClient(timeout=30.0, trust_env=False) as http:
        seeder = Seeder(house, sample, http, said)
        said("records", 0)
        loaded = await seeder.hospitals()
        loaded["phr"] = await seeder.residents()
        said("wishes", 0)
        for account in accounts:
            if account["person"] is not None:
                person = sample.person(account["person"])
                await bind(house, account["id"], await seeder.patient_of(person), person)
        for staff in sample.demo_accounts():
            if staff.practitioner is not None:
                (id_,) = [one["id"] for one in accounts if one["username"] == staff.username]
                await name(house, id_, await seeder.practitioner_of(staff))
        resident = next(one for one in accounts if one["role"] == "resident")
        proxy = await create_proxy(house, resident["id"])
        await seeder.consents()
        said("declaration", 0)
        officer = next(one for one in accounts if one["role"] == "officer")
        token = await signed_in_token(
            http,
            house.at.auth,
            house.at.redirects("command-line")[0],
            credentials_of(officer),
            scope="openid tasuki/declare",
            purpose="PUBHLTH",
            audiences=[house.at.consent_fhir],
            clock=house.clock,
        )
        await seeder.declare(token)
    return {
        "base_url": house.at.base,
        "services": services(house),
        "accounts": accounts,
        "proxy": proxy,
        "clients": [_client(house, f"{region.code}-hospital") for region in house.regions],
        "loaded": loaded,
    }


def services(house: House) -> dict[str, Any]:
    """Return the services' URLs as the contract lists them."""
    return {
        "auth": house.at.auth,
        "consent": house.at.consent,
        "locator": house.at.locator,
        "phr": house.at.phr_fhir,
        "shelter": house.at.shelter,
        "ehr": house.at.ehr,
    }


def log_to(folder: DataFolder) -> None:
    """Write the services' facts to the folder's log, as JSON lines, and nothing else anywhere."""
    configure(os.fdopen(private_file(folder.log), "a", buffering=1, encoding="utf-8"))


def _client(house: House, client_id: str) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "private_jwk": client_key(house.folder.client_key(client_id)),
        "scopes": "system/*.cruds",
    }
