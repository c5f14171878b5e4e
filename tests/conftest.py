"""What tests share: the running demo, on a free port; a database server; one event loop."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import settings
from pyotp.totp import TOTP
from tests.sharing import Sharing, told_in, turn_of

from tasuki.shared.access.client import ServiceCredentials, TokenClient
from tasuki.shared.clock import SystemClock
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.store.world import Server

STEP = 30  # seconds of one TOTP step

# Shared machines are slow at times, so no deadline; CI repeats itself, other runs explore.
settings.register_profile("explore", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "explore")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Share by files only where that is asked for."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return Sharing(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Spare the garbage collector what is kept until the end: all that there is to run.

    Going through it again and again, and through all else after every 700 objects, took a sixth of
    the whole run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.set_threshold(10_000)
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: turn_of(item.nodeid))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in told_in(terminalreporter):
        terminalreporter.write_line(line)


@dataclass
class Demo:
    """A demo running in a process of its own."""

    folder: Path
    told: dict[str, Any]
    # The officer's code of the first half-minute was spent when the demo declared its disaster.
    _used: dict[str, int] = field(default_factory=lambda: {"officer": int(time.time()) // STEP})
    _tokens: dict[tuple[str, ...], tuple[str, float]] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return str(self.told["base_url"])

    def ehr(self, region: str) -> str:
        return str(self.told["services"]["ehr"][region])

    @property
    def phr(self) -> str:
        return str(self.told["services"]["phr"])

    @property
    def consent(self) -> str:
        return str(self.told["services"]["consent"])

    @property
    def shelter(self) -> str:
        return str(self.told["services"]["shelter"])

    def account(self, role: str) -> dict[str, Any]:
        return next(one for one in self.told["accounts"] if one["role"] == role)

    def fresh_code(self, role: str) -> str:
        """A one-time code this session has not used yet: each works once."""
        now = int(time.time()) // STEP
        step = max(now, self._used.get(role, 0) + 1)
        while step > int(time.time()) // STEP + 1:
            time.sleep(0.5)
        self._used[role] = step
        return TOTP(self.account(role)["totp_secret"]).at(step * STEP)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `tasuki …` on this demo's data folder."""
        return subprocess.run(
            [sys.executable, "-m", "tasuki.deploy.cli", *words, "--data", str(self.folder)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def token(self, role: str, *options: str) -> str:
        """An access token by `tasuki token`, used again for four minutes."""
        key = (role, *options)
        held = self._tokens.get(key)
        if held is not None and time.time() - held[1] < 240:
            return held[0]
        if role != "hospital":
            # `tasuki token` uses the code of this moment: let it be one nobody has used.
            while int(time.time()) // STEP <= self._used.get(role, 0):
                time.sleep(0.5)
            self._used[role] = int(time.time()) // STEP
        made = self.command("token", role, *options)
        assert made.returncode == 0, made.stderr
        self._tokens[key] = (made.stdout.strip(), time.time())
        return made.stdout.strip()

    def service_token(self, client_id: str, scope: str, audience: str) -> str:
        """An access token of one of the demo's own services."""
        key = json.loads((self.folder / "keys" / f"client-{client_id}.json").read_text())
        credentials = ServiceCredentials(client_id, key, f"{self.base}/auth/token")

        async def asked() -> str:
            async with httpx2.AsyncClient(trust_env=False) as client:
                tokens = TokenClient(client, credentials, clock=SystemClock(), ids=RandomIds())
                return await tokens.client_credentials(scope, audience, "HOPERAT")

        return asyncio.run(asked())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """An embedded PostgreSQL; each test has databases of its own in it, or a tenant."""
    from tests.store.world import server_for_session  # noqa: PLC0415 - half a second to import

    with server_for_session() as made:
        yield made


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """The sample, loaded through the real doors, with every service in one process."""
    folder = Path(tempfile.mkdtemp(prefix="tasuki-demo-"))
    command = [sys.executable, "-m", "tasuki.deploy.cli"]
    options = ["--data", str(folder)]
    started = subprocess.run(
        [*command, "demo", "--detach", "--port", str(free_port()), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert started.returncode == 0, started.stderr + started.stdout
    try:
        yield Demo(folder, json.loads((folder / "demo.json").read_text()))
    finally:
        subprocess.run([*command, "stop", *options], check=False, timeout=60, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
