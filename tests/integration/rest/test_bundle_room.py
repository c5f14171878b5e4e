"""The answer to a Bundle has a stated size at most, however many entries ask for much.

https://hl7.org/fhir/R4/http.html#transaction-response
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tasuki.shared.rest.bundles import answers

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:x", "value": "1"}],
    "name": [{"text": "x" * 10_000}],
}


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ANSWER_BYTES", 25_000)


def _asking(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def _get(url: str, method: str = "GET") -> dict[str, Any]:
    return {"request": {"method": method, "url": url}}


async def test_a_batch_reads_as_much_as_there_is_room_for(house: House) -> None:
    id_ = await house.create(PATIENT)
    asked = [_get(f"Patient/{id_}"), _get(f"Patient?_id={id_}"), _get(f"Patient/{id_}/_history")]
    asked += [_get("Patient/nobody"), _get(f"Patient/{id_}", "HEAD")]
    answer = await house.post("/", json=_asking("batch", *asked))
    told = [one["response"]["status"] for one in answer.json()["entry"]]
    assert told == ["200", "200", "422", "404", "200"]
    late = answer.json()["entry"][2]["response"]["outcome"]["issue"][0]
    assert late["code"] == "too-costly"


async def test_a_transaction_without_room_changes_nothing(house: House) -> None:
    id_ = await house.create(PATIENT)
    write = {
        "resource": {"resourceType": "Patient"},
        "request": {"method": "POST", "url": "Patient"},
    }
    asked = [_get(f"Patient/{id_}")] * 3
    answer = await house.post("/", json=_asking("transaction", write, *asked))
    assert answer.status_code == 422
    assert await house.world.count("resource_version") == 1


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_what_was_written_is_not_called_failed_for_want_of_room(
    house: House, kind: str
) -> None:
    ids = [
        await house.create({"resourceType": "Patient", "name": PATIENT["name"], "active": True})
        for _ in range(4)
    ]
    patch = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "replace"},
                    {"name": "path", "valueString": "Patient.active"},
                    {"name": "value", "valueBoolean": False},
                ],
            }
        ],
    }
    entries = [
        {"resource": patch, "request": {"method": "PATCH", "url": f"Patient/{id_}"}} for id_ in ids
    ]
    headers = {"Prefer": "return=representation"}
    answer = await house.post("/", json=_asking(kind, *entries), headers=headers)
    assert answer.status_code == 200, answer.text
    told = answer.json()["entry"]
    assert {one["response"]["status"] for one in told} == {"200"}
    assert ["resource" in one for one in told] == [True, True, False, False]
    for id_ in ids:
        assert (await house.get(f"/Patient/{id_}")).json()["active"] is False
