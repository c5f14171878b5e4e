"""Every operation of every FHIR base URL is defined, and the definition is what the route takes.

https://hl7.org/fhir/R4/operationdefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.testclient import TestClient

from tasuki.consent import feed_routes
from tasuki.ehr import summary
from tasuki.shared.fhir.models import validate
from tasuki.shared.rest import (
    checkpoints,
    definitions,
    disclosures,
    everything,
    exports,
    feed,
    lastn,
    load,
    network_tokens,
)
from tasuki.shared.rest.definitions import CANONICAL, OWN
from tasuki.shared.rest.outcome import install
from tasuki.shelter import fhir as shelter

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://noto.example/fhir"
ROUTERS: list[tuple[str, APIRouter]] = [
    ("changes", feed.ROUTES),
    ("checkpoint", checkpoints.ROUTES),
    ("disclosures", disclosures.ROUTES),
    ("everything", everything.ROUTES),
    ("export", exports.ROUTES),
    ("feed", feed_routes.ROUTES),
    ("lastn", lastn.ROUTES),
    ("load", load.ROUTES),
    ("match", shelter.ROUTES),
    ("network-tokens", network_tokens.ROUTES),
    ("summary", summary.ROUTES),
]
# Parameters of the query by name: FHIR type, least, most.
TAKEN: dict[str, dict[str, tuple[str, int, str]]] = {
    "changes": {
        "since": ("integer", 0, "1"),
        "count": ("integer", 0, "1"),
        "types": ("string", 0, "1"),
        "wait": ("decimal", 0, "1"),
    },
    "checkpoint": {"old": ("integer", 0, "1")},
    "cosignature": {},
    "disclosures": {
        "token": ("string", 1, "*"),
        "skip": ("integer", 0, "1"),
        "proof": ("boolean", 0, "1"),
    },
    "emergency-profile": {},
    "feed": {
        "since": ("integer", 0, "1"),
        "wait": ("decimal", 0, "1"),
        "kinds": ("string", 0, "1"),
    },
    "load": {"source": ("string", 1, "1"), "firstLine": ("integer", 0, "1")},
    "log-keys": {},
    "network-tokens": {},
    "quarantine": {},
}


def made(*routers: APIRouter) -> dict[str, Any]:
    """Return the definitions of the operations of these routers."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for router in routers:
        app.include_router(router)
    return definitions.definitions(app.routes, BASE)


def all_made() -> dict[str, Any]:
    """Return all there are, but for the locator's."""
    return made(*(router for _, router in ROUTERS))


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_a_definition_is_valid_and_takes_what_the_route_takes(name: str) -> None:
    one = all_made()[name]
    assert validate(one) == ()
    assert one["url"] == f"{BASE}/OperationDefinition/{name}"
    given = {
        p["name"]: (p["type"], p["min"], p["max"])
        for p in one.get("parameter", ())
        if p["use"] == "in"
    }
    assert given == TAKEN[name]
    assert one["description"].endswith(".")
    assert [one["system"], one["type"], one["instance"]].count(True) == 1
    assert one["affectsState"] is (name in {"cosignature", "load"})


def test_every_operation_is_ours_or_somebody_has_defined_it() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for _, router in ROUTERS:
        app.include_router(router)
    found = {(type_, name) for _, _, type_, name in definitions.operations(app.routes)}
    refused = {("Group", "export")}
    undefined = {(t, n) for t, n in found - refused if (t, n) not in CANONICAL and n not in OWN}
    assert undefined == set()
    assert {name for _, name in found} >= {name for name, _ in ROUTERS}
    assert set(all_made()) == set(OWN) - {"locate"}


def test_the_locator_s_is_defined_by_its_body() -> None:
    routes = APIRouter()

    @routes.post("/$locate")
    async def locate() -> None:
        """Return the regions."""

    one = made(routes)["locate"]
    assert validate(one) == ()
    assert [(p["name"], p["use"]) for p in one["parameter"]] == [("token", "in"), ("return", "out")]


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(load.ROUTES)
    install(app)

    @app.get("/OperationDefinition/{name}")
    async def definition(name: str, request: Request) -> Any:
        return definitions.definition_answer(name, request, BASE)

    with TestClient(app, raise_server_exceptions=False) as made_client:
        yield made_client


def test_it_is_served_without_a_token(client: TestClient) -> None:
    answer = client.get("/OperationDefinition/load")
    assert answer.status_code == 200
    assert answer.json()["code"] == "load"
    assert client.get("/OperationDefinition/everything").status_code == 404
