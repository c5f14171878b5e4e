"""Services as processes of their own, and what is left when they are killed."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import httpx2
import pytest
from tests.faults.apart import REGION, SERVICES, apart

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.faults.apart import Apart

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(240)]

T = TypeVar("T")
DESK = "openid fhirUser tasuki/desk tasuki/match tasuki/profile"
HANAKO: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"family": "ノト", "given": ["ハナコ"]}],
    "birthDate": "1938-04-05",
}
FILED = 60.0  # seconds until a load has reached the desk: it gathers a bulk first
CHUNKS = 12
CHUNK = 100  # lines
KILLS = 4


async def eventually(asked: Callable[[], Coroutine[Any, Any, T | None]]) -> T:
    until = time.monotonic() + FILED
    while (answer := await asked()) is None:
        assert time.monotonic() < until, "it did not become true in time"
        await asyncio.sleep(0.2)
    return answer


async def test_the_desk_answers_when_every_other_service_is_killed() -> None:
    async with apart() as house:
        loaded = await house.seeder.hospitals()
        assert loaded[REGION]["quarantined"] == 0
        officer = await house.token(
            "officer", "openid tasuki/declare", "PUBHLTH", house.at.consent_fhir
        )
        await house.seeder.declare(officer)
        nurse = await house.token("nurse", DESK, "DISASTER", house.at.shelter_fhir)
        person = await eventually(lambda: found(house, nurse))
        before = await eventually(lambda: profile(house, nurse, person))
        for service in SERVICES:
            if service != "shelter":
                house.kill(service)
        after = await profile(house, nurse, person)
        assert after is not None, "the desk no longer answers"
        assert clinical(after) == clinical(before)
        assert len(clinical(after)) > 0
        # Started anew alone: it knows the issuer's keys and the consents from its own copies.
        house.kill("shelter")
        house.start("shelter")
        await house.ready("shelter")
        again = await profile(house, nurse, person)
        assert again is not None, "the desk does not answer after a restart alone"
        assert clinical(again) == clinical(before)
        assert sources(again) != []
        for source in sources(again):
            assert house.house.clock.now().strftime("%Y-%m-") in source, "it says of when"
        assert house.stop() == {"shelter": 0}


async def test_a_load_is_neither_lost_nor_doubled_when_the_service_is_killed() -> None:
    chance = random.Random(20261123)  # noqa: S311 - no secret
    async with apart() as house:
        acknowledged: set[int] = set()
        kills = 0
        while len(acknowledged) < CHUNKS:
            token = await hospital(house)
            under_way = asyncio.create_task(loading(house, token, acknowledged))
            if kills < KILLS:
                # By progress and not by the clock: in the middle of one of the next chunks.
                target = len(acknowledged) + chance.randint(1, 2)
                while len(acknowledged) < target and not under_way.done():  # noqa: ASYNC110 - by progress
                    await asyncio.sleep(0.001)
                await asyncio.sleep(chance.uniform(0.0, 0.03))
                if not under_way.done():
                    house.kill("ehr")
                    kills += 1
            await under_way
            if "ehr" not in house.processes:
                house.start("ehr")
                await house.ready("ehr")
        assert kills > 1, "it was never killed while loading"
        token = await hospital(house)
        for number in range(CHUNKS):
            told = await load(house, token, number)
            assert told == {"created": 0, "updated": 0, "unchanged": CHUNK, "quarantined": 0}
        assert await counted(house) == {"Condition": CHUNKS * (CHUNK - 1), "Patient": CHUNKS}
        assert house.stop() == dict.fromkeys(SERVICES, 0)


async def test_every_process_logs_privately_and_tells_its_numbers() -> None:
    async with apart() as house:
        for service in SERVICES:
            numbers = await house.http.get(f"{house.at.of(service)}/metrics")
            assert "tasuki_requests_total" in numbers.text, service
            log = house.house.folder.path / f"of-{service}" / "tasuki.log"
            assert log.stat().st_mode & 0o077 == 0
            assert log.parent.stat().st_mode & 0o066 == 0
            for line in log.read_text(encoding="utf-8").splitlines():
                assert {"event", "level", "timestamp"} <= set(json.loads(line))
        assert house.stop() == dict.fromkeys(SERVICES, 0)


async def found(house: Apart, token: str) -> str | None:
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": HANAKO}],
    }
    answer = await house.http.post(
        f"{house.at.shelter_fhir}/Patient/$match", json=body, headers=bearer(token)
    )
    assert answer.status_code == 200, answer.text
    people = [
        entry["resource"]["id"]
        for entry in answer.json().get("entry", [])
        if entry["resource"]["resourceType"] == "Patient"
    ]
    if not people:
        await asyncio.sleep(2)  # the desk's budget is thirty searches a minute
        return None
    return str(people[0])


async def profile(house: Apart, token: str, person: str) -> list[dict[str, Any]] | None:
    """Return the resources of the profile; None where it is not given out (yet)."""
    answer = await house.http.get(
        f"{house.at.shelter_fhir}/Patient/{person}/$emergency-profile", headers=bearer(token)
    )
    if answer.status_code != 200:
        return None
    return [entry["resource"] for entry in answer.json()["entry"]]


def clinical(resources: list[dict[str, Any]]) -> list[str]:
    wanted = ("AllergyIntolerance", "MedicationStatement", "Condition")
    return sorted(
        json.dumps(one.get("code", one.get("medicationCodeableConcept")), sort_keys=True)
        for one in resources
        if one["resourceType"] in wanted
    )


def sources(resources: list[dict[str, Any]]) -> list[str]:
    """Return what the profile says of each hospital's copy."""
    return [
        entry["item"]["display"]
        for one in resources
        if one["resourceType"] == "List"
        for entry in one.get("entry", [])
        if "display" in entry["item"] and "病院" in entry["item"]["display"]
    ]


async def hospital(house: Apart) -> str:
    return await house.seeder._token(f"{REGION}-hospital", "system/*.cruds", house.at.ehr[REGION])


async def loading(house: Apart, token: str, acknowledged: set[int]) -> None:
    """Send what was not acknowledged yet until the service goes away, adding what is."""
    for number in range(CHUNKS):
        if number in acknowledged:
            continue
        try:
            await load(house, token, number)
        except httpx2.HTTPError:
            return
        acknowledged.add(number)


async def load(house: Apart, token: str, number: int) -> dict[str, int]:
    answer = await house.http.post(
        f"{house.at.ehr[REGION]}/$load",
        params={"source": "apart"},
        content="\n".join(json.dumps(one) for one in lines(number)),
        headers={**bearer(token), "Content-Type": "application/fhir+ndjson"},
    )
    assert answer.status_code == 200, answer.text
    return {
        one["name"]: one["valueInteger"]
        for one in answer.json()["parameter"]
        if "valueInteger" in one
    }


def lines(number: int) -> list[dict[str, Any]]:
    """One made-up person and their conditions."""
    patient = {"resourceType": "Patient", "id": f"p{number}", "birthDate": "1950-01-01"}
    conditions = [
        {
            "resourceType": "Condition",
            "id": f"c{number}-{index}",
            "subject": {"reference": f"Patient/p{number}"},
            "code": {"text": f"condition {index}"},
        }
        for index in range(CHUNK - 1)
    ]
    return [patient, *conditions]


async def counted(house: Apart) -> dict[str, int]:
    """Return how many there are by type, as the database itself has them."""
    postgres = house.house.postgres
    connection = await asyncpg.connect(
        user="postgres", database=house.house.database(REGION), host=postgres.socket_folder
    )
    try:
        rows = await connection.fetch(
            "SELECT type, count(*) AS n FROM resource_head WHERE NOT deleted GROUP BY type"
        )
    finally:
        await connection.close()
    return {row["type"]: row["n"] for row in rows}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
