"""Create 10, read 60, update 25, delete 5 of a hundred, each connection on resources of its own."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import TYPE_CHECKING, Any

from tests.bench.figures import figures
from tests.bench.house import CONNECTIONS
from tests.bench.lean import Connection, Request
from tests.bench.people import IDENTIFIERS, lines, observation

if TYPE_CHECKING:
    from tests.bench.figures import Measured
    from tests.bench.house import House

SHARES = {"create": 10, "read": 60, "update": 25, "delete": 5}
PEOPLE = 100
OWN = 20  # resources a connection begins with


class Worker:
    """One connection and the resources it made."""

    def __init__(self, house: House, people: list[str], seed: int) -> None:
        self._house = house
        self._base = house.noto  # read from a file
        self._people = people
        self._choice = random.Random(seed)  # noqa: S311 - the same order in every run
        self._connection = Connection(*house.address)
        self._made: list[str] = []
        self._of: dict[str, str] = {}
        self._number = 0
        self.latencies: dict[str, list[float]] = {kind: [] for kind in SHARES}
        self.statuses: dict[int, int] = {}

    async def prepare(self) -> None:
        """Make the resources it begins with."""
        for _ in range(OWN):
            await self._create()

    async def run(self, until: float) -> None:
        """Ask until the time is up."""
        self.latencies = {kind: [] for kind in SHARES}
        self.statuses = {}
        while time.perf_counter() < until:
            (kind,) = self._choice.choices(list(SHARES), list(SHARES.values()))
            if kind == "create" or not self._made:
                kind, asked = "create", self._create()
            else:
                asked = self._of_own(kind)
            began = time.perf_counter()
            await asked
            self.latencies[kind].append(time.perf_counter() - began)

    async def _of_own(self, kind: str) -> None:
        place = self._choice.randrange(len(self._made))
        id_ = self._made[place]
        if kind == "delete":
            self._made[place] = self._made[-1]
            self._made.pop()
            await self._ask("DELETE", f"/{id_}")
        elif kind == "update":
            self._number += 1
            body = observation(id_, self._of[id_], self._number)
            await self._ask("PUT", f"/{id_}", body)
        else:
            await self._ask("GET", f"/{id_}")

    async def _create(self) -> None:
        self._number += 1
        subject = self._choice.choice(self._people)
        body = observation("x", subject, self._number)
        body.pop("id")
        id_ = str((await self._ask("POST", "", body))["id"])
        self._made.append(id_)
        self._of[id_] = subject

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = Request(
            f"{self._base}/Observation{path}",
            self._house.token("hospital"),
            method,
            b"" if body is None else json.dumps(body).encode(),
        )
        status, answer = await self._connection.ask(request.to_bytes())
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status >= 400:
            raise SystemExit(f"{method} was refused: {status} {answer.decode()[:300]}")
        return json.loads(answer) if method == "POST" else None


async def prepared(house: House) -> list[Worker]:
    """Return workers with resources of their own."""
    people = await mix_people(house)
    workers = [Worker(house, people, seed) for seed in range(CONNECTIONS)]
    await asyncio.gather(*(worker.prepare() for worker in workers))
    return workers


async def mixed(workers: list[Worker], seconds: float) -> Measured:
    """Return what a mix of so many seconds measured."""
    began = time.perf_counter()
    await asyncio.gather(*(worker.run(began + seconds) for worker in workers))
    taken = time.perf_counter() - began
    latencies = [one for worker in workers for kind in worker.latencies.values() for one in kind]
    statuses: dict[int, int] = {}
    for worker in workers:
        for status, count in worker.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return latencies, statuses, taken


async def mix_people(house: House) -> list[str]:
    """Return references of a hundred people: the desk takes over a whole record at each change."""
    names = [f"bench-mix-{number}" for number in range(PEOPLE)]
    await house.loaded([line for name in names for line in lines(name, 0)], "bench-mix")
    return [f"Patient/{await house.patient_by(IDENTIFIERS, name)}" for name in names]


async def crud_mix(house: House) -> dict[str, Any]:
    """Return the figures of the mix, and of each interaction in it."""
    workers = await prepared(house)
    await mixed(workers, 1.0)
    used = house.used()
    measured = await mixed(workers, house.seconds)
    told = house.with_cost(measured, used)
    told["shares"] = SHARES
    told["of_each"] = {
        kind: figures(([one for w in workers for one in w.latencies[kind]], {}, measured[2]))[
            "milliseconds"
        ]
        for kind in SHARES
    }
    return told
