"""The short way to `read` answers as the long one would, whatever is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.store.world import new, patient

from tasuki.shared.rest import quick

if TYPE_CHECKING:
    from fastapi import FastAPI
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

ASKED = [
    ("GET", "/Patient/p1", {}),
    ("GET", "/Observation/o1", {"token": "narrow"}),
    ("GET", "/Patient/absent", {}),
    ("GET", "/Patient/no_id", {}),
    ("GET", "/Nothing/p1", {}),
    ("GET", "/Patient/p1/", {}),
    ("GET", "/Patient/p1%0a", {}),
    ("GET", "/Patient/_history", {}),
    ("GET", "/Patient/$match", {}),
    ("GET", "/OperationDefinition/changes", {}),
    ("GET", "/OperationDefinition/changes", {"token": None}),
    ("GET", "/Patient/p1", {"token": None}),
    ("GET", "/Patient/p1", {"token": "unknown"}),
    ("GET", "/Patient/p1", {"headers": {"Accept": "application/fhir+xml"}}),
    ("GET", "/Patient/p1?_format=xml", {}),
    ("HEAD", "/Patient/p1", {}),
    ("PATCH", "/Patient/p1", {}),
    ("OPTIONS", "/Patient/p1", {}),
]


@pytest.mark.parametrize(("method", "path", "more"), ASKED)
async def test_both_ways_answer_alike(
    house: House, method: str, path: str, more: dict[str, Any]
) -> None:
    async with house.world.store.unit() as unit:
        await unit.write([patient("p1"), new("Observation", "o1", "p1")])
    more = {**more, "headers": {"X-Request-Id": "r1", **more.get("headers", {})}}
    short = await house.ask(method, path, **more)
    _take_out(house.app)
    long = await house.ask(method, path, **more)
    assert (short.status_code, short.content) == (long.status_code, long.content)
    assert dict(short.headers) == dict(long.headers)


def _take_out(app: FastAPI) -> None:
    first = app.router.routes.pop(0)
    assert isinstance(first, quick.QuickRead)
