"""A demo of the bench's own: where it is, who asks, whom they ask about."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.figures import Measured, cpu_seconds, family_cpu_seconds, figures
from tests.bench.lean import Connection, Request, closed_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 8
HOST = "127.0.0.1"
PORT = 8799
TOKEN_SECONDS = 200  # they live for five minutes
SIGN_IN_TRIES = 40  # a one-time code works once in 30 seconds
PRODUCT = "tasuki.deploy.cli"
TAKEN_OUT = "tests.bench.taken_out"


@dataclass
class House:
    """A running demo.

    Attributes:
        seconds: How long a flat-out measurement takes.
        minutes: How long memory is watched.
    """

    folder: Path
    seconds: float
    minutes: float
    first_ready_seconds: float = 0.0
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, Any]:
        """What `demo.json` says."""
        read: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return read

    @property
    def base(self) -> str:
        """Where everything is."""
        return f"http://{HOST}:{PORT}"

    @property
    def noto(self) -> str:
        """The FHIR base URL of a region."""
        return str(self.told["services"]["ehr"]["noto"])

    @property
    def shelter(self) -> str:
        """The FHIR base URL of the desk."""
        return f"{self.told['services']['shelter']}/fhir"

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return HOST, PORT

    @property
    def pid(self) -> int:
        """The process that serves."""
        return int((self.folder / "demo.pid").read_text())

    @property
    def database_pid(self) -> int:
        """The first process of the database server."""
        return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])

    def token(self, role: str) -> str:
        """Return an access token of a role, signed in for real."""
        made, token = self._tokens.get(role, (0.0, ""))
        if not token or time.monotonic() - made > TOKEN_SECONDS:
            token = self._signed_in(role)
            self._tokens[role] = (time.monotonic(), token)
        return token

    def _signed_in(self, role: str) -> str:
        for _ in range(SIGN_IN_TRIES):
            with contextlib.suppress(subprocess.CalledProcessError):
                return tasuki("token", role, folder=self.folder)
            time.sleep(1)
        raise SystemExit(f"no token for {role}")

    async def ask(self, request: Request) -> tuple[int, Any]:
        """Send one request; return status and JSON."""
        connection = Connection(*self.address)
        status, answer = await connection.ask(request.to_bytes())
        connection.close()
        return status, json.loads(answer) if answer else None

    async def flat_out(
        self, wires: list[bytes], *, seconds: float = 0.0, connections: int = CONNECTIONS
    ) -> dict[str, Any]:
        """Return the figures of asking as fast as answers come, with the server's time for one."""
        await closed_loop(wires, *self.address, connections=connections, seconds=1.0)
        used = self.used()
        measured = await closed_loop(
            wires, *self.address, connections=connections, seconds=seconds or self.seconds
        )
        return self.with_cost(measured, used)

    def used(self) -> tuple[float, float]:
        """Return the processor seconds the serving process and the database have used."""
        return cpu_seconds(self.pid), family_cpu_seconds(self.database_pid)

    def with_cost(self, measured: Measured, before: tuple[float, float]) -> dict[str, Any]:
        """Return figures with the processor time of both for each request."""
        server, database = (
            round((now - then) / max(1, len(measured[0])) * 1e6)
            for now, then in zip(self.used(), before, strict=True)
        )
        return {
            **figures(measured),
            "server_cpu_microseconds": server,
            "database_cpu_microseconds": database,
        }

    async def in_turn(self, wire: bytes, times: int) -> dict[str, Any]:
        """Return the figures of asking one after the other."""
        latencies: list[float] = []
        statuses: dict[int, int] = {}
        connection = Connection(*self.address)
        began = time.perf_counter()
        for _ in range(times):
            asked = time.perf_counter()
            status, _ = await connection.ask(wire)
            latencies.append(time.perf_counter() - asked)
            statuses[status] = statuses.get(status, 0) + 1
        connection.close()
        return figures((latencies, statuses, time.perf_counter() - began))

    async def home_patient(self) -> str:
        """Return the id of a resident who has a record here."""
        query = "name=%E3%83%8E%E3%83%88%E3%83%8F%E3%83%8A%E3%82%B3&birthdate=1938-04-05"
        status, found = await self.ask(
            Request(f"{self.noto}/Patient?{query}", self.token("clinician"))
        )
        if status != 200:
            raise SystemExit(f"the search for a patient was refused: {status}")
        return str(found["entry"][0]["resource"]["id"])

    async def read_wire(self) -> bytes:
        """Return a clinician's read of a resident, as it goes over the wire."""
        home = await self.home_patient()
        return Request(f"{self.noto}/Patient/{home}", self.token("clinician")).to_bytes()

    async def record_urls(self) -> list[str]:
        """Return every resource of the residents here that a clinician may see, person by person."""
        status, people = await self.ask(
            Request(f"{self.noto}/Patient?_count=500", self.token("hospital"))
        )
        if status != 200 or len(people["entry"]) != people["total"]:
            raise SystemExit(f"the residents could not be listed: {status}")
        found = []
        for one in people["entry"]:
            url = f"{self.noto}/Patient/{one['resource']['id']}/$everything"
            _, record = await self.ask(Request(url, self.token("clinician")))
            found += [
                f"{self.noto}/{each['resource']['resourceType']}/{each['resource']['id']}"
                for each in record.get("entry", ())
                if each.get("search", {}).get("mode") != "outcome"
            ]
        return found

    async def patient_by(self, system: str, value: str) -> str:
        """Return the id of the Patient with an identifier."""
        url = f"{self.noto}/Patient?identifier={system}|{value}"
        status, found = await self.ask(Request(url, self.token("hospital")))
        if status != 200 or not found.get("entry"):
            raise SystemExit(f"a person just loaded was not found: {status}")
        return str(found["entry"][0]["resource"]["id"])

    async def loaded(self, lines: list[bytes], source: str, chunk: int = 500) -> float:
        """Load NDJSON in chunks; return the seconds it took."""
        connection = Connection(*self.address)
        began = time.perf_counter()
        for start in range(0, len(lines), chunk):
            request = Request(
                f"{self.noto}/$load?source={source}&firstLine={start + 1}",
                self.token("hospital"),
                "POST",
                b"\n".join(lines[start : start + chunk]),
                "application/fhir+ndjson",
            )
            status, answer = await connection.ask(request.to_bytes())
            counts = {} if status != 200 else _counts(json.loads(answer))
            if status != 200 or counts["quarantined"]:
                raise SystemExit(f"the load was refused: {status} {counts}")
        connection.close()
        return time.perf_counter() - began

    @contextlib.contextmanager
    def with_parts_taken_out(self) -> Iterator[None]:
        """Serve the same data by the bench's own program while inside; `put_on` says how."""
        tasuki("stop", folder=self.folder)
        start(self.folder, TAKEN_OUT)
        try:
            yield
        finally:
            tasuki("stop", folder=self.folder)
            start(self.folder, PRODUCT)

    def put_on(self, variant: str) -> None:
        """Let that program serve this variant from now on."""
        on = self.folder / "variant.on"
        on.unlink(missing_ok=True)
        (self.folder / "variant").write_text(variant)
        os.kill(self.pid, signal.SIGUSR1)
        while not on.exists():
            time.sleep(0.01)


@contextlib.contextmanager
def opened(seconds: float, minutes: float) -> Iterator[House]:
    """Run a demo of our own while inside."""
    folder = Path(tempfile.mkdtemp(prefix="tasuki-bench-"))
    try:
        began = time.perf_counter()
        start(folder, PRODUCT)
        yield House(folder, seconds, minutes, round(time.perf_counter() - began, 2))
        tasuki("stop", folder=folder)
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            tasuki("stop", folder=folder)
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, module: str) -> None:
    """Start a demo in the background and wait until its doors are open."""
    (folder / "ready").unlink(missing_ok=True)
    with (folder / "bench.out").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "demo", "--data", str(folder), "--port", str(PORT)],
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    while not (folder / "ready").exists():
        if process.poll() is not None:
            raise SystemExit("the demo did not start")
        time.sleep(0.05)


def tasuki(*words: str, folder: Path) -> str:
    """Return what a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", PRODUCT, *words, "--data", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _counts(loaded: dict[str, Any]) -> dict[str, int]:
    return {
        one["name"]: one["valueInteger"] for one in loaded["parameter"] if "valueInteger" in one
    }
