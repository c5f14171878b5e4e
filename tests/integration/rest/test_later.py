"""`Prefer: respond-async` on a search: every match in files, ruled on again when they are fetched.

https://hl7.org/fhir/R4/async.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import (
    ASYNC,
    PATIENT,
    condition,
    leaves,
    lines,
    manifest,
    named,
    ordered,
    refused,
)

from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio


async def _found(house: House, path: str, **more: Any) -> list[str]:
    told = await manifest(house, await ordered(house, path, **more), **more)
    return [named(one) for one in await lines(house, told, **more)]


async def test_all_matches_come_in_files_without_pages(house: House) -> None:
    mine = await house.create(PATIENT)
    ids = [await house.create(condition(mine, f"c{n}")) for n in range(5)]
    wanted = sorted(f"Condition/{one}" for one in ids)
    for path in (
        f"/Condition?patient={mine}&_count=2",
        f"/Patient/{mine}/Condition",
        "/?_type=Condition",
    ):
        assert sorted(await _found(house, path)) == wanted, path
    told = await manifest(house, await ordered(house, f"/Condition?patient={mine}&_sort=-_id"))
    assert [file["type"] for file in told["output"]] == ["Condition"]
    assert told["request"].endswith(f"/Condition?patient={mine}&_sort=-_id")
    assert [named(one) for one in await lines(house, told)] == wanted[::-1]
    form = await house.post(
        "/Condition/_search",
        raw=f"patient={mine}".encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded", **ASYNC},
    )
    assert form.status_code == 202
    told = await manifest(house, form.headers["content-location"])
    assert sorted(named(one) for one in await lines(house, told)) == wanted


async def test_what_is_added_comes_too(house: House) -> None:
    mine = await house.create(PATIENT)
    ill = await house.create(condition(mine))
    found = await _found(house, f"/Condition?patient={mine}&_include=Condition:patient")
    assert sorted(found) == [f"Condition/{ill}", f"Patient/{mine}"]


async def test_a_part_of_it_and_a_further_page_are_answered_at_once(house: House) -> None:
    mine = await house.create(PATIENT)
    for more in ("_summary=true", "_elements=id", "_summary=count", "_count=0"):
        answer = await house.get(f"/Patient?_id={mine}&{more}", headers=ASYNC)
        assert answer.status_code == 200, more
    answer = await house.get(f"/Patient/{mine}", headers=ASYNC)
    assert answer.status_code == 200


async def test_what_is_wrong_is_refused_at_once(house: House) -> None:
    refused(await house.get("/Condition?colour=red", headers=ASYNC), 400, "invalid")
    refused(await house.get("/Flag", headers=ASYNC, token="reader"), 403, "forbidden")


async def test_what_fails_later_says_why(house: House) -> None:
    answer = await house.get("/Condition/_history", headers=ASYNC)
    assert answer.status_code == 200
    status = await ordered(house, "/Patient/00000000-0000-4000-8000-000000000000/Condition")
    await house.jobs.idle()
    answer = await house.get(status)
    assert answer.status_code == 500
    assert "no such resource" in answer.text


async def test_what_may_not_be_seen_any_more_is_not_in_the_file(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    ill = await house.create(condition(mine))
    await house.create(condition(theirs))
    path = f"/Condition?patient={mine},{theirs}"
    told = await manifest(house, await ordered(house, path, token="clinician"), token="clinician")
    house.decider.rulings[theirs] = Ruling.refuse("Consent/c1")
    found = await lines(house, told, token="clinician")
    assert [named(one) for one in found] == [f"Condition/{ill}"]
    assert f"Condition/{ill}" in json.dumps((await leaves(house, mine))[0])
    url = told["output"][0]["url"]
    refused(await house.get(url, token="reader"), 403, "forbidden")  # the same caller, less scope
    refused(await house.get(url, token="hospital"), 404, "not-found")


async def test_what_is_withheld_is_said(house: House) -> None:
    mine = await house.create(PATIENT)
    await house.create(condition(mine))
    house.decider.rulings[mine] = Ruling.permit_partly(
        "Consent/c1", withheld_types=frozenset({"Condition"}), screen=lambda _: True
    )
    path = f"/Condition?patient={mine}"
    told = await manifest(house, await ordered(house, path, token="clinician"), token="clinician")
    assert told["output"] == []
    (said,) = await lines(house, told, "error", token="clinician")
    assert said["issue"][0]["diagnostics"] == "withheld: Condition"


async def test_emergency_access_is_answered_at_once(house: House) -> None:
    mine = await house.create(PATIENT)
    known = house.verifier.known
    known["emergency"] = replace(known["clinician"], purpose="ETREAT")
    answer = await house.get(f"/Condition?patient={mine}", headers=ASYNC, token="emergency")
    assert answer.status_code == 200
