"""The consent service tells nobody more of what people said, and of who looked, than they may know: P2.

Every door of it, by every caller, for everything that may have happened; judged by a model that shares
nothing with the product. docs/api/consent, docs/adr/0018, docs/adr/0024
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from tests.access.callers import BY_NAME
from tests.access.consent_callers import SOME
from tests.access.consent_matrix import DOORS, visited
from tests.access.consent_people import STATES
from tests.access.judging import NEVER
from tests.access.test_routes import routes_of

if TYPE_CHECKING:
    from tests.access.consent_judging import ConsentJudge
    from tests.access.consent_world import ConsentWorld

pytestmark = pytest.mark.anyio

# What anybody may ask, and what it tells.
PUBLIC = {
    "GET /fhir/metadata": "what the server can do",
    "GET /fhir/.well-known/smart-configuration": "where to sign in",
    "GET /fhir/OperationDefinition/{name}": "what an operation is",
    "GET /fhir/.well-known/declaration-keys": "by which keys declarations are signed",
    "GET /fhir/$log-keys": "by which keys the audit log is signed",
    "GET /healthz": "that it runs",
    "GET /readyz": "that it can work",
    "GET /metrics": "numbers, closed unless a setting opens it",
    "GET /overrides": "leads to the pages",
}


def summary(judge: ConsentJudge) -> str:
    """Return in a line what was covered."""
    return (
        f"consent: {judge.cells.total():,} answers; {len(DOORS)} doors,"
        f" {len({cell[1] for cell in judge.cells})} callers, {len(STATES)} states,"
        f" {len(judge.cells):,} cells,"
        f" {len(judge.findings)} findings"
    )


async def test_who_is_told_what_by_the_consent_service(
    consenting: ConsentWorld, told: list[str]
) -> None:
    judge = await visited(consenting, 1)
    told.append(summary(judge))
    assert judge.findings[:5] == []
    for name, door in DOORS.items():
        states = {one.state for one in consenting.people if one.overrides or not door.each}
        assert {cell[2] for cell in judge.visits if cell[0] == name} == states
        assert {cell[1] for cell in judge.visits if cell[0] == name} == {one.name for one in SOME}


@pytest.mark.slow
async def test_who_is_told_what_of_everybody_by_the_consent_service(
    consenting: ConsentWorld, told: list[str]
) -> None:
    judge = await visited(consenting, 99, thorough=True)
    told.append(summary(judge))
    assert judge.findings[:5] == []


def _routes(app: FastAPI) -> set[str]:
    """Return every route of the service, those under its FHIR base URL too; not those of pages."""
    mounted = {one.path: one.app for one in app.routes if isinstance(one, Mount)}
    fhir = mounted["/fhir"]
    assert isinstance(fhir, FastAPI)
    below = {one.replace(" ", " /fhir", 1) for one in routes_of(fhir)}
    return routes_of(app) | below


async def test_every_route_of_the_consent_service_is_a_door(consenting: ConsentWorld) -> None:
    routes = _routes(consenting.app)
    named = {route for door in DOORS.values() for route in door.routes}
    assert sorted(routes - named - PUBLIC.keys()) == []
    assert sorted((named | PUBLIC.keys()) - routes) == []


def _path(world: ConsentWorld, route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    person = next(one for one in world.people if one.consents and one.overrides)
    for name, value in (
        ("{type_}", "Consent"),
        ("{version}", "1"),
        ("{code}", person.overrides[0].code),
        ("{id_}", person.overrides[0].id if "overrides" in path else person.consents[0].id),
    ):
        path = path.replace(name, value)
    query = f"?patient={person.id}&token={person.token}&since=0"
    return method, path.removeprefix("/fhir/") + query


async def test_a_token_that_is_not_for_it_opens_no_route(consenting: ConsentWorld) -> None:
    """Of another audience, too old, altered, or none: all the same, at every door."""
    person = next(one for one in consenting.people if one.consents and one.overrides)
    for caller in (BY_NAME["service"], BY_NAME["resident, own record"]):
        asker = consenting.asker(caller, person)
        good = consenting.token(asker)
        now = int(consenting.clock.now().timestamp())
        bad = (
            consenting.another_token(asker, audience="https://desk.test/phr/fhir"),
            consenting.another_token(asker, exp=now - 61),
            consenting.another_token(asker, iss="https://elsewhere.test/auth"),
            f"{good[:-4]}AAAA",
            "",
        )
        for route in sorted(_routes(consenting.app) - PUBLIC.keys()):
            method, path = _path(consenting, route)
            for token in bad:
                answer = await consenting.send(token, method, path, {})
                assert answer.status_code == 401, route
                assert not any(mark in answer.text for mark in consenting.by_mark), route
        answer = await consenting.send(good, "GET", f"Consent/{NEVER}")
        assert answer.status_code == 404  # so that it is not all that is refused


async def test_without_a_session_pages_show_nothing(consenting: ConsentWorld) -> None:
    for part in ("overrides", "officer"):
        for path in ("/", "/decided", "/figures", "/open", f"/{NEVER}"):
            url = f"https://desk.test/consent/{part}{path}"
            answer = await consenting.http.get(url)
            assert answer.status_code in (303, 404), url
            assert not any(mark in answer.text for mark in consenting.by_mark), url
