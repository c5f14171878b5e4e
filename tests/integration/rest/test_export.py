"""Bulk $export from order to file: https://hl7.org/fhir/uv/bulkdata/STU2/export.html."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import (
    ASYNC,
    PATIENT,
    condition,
    exported,
    leaves,
    lines,
    manifest,
    named,
    ordered,
    refused,
)
from tests.integration.rest.house import BASE

from tasuki.shared.access.exports import exporting

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

KICK_OFFS = [
    ("GET", "/$export", {}, "invalid"),
    ("GET", "/$export", {"headers": {"Prefer": "handling=lenient"}}, "invalid"),
    ("GET", "/$export?_outputFormat=text/csv", {}, "not-supported"),
    ("GET", "/$export?_typeFilter=Patient%3Factive%3Dtrue", {}, "not-supported"),
    ("GET", "/$export?_elements=id", {}, "not-supported"),
    ("GET", "/$export?_until=2026-01-05T00:00:00Z", {}, "not-supported"),
    ("GET", "/$export?_type=Account", {}, "invalid"),
    ("GET", "/$export?_type=", {}, "invalid"),
    ("GET", "/Patient/$export?_type=Organization", {}, "invalid"),
    ("GET", "/$export?_since=2026-01-05", {}, "invalid"),
    ("GET", "/$export?_since=yesterday", {}, "invalid"),
    ("GET", "/Patient/$export?patient=Patient/1", {}, "invalid"),
    ("GET", "/Group/g1/$export?_elements=id", {}, "not-supported"),
    ("POST", "/$export", {"json": {"resourceType": "Patient"}}, "invalid"),
    ("POST", "/$export?_type=Patient", {"json": {"resourceType": "Parameters"}}, "invalid"),
]


def parameters(**given: Any) -> dict[str, Any]:
    """Return a Parameters resource; lists repeat."""
    values = {"_type": "valueString", "_since": "valueInstant", "patient": "valueReference"}
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": name, values[name]: value} for name, some in given.items() for value in some
        ],
    }


@pytest.mark.parametrize(("method", "path", "more", "code"), KICK_OFFS)
async def test_what_cannot_be_honoured_is_refused(
    house: House, method: str, path: str, more: dict[str, Any], code: str
) -> None:
    headers = {} if path == "/$export" and method == "GET" else ASYNC
    answer = await house.ask(method, path, **{"headers": headers, **more})
    refused(answer, 400, code)
    assert await house.world.count("kept_item") == 0


async def test_an_export_is_all_there_is_byte_by_byte(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    flag = await house.create(condition(mine))
    place = await house.create({"resourceType": "Organization", "name": "病院"})
    status = await ordered(house)
    told = await manifest(house, status)
    assert told["request"] == f"{BASE}/$export"
    assert told["requiresAccessToken"] is True
    assert told["transactionTime"] == "2026-01-05T01:02:03.456Z"
    assert (told["deleted"], told["error"]) == ([], [])
    found = {named(one): one for one in await lines(house, told)}
    wanted = [f"Condition/{flag}", f"Organization/{place}", f"Patient/{mine}", f"Patient/{theirs}"]
    assert sorted(found) == sorted(wanted)
    raw = await house.get(next(f["url"] for f in told["output"] if f["type"] == "Condition"))
    assert raw.content == (await house.get(f"/Condition/{flag}")).content + b"\n"
    assert raw.headers["content-type"] == "application/fhir+ndjson"
    assert raw.headers["cache-control"] == "no-store"


async def test_people_s_records_are_without_what_is_about_nobody(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    own = await house.create(condition(mine))
    await house.create(condition(theirs))
    await house.create({"resourceType": "Organization", "name": "病院"})
    await house.create({"resourceType": "Device"})
    assert len(await exported(house, "/Patient/$export")) == 4
    assert await exported(house, "/Patient/$export?_type=Patient") == sorted(
        [f"Patient/{mine}", f"Patient/{theirs}"]
    )
    named_only = parameters(patient=[{"reference": f"Patient/{mine}"}], _type=["Condition,Patient"])
    found = await exported(house, "/Patient/$export", json=named_only)
    assert found == [f"Condition/{own}", f"Patient/{mine}"]
    absent = parameters(patient=[{"reference": "Patient/nobody"}])
    refused(await house.post("/Patient/$export", headers=ASYNC, json=absent), 404, "not-found")


async def test_types_without_scope_are_left_out_unless_they_were_named(house: House) -> None:
    mine = await house.create(PATIENT)
    await house.create(condition(mine))
    told = await manifest(house, await ordered(house, token="seeker"), token="seeker")
    assert [file["type"] for file in told["output"]] == ["Patient"]
    for token in ("seeker", "reader", "narrow"):
        answer = await house.get("/$export?_type=Condition", headers=ASYNC, token=token)
        refused(answer, 403, "forbidden")
    house.grant("flags", "user/Flag.r")
    refused(await house.get("/$export", headers=ASYNC, token="flags"), 403, "forbidden")


async def test_what_changed_and_what_was_deleted_since(house: House) -> None:
    mine = await house.create(PATIENT)
    changed, deleted, old = [await house.create(condition(mine)) for _ in range(3)]
    first = await manifest(house, await ordered(house))
    house.world.clock.advance(timedelta(minutes=1))
    body = {**condition(mine, "y"), "id": changed}
    assert (await house.ask("PUT", f"/Condition/{changed}", json=body)).status_code == 200
    assert (await house.ask("DELETE", f"/Condition/{deleted}")).status_code == 204
    new = await house.create(condition(mine))
    since = first["transactionTime"]
    second = await manifest(house, await ordered(house, f"/$export?_since={since}"))
    assert sorted(named(one) for one in await lines(house, second)) == sorted(
        [f"Condition/{changed}", f"Condition/{new}"]
    )
    assert await lines(house, second, "deleted") == [
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "DELETE", "url": f"Condition/{deleted}"}}],
        }
    ]
    whole = await manifest(house, await ordered(house))
    assert f"Condition/{old}" in {named(one) for one in await lines(house, whole)}
    assert whole["deleted"] == []
    nothing = await manifest(
        house, await ordered(house, f"/$export?_since={second['transactionTime']}")
    )
    assert (nothing["output"], nothing["deleted"]) == ([], [])


async def test_a_large_export_comes_in_several_files(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "FILE_BYTES", 2_000)
    monkeypatch.setattr(exporting, "PAGE_ROWS", 3)
    monkeypatch.setattr(exporting, "PAGE_BYTES", 300)
    mine = await house.create(PATIENT)
    made = {await house.create(condition(mine, "長い" * 200)) for _ in range(12)}
    told = await manifest(house, await ordered(house, "/$export?_type=Condition"))
    assert len(told["output"]) > 3
    assert {one["id"] for one in await lines(house, told)} == made


async def test_the_order_and_the_fetching_are_recorded_for_each_person(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    own = await house.create(condition(mine))
    status = await ordered(house, "/$export?_type=Condition", token="clinician")
    told = await manifest(house, status, token="clinician")
    assert [one["subtype"][0]["code"] for one in await leaves(house, mine)] == ["create"] * 2
    await lines(house, told, token="clinician")
    newest, *_ = await leaves(house, mine)
    assert newest["subtype"][0]["code"] == "disclose"
    assert f"Condition/{own}" in str(newest["entity"])
    assert len(await leaves(house, theirs)) == 1, "nothing of theirs left"
