"""Many at once over HTTP: one winner, no lost update, no half transaction, no hole.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import House, second_house

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio

SYSTEM = "urn:oid:1.2.3"
CLIENTS = 32
WRITERS = 8


def _patient(value: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": value}], **more}


# Different criteria that mean the same resource: by the pair, the bare value, with more besides.
CRITERIA = (
    "identifier={system}|{value}",
    "identifier={value}",
    "identifier={system}|{value}&active=true",
    "active=true&identifier={value}",
    "identifier={system}|{value}&identifier={value}",
)


async def _race(houses: tuple[House, House], value: str) -> list[httpx2.Response]:
    """Ask two processes for the same resource from as many clients."""
    return await asyncio.gather(
        *(
            houses[number % 2].post(
                "/Patient",
                json=_patient(value, active=True),
                headers={"If-None-Exist": criteria.format(system=SYSTEM, value=value)},
            )
            for number, criteria in zip(range(CLIENTS), cycle(CRITERIA), strict=False)
        )
    )


async def _one_winner_each_round(house: House, rounds: int) -> None:
    async with second_house(house) as other:
        for number in range(rounds):
            answers = await _race((house, other), f"{number}")
            told = Counter(answer.status_code for answer in answers)
            assert told == {201: 1, 200: CLIENTS - 1}
            assert len({answer.json()["id"] for answer in answers}) == 1
    assert await house.world.count("resource_head") == rounds
    assert await house.world.count("resource_version") == rounds


async def test_of_32_conditional_creates_at_once_one_creates(house: House) -> None:
    await _one_winner_each_round(house, 3)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_of_32_conditional_creates_at_once_one_creates_100_times(house: House) -> None:
    await _one_winner_each_round(house, 100)


async def test_conditional_updates_at_once_make_one_resource_of_many_versions(
    house: House,
) -> None:
    answers = await asyncio.gather(
        *(
            house.ask("PUT", f"/Patient?identifier={SYSTEM}|1", json=_patient("1"))
            for _ in range(CLIENTS)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CLIENTS - 1}
    assert {answer.headers["etag"] for answer in answers} == {
        f'W/"{number}"' for number in range(1, CLIENTS + 1)
    }
    assert await house.world.count("resource_head") == 1


async def test_with_if_match_no_update_is_lost(house: House) -> None:
    """Each writer adds one to a counter until the server takes it."""
    id_ = await house.create({"resourceType": "Patient", "multipleBirthInteger": 0})

    async def count_up() -> None:
        for _ in range(5):
            while True:
                read = await house.get(f"/Patient/{id_}")
                body = read.json()
                body["multipleBirthInteger"] += 1
                headers = {"If-Match": read.headers["etag"]}
                put = await house.ask("PUT", f"/Patient/{id_}", json=body, headers=headers)
                assert put.status_code in (200, 412)
                if put.status_code == 200:
                    break

    await asyncio.gather(*(count_up() for _ in range(WRITERS)))
    head = await house.get(f"/Patient/{id_}")
    assert head.json()["multipleBirthInteger"] == WRITERS * 5
    assert head.headers["etag"] == f'W/"{WRITERS * 5 + 1}"'


def _pair(subject: str, round_: int) -> dict[str, Any]:
    flag = {
        "resourceType": "Flag",
        "identifier": [{"system": SYSTEM, "value": f"{round_}"}],
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{subject}"},
    }
    entry = {"request": {"method": "POST", "url": "Flag"}, "resource": flag}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry, entry]}


async def test_a_transaction_is_seen_whole_or_not_at_all(house: House) -> None:
    subject = await house.create({"resourceType": "Patient"})
    seen: list[int] = []
    rounds = 10

    async def read(path: str) -> None:
        while len(seen) < rounds:
            told = (await house.get(path)).json()
            values = Counter(
                entry["resource"]["identifier"][0]["value"]
                for entry in told.get("entry", ())
                if entry["resource"]["resourceType"] == "Flag"
            )
            assert set(values.values()) <= {2}, values

    async def write() -> None:
        for number in range(rounds):
            answer = await house.post("/", json=_pair(subject, number))
            assert answer.status_code == 200, answer.text
            seen.append(number)

    paths = (f"/Flag?patient={subject}", "/Flag/_history", f"/Patient/{subject}/$everything")
    await asyncio.gather(write(), *(read(path) for path in paths))


async def test_a_history_has_no_hole_while_it_is_written(house: House) -> None:
    id_ = await house.create({"resourceType": "Patient"})
    writing = True

    async def write() -> None:
        for _ in range(10):
            body = {"resourceType": "Patient", "id": id_}
            assert (await house.ask("PUT", f"/Patient/{id_}", json=body)).status_code == 200

    async def walk(path: str) -> None:
        while writing:
            shown: list[int] = []
            url = f"{path}?_count=2"
            while url:
                told = (await house.get(url)).json()
                shown += [int(one["response"]["etag"].strip('W/"')) for one in told["entry"]]
                url = next((one["url"] for one in told["link"] if one["relation"] == "next"), "")
            assert shown == list(range(shown[0], 0, -1))

    async def write_all() -> None:
        nonlocal writing
        await asyncio.gather(*(write() for _ in range(3)))
        writing = False

    await asyncio.gather(
        write_all(), *(walk(path) for path in (f"/Patient/{id_}/_history", "/Patient/_history"))
    )
    assert (await house.get(f"/Patient/{id_}")).headers["etag"] == 'W/"31"'
