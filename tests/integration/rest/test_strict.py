"""Create, update and Bundles where the rules of JP-CLINS are switched on, and where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import house_on
from tests.integration.rest.sets import ECS, allergy, patient
from tests.store.world import tenant_on

from tasuki.shared.fhir.jp import jp_faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx2
    from tests.integration.rest.house import House
    from tests.store.world import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def strict(server: Server, tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "strict"
    folder.mkdir()
    async with tenant_on(server, folder) as world, house_on(world, jp_faults) as made:
        yield made


def broken(of: str) -> dict[str, Any]:
    return allergy("a1", category=["biologic"], patient={"reference": of})


async def in_bundle(house: House, kind: str, resource: dict[str, Any]) -> httpx2.Response:
    entry = {"resource": resource, "request": {"method": "POST", "url": "AllergyIntolerance"}}
    return await house.post("/", json={"resourceType": "Bundle", "type": kind, "entry": [entry]})


async def test_what_claims_a_profile_is_held_to_it(strict: House) -> None:
    of = f"Patient/{await strict.create(patient())}"
    answer = await strict.post("/AllergyIntolerance", json=broken(of))
    assert answer.status_code == 422
    assert [one["expression"] for one in answer.json()["issue"]] == [
        ["AllergyIntolerance.category[0]"]
    ]
    id_ = await strict.create(allergy("a1", patient={"reference": of}))
    changed = {**broken(of), "id": id_}
    put = await strict.ask("PUT", f"/AllergyIntolerance/{id_}", json=changed)
    assert put.status_code == 422
    transaction = await in_bundle(strict, "transaction", broken(of))
    assert transaction.status_code == 422
    assert "T-biologic" in transaction.text
    batch = await in_bundle(strict, "batch", broken(of))
    assert batch.json()["entry"][0]["response"]["status"] == "422"
    assert await strict.world.count("resource_head") == 2


async def test_what_claims_none_is_not(strict: House) -> None:
    of = f"Patient/{await strict.create(patient())}"
    await strict.create({**broken(of), "meta": {"tag": [{"code": ECS}]}})


async def test_private_use_is_refused_in_a_strict_exchange_only(
    strict: House, house: House
) -> None:
    named = patient(address=[{"text": "\ue000町"}])
    answer = await strict.post("/Patient", json=named)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["Patient.address[0].text"]
    kept = await house.post("/Patient", json=named)
    assert kept.status_code == 201
    assert "private use" in kept.headers["warning"]


async def test_without_the_setting_a_profile_binds_nobody(house: House) -> None:
    of = f"Patient/{await house.create(patient())}"
    await house.create(broken(of))
