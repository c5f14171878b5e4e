"""Two regions on one database: nothing that one gives a name to is known to the other.

Ids, versions, identifiers, person look-ups, pages, exports: all in the same tables.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import exported, manifest, ordered
from tests.integration.rest.house import BASE, house_on
from tests.store.world import tenant_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.rest.house import House
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:p", "value": "1"}],
    "name": [{"text": "能登 花子"}],
    "birthDate": "1950-01-01",
}


@pytest.fixture
async def regions(server: Server, tmp_path: Path) -> AsyncIterator[tuple[House, House]]:
    async with AsyncExitStack() as stack:
        made = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            world = await stack.enter_async_context(tenant_on(server, tmp_path / name))
            made.append(await stack.enter_async_context(house_on(world)))
        yield made[0], made[1]


async def test_what_one_region_holds_the_other_does_not_know(
    regions: tuple[House, House],
) -> None:
    here, there = regions
    id_ = await here.create(PATIENT)
    await here.ask("PUT", f"/Patient/{id_}", json={**PATIENT, "id": id_, "active": True})
    for path in (
        f"/Patient/{id_}",
        f"/Patient/{id_}/_history",
        f"/Patient/{id_}/_history/1",
        f"/Patient/{id_}/$everything",
        f"/Patient/{id_}/*",
        f"/Patient/{id_}/$meta",
    ):
        assert (await here.get(path)).status_code == 200, path
        assert (await there.get(path)).status_code == 404, path
    for path in (
        "/Patient",
        f"/Patient?_id={id_}",
        "/Patient?identifier=urn:p|1",
        "/Patient?name=%E8%83%BD%E7%99%BB%20%E8%8A%B1%E5%AD%90&birthdate=1950-01-01",
        "/?_type=Patient,Flag",
    ):
        assert (await here.get(path)).json()["total"] == 1, path
        assert (await there.get(path)).json()["total"] == 0, path
    for path in ("/_history", "/Patient/_history"):
        assert len((await here.get(path)).json()["entry"]) == 2
        assert "entry" not in (await there.get(path)).json()
    assert await exported(here) == [f"Patient/{id_}"]
    assert await exported(there) == []


async def test_a_condition_finds_nothing_of_the_other_region(regions: tuple[House, House]) -> None:
    here, there = regions
    await here.create(PATIENT)
    headers = {"If-None-Exist": "identifier=urn:p|1"}
    assert (await here.post("/Patient", json=PATIENT, headers=headers)).status_code == 200
    assert (await there.post("/Patient", json=PATIENT, headers=headers)).status_code == 201


async def test_the_pages_and_exports_of_one_region_are_not_the_other_s(
    regions: tuple[House, House],
) -> None:
    here, there = regions
    id_ = await here.create(PATIENT)
    await here.create({"resourceType": "Patient"})
    flag = {"resourceType": "Flag", "status": "active", "code": {"text": "x"}}
    await here.create({**flag, "subject": {"reference": f"Patient/{id_}"}})
    for path in ("/Patient?_count=1", "/Patient/_history?_count=1"):
        links = (await here.get(path)).json()["link"]
        (following,) = [one["url"] for one in links if one["relation"] == "next"]
        page = following.removeprefix(BASE)
        assert (await there.get(page)).status_code == 410, path
        assert (await here.get(page)).status_code == 200, path
    status = await ordered(here)
    told = await manifest(here, status)
    for path in (status, told["output"][0]["url"]):
        assert (await there.get(path.removeprefix(BASE))).status_code == 404
        assert (await here.get(path.removeprefix(BASE))).status_code == 200
