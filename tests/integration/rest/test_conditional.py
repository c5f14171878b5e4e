"""Conditional create, update and delete. https://hl7.org/fhir/R4/http.html#ccreate"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome

from tasuki.shared.access.rulings import Ruling
from tasuki.shared.rest.conditions import MAX_CRITERIA

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

SYSTEM = "urn:oid:1.2.3"
SEVERAL = issue("conflict", "several resources match the condition")


def _patient(value: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": value}], **more}


def _by(value: str) -> str:
    return f"identifier={SYSTEM}|{value}"


async def test_a_conditional_create_makes_one_and_then_finds_it(house: House) -> None:
    headers = {"If-None-Exist": _by("1")}
    made = await house.post("/Patient", json=_patient("1"), headers=headers)
    assert made.status_code == 201
    again = await house.post("/Patient", json=_patient("1", active=True), headers=headers)
    assert (again.status_code, again.content) == (200, made.content)
    assert again.headers["location"] == made.headers["location"]
    assert again.headers["etag"] == 'W/"1"'
    assert await house.world.count("resource_version") == 1
    await house.create(_patient("1"))
    require_outcome(await house.post("/Patient", json=_patient("1"), headers=headers), 412, SEVERAL)
    assert await house.world.count("resource_version") == 2


async def test_a_conditional_update_creates_updates_or_refuses(house: House) -> None:
    url = f"/Patient?{_by('1')}"
    named = await house.ask("PUT", url, json=_patient("1", id="mine"))
    text = (
        "nothing matches, and this server assigns the ids of new resources: send it without an id"
    )
    require_outcome(named, 400, issue("not-supported", text, "id"))
    stale = await house.ask("PUT", url, json=_patient("1"), headers={"If-Match": 'W/"1"'})
    text = "no resource matches the condition, so no version does"
    require_outcome(stale, 412, issue("conflict", text))
    assert await house.world.count("resource_version") == 0
    made = await house.ask("PUT", url, json=_patient("1"))
    assert made.status_code == 201
    id_ = made.json()["id"]
    for version, body in ((2, _patient("1", active=True)), (3, _patient("1", id=id_))):
        put = await house.ask("PUT", url, json=body)
        assert (put.status_code, put.json()["id"]) == (200, id_)
        assert put.headers["location"] == f"{BASE}/Patient/{id_}/_history/{version}"
    other = await house.ask("PUT", url, json=_patient("1", id="other"))
    require_outcome(
        other, 400, issue("invalid", "the id in the body is not the id of the match", "id")
    )
    stale = await house.ask("PUT", url, json=_patient("1"), headers={"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    await house.create(_patient("1"))
    require_outcome(await house.ask("PUT", url, json=_patient("1")), 412, SEVERAL)
    assert await house.world.count("resource_version") == 4


async def test_a_conditional_delete_takes_one_or_none(house: House) -> None:
    url = f"/Patient?{_by('1')}"
    assert (await house.ask("DELETE", url)).status_code == 204
    assert (await house.ask("DELETE", url, headers={"If-Match": 'W/"1"'})).status_code == 412
    one, two = await house.create(_patient("1")), await house.create(_patient("1"))
    require_outcome(await house.ask("DELETE", url), 412, SEVERAL)
    assert (await house.ask("DELETE", f"/Patient/{two}")).status_code == 204
    gone = await house.ask("DELETE", url)
    assert (gone.status_code, gone.headers["etag"], gone.content) == (204, 'W/"2"', b"")
    assert (await house.get(f"/Patient/{one}")).status_code == 410


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid"),
        ("nonsense=1", "invalid"),
        ("identifier=", "invalid"),
        ("identifier=x&_count=1", "not-supported"),
        ("identifier=x&_sort=name", "not-supported"),
        ("identifier=x&_include=Patient:organization", "not-supported"),
        ("general-practitioner.name=x", "not-supported"),
        ("_has:Observation:patient:code=x", "not-supported"),
        ("identifier=%00", "invalid"),
        ("identifier=x" + "&name=x" * MAX_CRITERIA, "invalid"),
    ],
)
async def test_criteria_are_read_strictly(house: House, text: str, code: str) -> None:
    for answer in (
        await house.post("/Patient", json=_patient("1"), headers={"If-None-Exist": text}),
        await house.ask("PUT", f"/Patient?{text}", json=_patient("1")),
        await house.ask("DELETE", f"/Patient?{text}"),
    ):
        assert answer.status_code == 400, answer.text
        assert answer.json()["issue"][0]["code"] == code
    assert await house.world.count("resource_version") == 0


async def test_what_the_caller_may_not_see_does_not_match_and_is_not_told(house: House) -> None:
    hidden = await house.create(_patient("1"))
    house.decider.rulings[hidden] = Ruling.hide("consent")
    headers = {"If-None-Exist": _by("1")}
    made = await house.post("/Patient", json=_patient("1"), headers=headers, token="clinician")
    assert made.status_code == 201
    assert (await house.ask("DELETE", f"/Patient?{_by('1')}", token="clinician")).status_code == 204
    assert (await house.get(f"/Patient/{made.json()['id']}")).status_code == 410
    del house.decider.rulings[hidden]
    assert (await house.get(f"/Patient/{hidden}")).status_code == 200


@pytest.mark.parametrize("scopes", ["user/Patient.cru", "user/Patient.s", "user/Observation.cruds"])
async def test_a_condition_needs_the_scope_to_search_and_to_write(
    house: House, scopes: str
) -> None:
    await house.create(_patient("2"))
    house.grant("partly", scopes)
    headers = {"If-None-Exist": _by("1")}
    made = await house.post("/Patient", json=_patient("1"), headers=headers, token="partly")
    put = await house.ask("PUT", f"/Patient?{_by('1')}", json=_patient("1"), token="partly")
    gone = await house.ask("DELETE", f"/Patient?{_by('2')}", token="partly")
    assert [one.status_code for one in (made, put, gone)] == [403] * 3
    assert await house.world.count("resource_version") == 1


async def test_a_condition_leaves_the_leaf_of_a_search(house: House) -> None:
    id_ = await house.create(_patient("1"))
    await house.post("/Patient", json=_patient("1"), headers={"If-None-Exist": _by("1")})
    async with house.world.store.unit() as unit:
        assert await unit.audit_count([id_]) == 2
        newest = (await unit.audit_events([id_], 1))[0]
    assert b'"search"' in newest


async def test_criteria_that_would_be_ignored_or_misread_are_refused(house: House) -> None:
    before = await house.world.count("resource_head")
    body = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}]}
    in_address = await house.post("/Patient?identifier=urn:x|1", json=body)
    assert in_address.status_code == 400
    raw = json.dumps(body).encode()
    headers = [
        (b"authorization", b"Bearer hospital"),
        (b"content-type", b"application/fhir+json"),
        (b"if-none-exist", "identifier=urn:x|能登".encode()),
    ]
    unescaped = await house.http.post("/Patient", content=raw, headers=headers)
    assert unescaped.status_code == 400
    assert await house.world.count("resource_head") == before
    assert (await house.post("/Patient?_format=json", json=body)).status_code == 201
