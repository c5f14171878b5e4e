"""Orders exports and reads what comes of them, for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

ASYNC = {"Prefer": "respond-async"}
PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": "ノト ハナコ"}]}


def condition(patient: str, text: str = "x") -> dict[str, Any]:
    """Return a Condition of a patient."""
    return {
        "resourceType": "Condition",
        "code": {"text": text},
        "subject": {"reference": f"Patient/{patient}"},
    }


async def ordered(house: House, path: str = "/$export", **more: Any) -> str:
    """Order an export and return the path of its status."""
    method = "POST" if "json" in more else "GET"
    answer = await house.ask(method, path, headers=ASYNC, **more)
    assert answer.status_code == 202, answer.text
    assert answer.content == b""
    return str(answer.headers["content-location"])


async def manifest(house: House, status: str, **more: Any) -> dict[str, Any]:
    """Wait until an export is done and return its manifest."""
    await house.jobs.idle()
    answer = await house.get(status, **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    told: dict[str, Any] = answer.json()
    return told


async def lines(house: House, told: dict[str, Any], kind: str = "output", **more: Any) -> list[Any]:
    """Fetch all files of a kind and return their lines."""
    found: list[Any] = []
    for file in told[kind]:
        answer = await house.get(file["url"], **more)
        assert answer.status_code == 200, answer.text
        some = [json.loads(line) for line in answer.content.splitlines()]
        assert {line["resourceType"] for line in some} <= {file["type"]}
        found += some
    return found


async def exported(house: House, path: str = "/$export", **more: Any) -> list[str]:
    """Order an export and return what came of it, as `Type/id`, sorted."""
    asked = {name: value for name, value in more.items() if name == "token"}
    told = await manifest(house, await ordered(house, path, **more), **asked)
    return sorted(named(one) for one in await lines(house, told, **asked))


def named(resource: dict[str, Any]) -> str:
    """Return `Type/id`."""
    return f"{resource['resourceType']}/{resource['id']}"


async def leaves(house: House, patient: str) -> list[dict[str, Any]]:
    """Return the audit events about a person, newest first."""
    async with house.world.store.unit() as unit:
        return [json.loads(one) for one in await unit.audit_events([patient], 100)]


def refused(answer: httpx2.Response, status: int, code: str) -> None:
    """Assert a refusal of this kind."""
    assert answer.status_code == status, answer.text
    assert [one["code"] for one in answer.json()["issue"]] == [code]
