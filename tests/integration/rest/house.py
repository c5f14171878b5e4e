"""A FHIR service and its callers, for tests."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx2
from fastapi import APIRouter, FastAPI
from tests.store.gate import TableDecider, gate_of, principal

from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.tokens import not_valid
from tasuki.shared.fhir.types import SERVED_TYPES
from tasuki.shared.ids import RandomIds
from tasuki.shared.rest import collections
from tasuki.shared.rest.app import fhir_app
from tasuki.shared.rest.service import FhirService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.store.world import World

    from tasuki.shared.access.dpop import Shown
    from tasuki.shared.access.rulings import Decider
    from tasuki.shared.rest.jobs import Jobs
    from tasuki.shared.rest.service import Check

BASE = "https://noto.example"
FHIR_JSON = "application/fhir+json"
MAX_BODY = 200_000
MAX_ENTRIES = 20


class TableVerifier:
    """Knows some tokens."""

    def __init__(self) -> None:
        self.known: dict[str, Principal] = {
            "hospital": principal(scopes="system/*.cruds tasuki/feed"),
            "clinician": principal(Role.CLINICIAN, scopes="user/*.cruds"),
            "service": principal(Role.SERVICE, scopes="system/*.rs"),
            "reader": principal(Role.CLINICIAN, scopes="user/Patient.r user/Observation.rs"),
            "seeker": principal(Role.CLINICIAN, scopes="user/Patient.rs user/Condition.r"),
            "narrow": principal(Role.CLINICIAN, scopes="user/Observation.rs?category=laboratory"),
        }

    async def verify(self, token: str) -> Principal:
        """See `tasuki.shared.access.issuers.Verifier`."""
        if token not in self.known:
            raise not_valid()
        return self.known[token]

    async def verify_over_tls(self, token: str, certificate: str) -> Principal:
        """See `tasuki.shared.access.issuers.Verifier`."""
        del certificate
        return await self.verify(token)

    async def verify_bound(self, token: str, shown: Shown) -> Principal:
        """Knows no token that is bound to a key."""
        del token, shown
        raise not_valid()


@dataclass
class House:
    """A service with its world, and a client that asks it."""

    world: World
    decider: TableDecider
    verifier: TableVerifier
    http: httpx2.AsyncClient
    app: FastAPI
    jobs: Jobs

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request; `json` goes as FHIR JSON, `raw` as it is."""
        headers: dict[str, str] = more.pop("headers", {})
        token = more.pop("token", "hospital")
        if token is not None:
            headers = {"Authorization": f"Bearer {token}", **headers}
        content: Any = more.pop("raw", None)
        if "json" in more:
            content = json.dumps(more.pop("json"), ensure_ascii=False).encode()
        if content is not None:
            headers = {"Content-Type": FHIR_JSON, **headers}
        return await self.http.request(method, path, headers=headers, content=content, **more)

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        """GET."""
        return await self.ask("GET", path, **more)

    async def post(self, path: str, **more: Any) -> httpx2.Response:
        """POST."""
        return await self.ask("POST", path, **more)

    async def create(self, resource: dict[str, Any]) -> str:
        """Create a resource and return its id."""
        answer = await self.post(f"/{resource['resourceType']}", json=resource)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def grant(self, token: str, scopes: str) -> None:
        """Make a token of a clinician with these scopes."""
        self.verifier.known[token] = principal(Role.CLINICIAN, scopes=scopes)

    async def resident(self, patient: str) -> str:
        """Return the token of the resident who is this Patient."""
        token = f"resident-{patient}"
        self.verifier.known[token] = principal(
            Role.RESIDENT, scopes="patient/*.cruds", patient=f"Patient/{patient}"
        )
        return token

    def with_checks(self, *checks: Check) -> None:
        """Give the service rules of its own, for `$validate`."""
        self.app.state.fhir = replace(self.app.state.fhir, checks=checks)


def explode_routes() -> APIRouter:
    """Return a route with a defect whose text holds somebody's name."""
    routes = APIRouter()

    @routes.get("/$explode")
    async def explode() -> None:
        raise ValueError("能登 花子 secret-value")

    return routes


@contextlib.asynccontextmanager
async def second_house(house: House) -> AsyncIterator[House]:
    """Open the same service as another process would, with connections and caches of its own."""
    store = house.world.another_process()
    try:
        async with house_on(replace(house.world, store=store)) as made:
            yield made
    finally:
        await store.databases.dispose()


@contextlib.asynccontextmanager
async def house_on(
    world: World, *checks: Check, rules: Decider | None = None
) -> AsyncIterator[House]:
    """Open the service of a world, with these checks beyond R4, and rules instead of the table."""
    decider, verifier = TableDecider(), TableVerifier()
    service = FhirService(
        title="Test",
        base_url=BASE,
        issuer="https://auth.example",
        types=tuple(sorted(SERVED_TYPES)),
        gate=gate_of(world, rules or decider),
        store=world.store,
        verifier=verifier,
        clock=world.clock,
        ids=RandomIds(),
        max_body=MAX_BODY,
        max_entries=MAX_ENTRIES,
        checks=checks,
        checks_bind=bool(checks),
    )
    app = fhir_app(service, explode_routes(), collections.ROUTES)
    jobs: Jobs = app.state.jobs
    jobs.gap = 0.01  # everything runs in this process, by one clock
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        world.store.running(),
        jobs.ending(),
        httpx2.AsyncClient(transport=transport, base_url=BASE) as http,
    ):
        yield House(world, decider, verifier, http, app, jobs)


def issue(code: str, text: str, *at: str, severity: str = "error") -> dict[str, Any]:
    """Return one issue of an OperationOutcome."""
    made: dict[str, Any] = {"severity": severity, "code": code, "diagnostics": text}
    return {**made, "expression": list(at)} if at else made


def require_outcome(answer: httpx2.Response, status: int, *issues: dict[str, Any]) -> None:
    """Assert the whole answer: status, media type, no caching, every issue and nothing else."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"resourceType": "OperationOutcome", "issue": list(issues)}
