"""$everything, $changes, $disclosures, the capability statement and SMART configuration."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome

from tasuki.shared.access.rulings import Ruling
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

MEMBER = {
    "system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
    "value": "00012345:あいう:123:01",
}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [MEMBER],
    "name": [{"text": "ノト ハナコ"}],
    "birthDate": "1950-01-01",
}


def _flag(patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def _condition(patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def _modes(answer: httpx2.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [
        (entry["resource"]["resourceType"], entry["search"]["mode"])
        for entry in answer.json()["entry"]
    ]


async def test_everything_is_one_person_s_record_and_what_it_points_to(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    organization = await house.create({"resourceType": "Organization", "name": "病院"})
    await house.create({"resourceType": "Organization", "name": "another"})
    await house.create(_flag(mine, author={"reference": f"Organization/{organization}"}))
    await house.create(_condition(mine))
    await house.create(_flag(theirs))
    answer = await house.get(f"/Patient/{mine}/$everything")
    assert _modes(answer) == [
        ("Condition", "match"),
        ("Flag", "match"),
        ("Patient", "match"),
        ("Organization", "include"),
    ]
    assert answer.json()["total"] == 3
    narrowed = await house.get(f"/Patient/{mine}/$everything?_type=Condition")
    assert _modes(narrowed) == [("Condition", "match"), ("Patient", "match")]
    unknown = await house.get(f"/Patient/{mine}/$everything?_type=Account")
    require_outcome(
        unknown, 400, issue("invalid", "_type names a resource type Tasuki does not know")
    )


async def test_everything_says_what_is_withheld_by_type(house: House) -> None:
    mine = await house.create(PATIENT)
    await house.create(_flag(mine))
    await house.create(_condition(mine))
    await house.create(_condition(mine, code={"text": "secret"}))
    house.decider.rulings[mine] = Ruling.permit_partly(
        "Consent/c1",
        withheld_types=frozenset({"Flag"}),
        screen=lambda resource: resource.get("code", {}).get("text") != "secret",
    )
    answer = await house.get(f"/Patient/{mine}/$everything", token="clinician")
    assert _modes(answer) == [
        ("Condition", "match"),
        ("Patient", "match"),
        ("OperationOutcome", "outcome"),
    ]
    told = answer.json()["entry"][-1]["resource"]["issue"]
    assert told == [issue("incomplete", "withheld: Flag", severity="warning")]
    assert "secret" not in answer.text


async def test_a_screened_resource_is_as_if_it_were_not_there(house: House) -> None:
    mine = await house.create(PATIENT)
    secret = await house.create(_condition(mine, code={"text": "secret"}))
    house.decider.rulings[mine] = Ruling.permit_partly(
        "Consent/c1",
        withheld_types=frozenset(),
        screen=lambda resource: resource.get("code", {}).get("text") != "secret",
    )
    absent = issue("not-found", "no such resource")
    for path in (f"/Condition/{secret}", f"/Condition/{secret}/_history"):
        require_outcome(await house.get(path, token="clinician"), 404, absent)
    body = {**_condition(mine), "id": secret}
    answer = await house.ask("PUT", f"/Condition/{secret}", json=body, token="clinician")
    require_outcome(answer, 404, absent)
    answer = await house.ask("DELETE", f"/Condition/{secret}", token="clinician")
    require_outcome(answer, 404, absent)
    found = await house.get(f"/Condition?patient={mine}", token="clinician")
    assert found.json()["total"] == 0


async def test_changes_are_told_in_pages_without_content(house: House) -> None:
    start = (await house.get("/$changes")).json()
    assert (start["next"], start["changes"]) == (0, [])
    mine = await house.create(PATIENT)
    flag = await house.create(_flag(mine))
    await house.ask("DELETE", f"/Flag/{flag}")
    await house.world.store.wait_for_change(2, 20)
    page = (await house.get("/$changes?since=0&count=2")).json()
    assert page["epoch"] == start["epoch"]
    assert page["next"] == 2
    assert [
        (c["seq"], c["type"], c["id"], c["version"], c["deleted"]) for c in page["changes"]
    ] == [
        (1, "Patient", mine, 1, False),
        (2, "Flag", flag, 1, False),
    ]
    (token,) = page["changes"][0]["tokens"]
    assert len(token) == 32
    assert page["changes"][1]["tokens"] == []
    rest = (await house.get("/$changes?since=2")).json()
    assert (rest["next"], [c["deleted"] for c in rest["changes"]]) == (3, [True])
    typed = (await house.get("/$changes?types=Patient")).json()
    assert (typed["next"], [c["seq"] for c in typed["changes"]]) == (3, [1])
    assert "ハナコ" not in str(page)


async def test_a_reader_that_waits_is_told_at_once(house: House) -> None:
    async def wait() -> tuple[float, dict[str, Any]]:
        answer = await house.get("/$changes?since=0&wait=20")
        return time.monotonic(), answer.json()

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    began = time.monotonic()
    await house.create(PATIENT)
    ended, page = await waiting
    assert ended - began < 5
    assert [change["seq"] for change in page["changes"]] == [1]
    empty = await house.get("/$changes?since=1&wait=0.05")
    assert empty.json()["changes"] == []


async def test_disclosures_tell_who_looked_and_are_told_themselves(house: House) -> None:
    mine = await house.create(PATIENT)
    await house.get(f"/Patient/{mine}", token="clinician")
    await house.world.store.wait_for_change(0, 20)
    (token,) = (await house.get("/$changes")).json()["changes"][0]["tokens"]
    answer = await house.get(f"/$disclosures?token={token}&token={'00' * 16}", token="service")
    assert answer.status_code == 200, answer.text
    events = [entry["resource"] for entry in answer.json()["entry"]]
    assert [event["resourceType"] for event in events] == ["AuditEvent"] * 2
    assert answer.json()["total"] == 2
    again = await house.get(f"/$disclosures?token={token}", token="service")
    assert again.json()["total"] == 3
    rest = await house.get(f"/$disclosures?token={token}&skip=1", token="service")
    assert rest.json()["total"] == 4, "all of them, however few are on the page"
    assert len(rest.json()["entry"]) == 3
    nobody = await house.get(f"/$disclosures?token={'00' * 16}", token="service")
    assert nobody.json() == {"resourceType": "Bundle", "type": "searchset", "total": 0}


async def test_the_capability_statement_is_public_and_true(house: House) -> None:
    answer = await house.get("/metadata", token=None)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["resourceType"], told["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert told["implementation"] == {"description": "Test", "url": BASE}
    (rest,) = told["rest"]
    assert {one["type"] for one in rest["resource"]} == SERVED_TYPES
    patient = next(one for one in rest["resource"] if one["type"] == "Patient")
    for parameter in patient["searchParam"]:
        strict = await house.get(f"/Patient?{parameter['name']}=", token="hospital")
        assert "unknown search parameter" not in strict.text, parameter
    assert (await house.get("/metadata?_format=xml", token=None)).status_code == 406


async def test_the_smart_configuration_is_public(house: House) -> None:
    answer = await house.get("/.well-known/smart-configuration", token=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    told = answer.json()
    assert told["issuer"] == "https://auth.example"
    assert told["token_endpoint"] == "https://auth.example/token"
    assert "S256" in told["code_challenge_methods_supported"]
