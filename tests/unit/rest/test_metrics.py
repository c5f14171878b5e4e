from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client.parser import text_string_to_metric_families

from tasuki.shared.access.copies import Copies, Cursor
from tasuki.shared.clock import SystemClock
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.metrics import Metrics, install

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BUDGET = 20e-6  # seconds a request may cost more


class Fixed:
    def now(self) -> datetime:
        return NOW


class Store:
    """Says what waits, or does not answer."""

    def __init__(self) -> None:
        self.away = False

    async def unstamped(self) -> Mapping[str, int]:
        if self.away:
            raise Fault(Category.UNAVAILABLE, "the database does not answer; try again")
        return {"change": 3, "audit": 5}

    @property
    def replicas(self) -> Copies:
        return cast("Copies", self)

    async def cursor(self, feed: str) -> Cursor | None:
        return None if feed == "never" else Cursor("e", 1, NOW - timedelta(seconds=42))


def served(store: Store | None = None, *, open_to_all: bool = False) -> FastAPI:
    """An app as the services are: routes of its own, a FHIR app below, mounted in a whole."""
    fhir = FastAPI()
    routes = APIRouter(prefix="/of")

    @routes.get("/{type_}/{id_}")
    async def read(type_: str, id_: str) -> str:
        return type_ + id_

    @fhir.get("/$explode")
    async def explode() -> None:
        raise ValueError

    fhir.include_router(routes, prefix="/all")
    app = FastAPI()
    install(app, Metrics(Fixed(), store, ("consent", "never")), open_to_all=open_to_all)
    app.mount("/fhir", fhir)
    whole = FastAPI()
    whole.mount("/ehr/noto", app)
    return whole


def asking(app: FastAPI, host: str = "127.0.0.1") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False, client=(host, 40000))
    return httpx2.AsyncClient(transport=transport, base_url="http://here/ehr/noto")


async def numbers(http: httpx2.AsyncClient) -> dict[tuple[str, ...], float]:
    """Every sample by name and labels."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_requests_are_counted_by_template_method_and_status_and_name_nobody() -> None:
    async with asking(served()) as http:
        await http.get("/fhir/all/of/Patient/secret-1?name=secret-2")
        await http.get("/fhir/all/of/Patient/secret-3")
        await http.post("/fhir/all/of/Patient/secret-4")
        await http.get("/fhir/secret-5")
        await http.get("/secret-6")
        await http.request("SECRET", "/fhir/all/of/Patient/1")
        await http.get("/fhir/$explode")
        text = (await http.get("/metrics")).text
        told = await numbers(http)
    assert "secret" not in text.lower()
    template = "/fhir/all/of/{type_}/{id_}"
    counted = {key[1:]: value for key, value in told.items() if key[0] == "tasuki_requests_total"}
    assert counted == {
        ("GET", template, "2xx"): 2,
        ("POST", template, "4xx"): 1,
        ("other", template, "4xx"): 1,
        ("GET", "none", "4xx"): 2,
        ("GET", "/fhir/$explode", "5xx"): 1,
        ("GET", "/metrics", "2xx"): 1,
    }
    assert told[("tasuki_request_seconds_count", "GET", template, "2xx")] == 2
    assert told[("process_resident_memory_bytes",)] > 0


@pytest.mark.parametrize(
    ("host", "headers", "open_to_all", "status"),
    [
        ("127.0.0.1", {}, False, 200),
        ("::1", {}, False, 200),
        ("192.0.2.7", {}, False, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, False, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, False, 404),
        ("192.0.2.7", {}, True, 200),
    ],
)
async def test_numbers_are_for_loopback_unless_opened(
    host: str, headers: dict[str, str], open_to_all: bool, status: int
) -> None:
    async with asking(served(open_to_all=open_to_all), host) as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status


async def test_age_of_copies_and_backlog_are_told() -> None:
    async with asking(served(Store())) as http:
        told = await numbers(http)
    assert told[("tasuki_copy_age_seconds", "consent")] == 42
    assert str(told[("tasuki_copy_age_seconds", "never")]) == "nan"
    assert told[("tasuki_unstamped", "change")] == 3
    assert told[("tasuki_unstamped", "audit")] == 5


async def test_without_the_database_the_rest_is_told_and_what_is_unknown_is_nan() -> None:
    store = Store()
    async with asking(served(store)) as http:
        await numbers(http)
        store.away = True
        told = await numbers(http)
    assert str(told[("tasuki_unstamped", "audit")]) == "nan"
    assert str(told[("tasuki_copy_age_seconds", "consent")]) == "nan"
    assert told[("tasuki_requests_total", "GET", "/metrics", "2xx")] == 1


def test_two_apps_of_one_process_count_apart() -> None:
    first, second = Metrics(SystemClock(), None), Metrics(SystemClock(), None)
    first.answered("/x", "GET", 200, 0.1)
    labels = {"route": "/x", "method": "GET", "status": "2xx"}
    assert first.registry.get_sample_value("tasuki_requests_total", labels) == 1
    assert second.registry.get_sample_value("tasuki_requests_total", labels) is None


@pytest.mark.bench
def test_counting_costs_less_than_its_budget() -> None:
    metrics = Metrics(SystemClock(), None)
    rounds = 20_000
    began = time.perf_counter()
    for _ in range(rounds):
        metrics.answered("/fhir/{type_}/{id_}", "GET", 200, 0.01)
    assert (time.perf_counter() - began) / rounds < BUDGET
