"""No route is left out: each is a door of the matrix, or stands in one reviewed list with a reason.

Routes without the check that others have are how records got out elsewhere (CVE-2026-25164).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import iter_route_contexts
from tests.access import matrix
from tests.access.doors import DOORS
from tests.access.records import MARK

if TYPE_CHECKING:
    from fastapi import FastAPI
    from tests.access.world import Holder, World

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
# FHIR routes that anybody may ask, and what they tell.
PUBLIC = {
    "GET /metadata": "what the server can do",
    "GET /.well-known/smart-configuration": "where to sign in",
    "GET /OperationDefinition/{name}": "what an operation is",
    "GET /$log-keys": "by which keys the audit log is signed",
}
# FHIR routes that only take something in, or refuse; what of others their answers could tell is
# tested where the reason says.
TAKEN_IN = {
    "POST /$load": "tests/integration/rest/test_load.py",
    "POST /$clins-collection": "tests/integration/rest/test_collection_subjects.py",
    # Heads of the audit log and what others say of them: hashes, for services alone.
    "GET /$checkpoint": "tests/integration/rest/test_witnessing.py",
    "POST /$cosignature": "tests/integration/rest/test_witnessing.py",
}
# Beside FHIR: pages behind a session of their own, health and numbers.
PAGES = {
    "ehr": "tests/integration/ehr/test_pages.py",
    "phr": "tests/integration/phr/test_log.py",
}


def routes_of(app: FastAPI) -> set[str]:
    """Return every route of an app, as `GET /path`; not what is mounted on it."""
    return {
        f"{method} {context.path}"
        for context in iter_route_contexts(app.router.routes)
        for method in context.methods or ()
        if method != "HEAD"  # answered as GET is: `HEAD` is a door
    }


def named_by_doors(holder: str) -> set[str]:
    assert all(matrix.LISTS)
    return {route for door in DOORS.values() if holder in door.holders for route in door.routes}


def _listed(holder: Holder) -> set[str]:
    return named_by_doors(holder.name) | PUBLIC.keys() | TAKEN_IN.keys()


async def test_every_fhir_route_is_a_door_or_in_the_reviewed_list(few: World) -> None:
    for holder in few.holders.values():
        assert sorted(routes_of(holder.fhir) - _listed(holder)) == []


async def test_the_lists_name_no_route_that_is_gone(few: World) -> None:
    there = {route for holder in few.holders.values() for route in routes_of(holder.fhir)}
    named = {route for holder in few.holders for route in named_by_doors(holder)}
    assert sorted((named | PUBLIC.keys() | TAKEN_IN.keys()) - there) == []


async def test_what_takes_in_and_what_are_pages_is_tested_elsewhere() -> None:
    for test in {*TAKEN_IN.values(), *PAGES.values()}:
        assert (ROOT / test).is_file(), test


async def test_without_a_token_nothing_but_the_public_routes_answers(few: World) -> None:
    """Pages send to the sign-in; what is open tells of nobody."""
    for holder in few.holders.values():
        patient = holder.people[0].patient.id
        for route in sorted(routes_of(holder.fhir)):
            method, _, path = route.partition(" ")
            for name, value in _VALUES.items():
                path = path.replace(name, value)
            path = path.replace("{id_}", patient)
            answer = await few.http.request(method, f"{holder.base}{path}")
            expected = (200, 404) if route in PUBLIC else (401,)
            assert answer.status_code in expected, route
            assert not MARK.findall(answer.text), route


_VALUES = {
    "{type_}": "Patient",
    "{version}": "1",
    "{job}": "00000000-0000-4000-8000-000000000001",
    "{file}": "1",
    "{name}": "export",
}


async def test_pages_show_nobody_without_a_session(few: World) -> None:
    for holder in few.holders.values():
        for route in sorted(routes_of(holder.app)):
            method, _, path = route.partition(" ")
            url = f"{holder.base.removesuffix('/fhir')}{path}".replace("{", "").replace("}", "")
            answer = await few.http.request(method, url)
            assert not MARK.findall(answer.text), route
