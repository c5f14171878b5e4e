"""Hostile input through every door: refused in plain words that repeat nothing, nothing written.

No case may hang: the timeout is generous, and is no measurement.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.integration.rest.hostile import CASES, Hostile
from tests.integration.rest.hostile_bodies import JSON_TEXTS, NEEDLE
from tests.integration.rest.house import BASE, MAX_BODY, House, house_on
from tests.integration.rest.wire import FHIR, Wire, diagnostics, sent
from tests.store.world import Server, tenant_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

WRITTEN = ("resource_head", "resource_version", "quarantine", "change")


@pytest.fixture(scope="module")
async def besieged(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """One house for all of it: what one request breaks, the next would notice."""
    folder = tmp_path_factory.mktemp("besieged")
    async with tenant_on(server, folder) as world, house_on(world) as made:
        yield made


async def written(house: House) -> int:
    """Return how much has been written, of everything but the audit log."""
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in WRITTEN)
    (row,) = await house.world.rows(f"SELECT {counts}")
    return sum(row)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_hostile_input_is_refused(besieged: House, case: Hostile) -> None:
    before = await written(besieged)
    answer = await sent(besieged.app, case.wire)
    assert answer.status == case.status, answer.body[:500]
    assert diagnostics(answer)
    assert NEEDLE not in answer.body
    assert b"Traceback" not in answer.body
    assert len(answer.body) < 20_000
    assert answer.header(b"x-evil") is None
    assert not [value for _, value in answer.headers if b"\r" in value or b"\n" in value]
    assert await written(besieged) == before


async def test_of_an_endless_body_no_more_is_read_than_may_come(besieged: House) -> None:
    for path, kind in (
        ("/Patient", b"application/fhir+json"),
        ("/", b"application/json"),
        ("/Patient/$validate", b"application/fhir+json"),
        ("/$load", b"application/ndjson"),
        ("/Patient/_search", b"application/x-www-form-urlencoded"),
    ):
        wire = Wire(
            path=path,
            query=b"source=x" if path == "/$load" else b"",
            headers=((b"content-type", kind), (b"content-length", b"1")),
            body=b"a" * 10_000,
            endless=True,
        )
        answer = await sent(besieged.app, wire)
        assert answer.status == 413, path
        assert answer.read <= MAX_BODY + 10_000
        assert diagnostics(answer)


@pytest.mark.parametrize("name", [name for name in JSON_TEXTS if b"\n" not in JSON_TEXTS[name]])
async def test_a_hostile_line_of_a_load_is_quarantined_and_the_others_are_kept(
    house: House, name: str
) -> None:
    sound = b'{"resourceType":"Patient","id":"a1"}'
    body = b"\n".join([sound, JSON_TEXTS[name], sound.replace(b"a1", b"a2")])
    headers = ((b"content-type", b"application/ndjson"),)
    wire = Wire(path="/$load", query=b"source=x", headers=headers, body=body)
    answer = await sent(house.app, wire)
    told = json.loads(answer.body)["parameter"]
    counts = {one["name"]: one.get("valueInteger") for one in told}
    blank = not JSON_TEXTS[name].strip()
    assert (counts["created"], counts["quarantined"]) == (2, 0 if blank else 1)
    assert NEEDLE not in answer.body


async def test_links_are_made_of_our_own_address_whatever_the_host_header_says(
    house: House,
) -> None:
    evil = tuple((name, b"evil.example") for name in (b"host", b"x-forwarded-host", b"forwarded"))
    made = await sent(house.app, Wire(headers=(FHIR, *evil), body=b'{"resourceType":"Patient"}'))
    assert made.status == 201
    assert (made.header(b"location") or b"").startswith(BASE.encode())
    for path in ("/Patient", "/metadata"):
        found = await sent(house.app, Wire(method="GET", path=path, headers=evil))
        assert found.status == 200
        assert b"evil" not in found.body


async def test_a_byte_order_mark_is_passed_over(house: House) -> None:
    wire = Wire(body=b'\xef\xbb\xbf{"resourceType":"Patient"}')
    assert (await sent(house.app, wire)).status == 201


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_utf_8_may_be_said(house: House, kind: str) -> None:
    headers = ((b"content-type", kind.encode()),)
    answer = await sent(house.app, Wire(headers=headers, body=b'{"resourceType":"Patient"}'))
    assert answer.status == 201


async def test_thousands_of_references_are_followed_in_bounded_work(house: House) -> None:
    """Each entry refers to each other one, and one resource to thousands that are not here."""
    patient = await house.create({"resourceType": "Patient"})
    items = [{"item": {"reference": f"Observation/{number}"}} for number in range(4_000)]
    subject = {"reference": f"Patient/{patient}"}
    held = {"resourceType": "List", "status": "current", "mode": "working", "subject": subject}
    await house.create({**held, "entry": items})
    assert (await house.get(f"/Patient/{patient}/$everything")).json()["total"] == 2
    others = [{"type": "seealso", "other": {"reference": f"urn:uuid:{one}"}} for one in range(20)]
    entries = [
        {
            "fullUrl": f"urn:uuid:{number}",
            "request": {"method": "POST", "url": "Patient"},
            "resource": {"resourceType": "Patient", "link": others * 5},
        }
        for number in range(20)
    ]
    circle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert (await house.post("/", json=circle)).status_code == 200
