"""Conditional read, Prefer, HEAD. https://hl7.org/fhir/R4/http.html"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"resourceType": "Patient"}
WRITTEN = "Mon, 05 Jan 2026 01:02:03 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": 'W/"1"'}, 304),
        ({"If-None-Match": '"1"'}, 304),
        ({"If-None-Match": 'W/"9", W/"1"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": 'W/"2"'}, 200),
        ({"If-None-Match": "1"}, 200),
        ({"If-None-Match": 'W/"x"'}, 200),
        ({"If-Modified-Since": WRITTEN}, 304),
        ({"If-Modified-Since": "Tue, 06 Jan 2026 01:02:03 GMT"}, 304),
        ({"If-Modified-Since": "Mon, 05 Jan 2026 01:02:02 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Mon, 05 Jan 2026 01:02:03 -0000"}, 200),
        ({"If-None-Match": 'W/"2"', "If-Modified-Since": WRITTEN}, 200),
    ],
)
async def test_a_conditional_read_sends_only_what_is_new(
    house: House, headers: dict[str, str], status: int
) -> None:
    id_ = await house.create(PATIENT)
    for path in (f"/Patient/{id_}", f"/Patient/{id_}/_history/1"):
        answer = await house.get(path, headers=headers)
        assert answer.status_code == status
        assert answer.headers["etag"] == 'W/"1"'
        assert answer.headers["last-modified"] == WRITTEN
        assert bool(answer.content) == (status == 200)


async def test_what_may_not_be_read_is_not_told_to_be_unchanged(house: House) -> None:
    id_ = await house.create(PATIENT)
    token = await house.resident(await house.create(PATIENT))
    headers = {"If-None-Match": "*"}
    assert (await house.get(f"/Patient/{id_}", headers=headers, token=token)).status_code == 404
    await house.ask("DELETE", f"/Patient/{id_}")
    assert (await house.get(f"/Patient/{id_}", headers=headers)).status_code == 410


@pytest.mark.parametrize(
    ("prefer", "body"),
    [
        (None, "Patient"),
        ("return=representation", "Patient"),
        ("respond-async, return=minimal", None),
        ('handling=strict; x=y, Return="minimal"', None),
        ("return=OperationOutcome", "OperationOutcome"),
        ("return=everything", "Patient"),
    ],
)
async def test_a_writer_says_what_to_send_back(
    house: House, prefer: str | None, body: str | None
) -> None:
    headers = {} if prefer is None else {"Prefer": prefer}
    made = await house.post("/Patient", json=PATIENT, headers=headers)
    id_ = made.headers["location"].split("/")[-3]
    resource = {**PATIENT, "id": id_}
    put = await house.ask("PUT", f"/Patient/{id_}", json=resource, headers=headers)
    where = await house.ask("PUT", f"/Patient?_id={id_}", json=PATIENT, headers=headers)
    for answer, status, version in ((made, 201, 1), (put, 200, 2), (where, 200, 3)):
        assert answer.status_code == status, answer.text
        assert answer.headers["etag"] == f'W/"{version}"'
        assert answer.headers["location"] == f"{BASE}/Patient/{id_}/_history/{version}"
        assert answer.headers["cache-control"] == "no-store"
        assert (answer.json()["resourceType"] if answer.content else None) == body
    gone = await house.ask("DELETE", f"/Patient/{id_}", headers=headers)
    assert gone.status_code == (200 if body == "OperationOutcome" else 204)
    assert gone.headers["etag"] == 'W/"4"'


async def test_nothing_is_written_under_a_condition_for_reading(house: House) -> None:
    id_ = await house.create(PATIENT)
    text = "If-None-Match is for reading; to create what is not there, use If-None-Exist"
    headers = {"If-None-Match": "*"}
    for method, path in (
        ("PUT", f"/Patient/{id_}"),
        ("PUT", "/Patient?_id=1"),
        ("DELETE", f"/Patient/{id_}"),
        ("DELETE", "/Patient?_id=1"),
    ):
        answer = await house.ask(method, path, json={**PATIENT, "id": id_}, headers=headers)
        require_outcome(answer, 400, issue("not-supported", text))
    assert await house.world.count("resource_version") == 1


@pytest.mark.parametrize(
    "path",
    ["", "/_history/1", "/_history", "/_history/9", "/nothing"],
)
async def test_head_answers_what_get_does_without_the_body(house: House, path: str) -> None:
    id_ = await house.create(PATIENT)
    house.world.clock.advance(timedelta(seconds=1))
    got = await house.get(f"/Patient/{id_}{path}")
    async with house.world.store.unit() as unit:
        before = await unit.audit_count([id_])
    asked = await house.ask("HEAD", f"/Patient/{id_}{path}")
    assert (asked.status_code, dict(asked.headers)) == (got.status_code, dict(got.headers))
    assert asked.content == b""
    async with house.world.store.unit() as unit:
        assert await unit.audit_count([id_]) == before + (got.status_code == 200)


async def test_head_searches_too_and_writes_nowhere(house: House) -> None:
    assert (await house.ask("HEAD", "/Patient?_id=1")).status_code == 200
    assert (await house.ask("HEAD", "/metadata", token=None)).status_code == 200
    assert (await house.ask("HEAD", "/", token=None)).status_code == 401
