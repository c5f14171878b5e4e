"""One region's services, each a process of its own, as production runs them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tasuki.deploy import composing
from tasuki.deploy.accounts import create_accounts, register_clients
from tasuki.deploy.addresses import Addresses
from tasuki.deploy.composing import House
from tasuki.deploy.folder import DataFolder
from tasuki.deploy.postgres import EmbeddedPostgres
from tasuki.deploy.sample.sample import Sample, open_sample
from tasuki.deploy.seeding import Seeder
from tasuki.deploy.signing_in import credentials_of, signed_in_token
from tasuki.shared.clock import SystemClock
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pydantic_settings import BaseSettings
    from tests.faults.certificates import Certificates

REGION = "noto"
SERVICES = ("auth", "consent", "ehr", "locator", "phr", "shelter")
START_SECONDS = 60.0
PATHS = {"locator": "/locator/fhir", "ehr": f"/ehr/{REGION}"}


@dataclass(frozen=True, slots=True)
class ApartAddresses(Addresses):
    """Every service on a port of its own."""

    ports: Mapping[str, int] = field(default_factory=dict)
    scheme: str = "http"

    def of(self, service: str) -> str:
        """Return the public URL of a service."""
        return f"{self.scheme}://127.0.0.1:{self.ports[service]}{PATHS.get(service, f'/{service}')}"

    @property
    def auth(self) -> str:
        return self.of("auth")

    @property
    def ehr(self) -> dict[str, str]:
        return {REGION: f"{self.of('ehr')}/fhir"}

    @property
    def phr(self) -> str:
        return self.of("phr")

    @property
    def phr_fhir(self) -> str:
        return f"{self.phr}/fhir"

    @property
    def consent(self) -> str:
        return self.of("consent")

    @property
    def consent_fhir(self) -> str:
        return f"{self.consent}/fhir"

    @property
    def locator(self) -> str:
        return self.of("locator")

    @property
    def shelter(self) -> str:
        return self.of("shelter")

    @property
    def shelter_fhir(self) -> str:
        return f"{self.shelter}/fhir"


@dataclass
class Apart:
    """The running processes, and what is needed to talk to them."""

    house: House
    at: ApartAddresses
    sample: Sample
    http: httpx2.AsyncClient
    environments: dict[str, dict[str, str]]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    accounts: list[dict[str, Any]] = field(default_factory=list)

    def start(self, service: str) -> None:
        """Start one service by `tasuki serve`."""
        words = ["serve", service, "--port", str(self.at.ports[service])]
        data = self.house.folder.path / f"of-{service}"
        with (self.house.folder.path / f"{service}.out").open("ab") as out:
            self.processes[service] = subprocess.Popen(
                [sys.executable, "-m", "tasuki.deploy.cli", *words, "--data", str(data)],
                env={**os.environ, **self.environments[service]},
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
            )

    def kill(self, service: str) -> None:
        """End one service as a power cut does."""
        process = self.processes.pop(service)
        process.kill()
        process.wait(10)

    def stop(self) -> dict[str, int]:
        """End all services by SIGTERM; return their exit codes."""
        for process in self.processes.values():
            process.terminate()
        return {service: process.wait(30) for service, process in self.processes.items()}

    async def ready(self, *services: str) -> None:
        """Return when these services answer."""
        until = time.monotonic() + START_SECONDS
        for service in services:
            while not await self._answers(service):
                said = (self.house.folder.path / f"{service}.out").read_text(errors="replace")
                assert self.processes[service].poll() is None, f"{service} ended: {said}"
                assert time.monotonic() < until, f"{service} does not become ready: {said}"
                time.sleep(0.05)  # noqa: ASYNC251 - nothing else runs in this loop

    async def _answers(self, service: str) -> bool:
        try:
            return (await self.http.get(f"{self.at.of(service)}/readyz")).is_success
        except httpx2.HTTPError:
            return False

    @property
    def seeder(self) -> Seeder:
        """What brings the sample in through the real doors."""
        return Seeder(self.house, self.sample, self.http, lambda _, __: None)

    async def token(self, role: str, scope: str, purpose: str, audience: str) -> str:
        """Return an access token of an account, signed in for real."""
        account = next(one for one in self.accounts if one["role"] == role)
        return await signed_in_token(
            self.http,
            self.at.auth,
            self.at.redirects("command-line")[0],
            credentials_of(account),
            scope=scope,
            purpose=purpose,
            audiences=[audience],
            clock=self.house.clock,
        )


@asynccontextmanager
async def apart(
    services: Sequence[str] = SERVICES, *, tls: Certificates | None = None
) -> AsyncIterator[Apart]:
    """Run one region's services apart while inside, with clients and accounts and no records."""
    # Not pytest's own folder: it is closed to the user PostgreSQL runs as when root tests.
    folder = DataFolder(Path(tempfile.mkdtemp(prefix="tasuki-apart-")))
    folder.prepare()
    postgres = EmbeddedPostgres(folder.postgres)
    postgres.start()
    try:
        sample = open_sample()
        at = ApartAddresses(
            "http://127.0.0.1:1",
            (REGION,),
            ports=_free_ports(),
            scheme="http" if tls is None else "https",
        )
        house = House(
            folder,
            postgres,
            at,
            tuple(region for region in sample.regions() if region.code == REGION),
            sample.declaration().municipalities[0],
            SystemClock(),
            RandomIds(),
        )
        await house.prepare()
        await register_clients(house)
        verify = True if tls is None else tls.calling("tests")
        async with httpx2.AsyncClient(timeout=60.0, trust_env=False, verify=verify) as http:
            made = Apart(house, at, sample, http, _environments(house))
            if tls is not None:
                for service, told in made.environments.items():
                    told.update(tls.environment(service))
            made.accounts = await create_accounts(house, sample)
            try:
                for service in services:
                    made.start(service)
                await made.ready(*services)
                yield made
            finally:
                for process in made.processes.values():
                    process.kill()
                    process.wait(10)
    finally:
        postgres.stop()
        shutil.rmtree(folder.path, ignore_errors=True)


def _free_ports() -> dict[str, int]:
    probes = [socket.socket() for _ in SERVICES]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = {
        service: int(probe.getsockname()[1])
        for service, probe in zip(SERVICES, probes, strict=True)
    }
    for probe in probes:
        probe.close()
    return ports


def _environments(house: House) -> dict[str, dict[str, str]]:
    auth = composing.auth_settings(house)
    settings: dict[str, BaseSettings] = {
        "auth": auth,
        "consent": composing.consent_settings(house),
        "ehr": composing.ehr_settings(house, house.regions[0]),
        "locator": composing.locator_settings(house),
        "phr": composing.phr_settings(house),
        "shelter": composing.shelter_settings(house),
    }
    told = {service: _variables(service, one) for service, one in settings.items()}
    told["auth"]["TASUKI_AUTH_DATABASE_URL"] = auth.database_url.get_secret_value()
    return told


def _variables(service: str, settings: BaseSettings) -> dict[str, str]:
    """Return settings as somebody would write them into the environment."""
    return {
        f"TASUKI_{service.upper()}_{name.upper()}": (
            value if isinstance(value, str) else json.dumps(value)
        )
        for name, value in settings.model_dump(mode="json").items()
        # Each process keeps what it can fetch again in a folder of its own (`--data`).
        if value is not None and name != "cache_folder"
    }
