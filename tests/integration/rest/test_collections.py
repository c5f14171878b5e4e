"""`$clins-collection`: one identifier, one set, whole or not at all.

https://jpfhir.jp/fhir/clins/igv1/ (JP_Bundle_CLINS)
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import require_outcome
from tests.integration.rest.sets import (
    CHART,
    IDENTIFIER,
    INSTITUTION,
    allergy,
    bundle,
    patient,
    send,
    sent,
    texts,
)
from tests.store.gate import principal

from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

TABLES = ("resource_head", "resource_version", "change", "source_id", "lookup_token")
EXAMPLE = (
    Path(__file__).parents[2]
    / "data/jp-clins-examples/Bundle-Bundle-CLINS-Observations-Example-01.json"
)


async def _rows(house: House) -> dict[str, int]:
    return {table: await house.world.count(table) for table in TABLES}


async def test_a_set_is_created_with_its_patient(house: House) -> None:
    answer = await send(house, bundle(allergy("a1", "さば"), allergy("a2", "えび")))
    assert answer.status_code == 200, answer.text
    told = {one["name"]: one for one in answer.json()["parameter"]}
    assert [told[name]["valueInteger"] for name in ("created", "updated", "deleted")] == [2, 0, 0]
    here = told["patient"]["valueReference"]["reference"]
    read = await house.get(f"/{here}")
    assert read.json()["name"][0]["text"] == "能登 花子"
    (first, second) = (await house.get("/AllergyIntolerance")).json()["entry"]
    assert first["resource"]["patient"] == {"reference": here}
    assert {first["resource"]["id"], second["resource"]["id"]}.isdisjoint({"a1", "a2"})


async def test_the_guide_s_own_example_is_accepted_and_its_results_kept_apart(house: House) -> None:
    made = json.loads(EXAMPLE.read_text())
    assert await sent(house, made) == (4, 0, 0, 0)
    assert await texts(house, "Observation") == ["eGFR", "アルブミン", "カリウム", "尿蛋⽩(定性)"]
    rows = await _rows(house)
    assert await sent(house, made) == (0, 0, 4, 0)
    assert await _rows(house) == rows


async def test_sending_again_writes_nothing(house: House) -> None:
    members = (allergy("a1"), allergy("a2", "えび"))
    await sent(house, bundle(*members))
    rows = await _rows(house)
    # UUIDs are new with every sending, and the order of members says nothing.
    assert await sent(house, bundle(*members[::-1])) == (0, 0, 2, 0)
    assert await _rows(house) == rows


async def test_a_set_replaces_the_earlier_one_of_its_identifier(house: House) -> None:
    await sent(house, bundle(allergy("a1"), allergy("a2", "えび"), allergy("a3", "かに")))
    later = "2025-12-02T10:00:00+09:00"
    made = bundle(allergy("a1"), allergy("a2", "いか"), allergy("a4", "そば"), sent=later)
    assert await sent(house, made) == (1, 1, 1, 1)
    assert await texts(house) == ["いか", "さば", "そば"]
    found = (await house.get("/AllergyIntolerance")).json()["entry"]
    versions = {e["resource"]["code"]["text"]: e["resource"]["meta"]["versionId"] for e in found}
    assert versions == {"さば": "1", "いか": "2", "そば": "1"}


async def test_what_comes_back_into_a_set_is_the_same_resource(house: House) -> None:
    await sent(house, bundle(allergy("a1"), allergy("a2", "えび")))
    before = {e["resource"]["id"] for e in (await house.get("/AllergyIntolerance")).json()["entry"]}
    assert await sent(house, bundle(allergy("a1"), sent="2025-12-02T00:00:00Z")) == (0, 0, 1, 1)
    again = bundle(allergy("a1"), allergy("a2", "えび"), sent="2025-12-03T00:00:00Z")
    assert await sent(house, again) == (1, 0, 1, 0)
    found = (await house.get("/AllergyIntolerance")).json()["entry"]
    assert {entry["resource"]["id"] for entry in found} == before


async def test_another_identifier_is_another_set(house: House) -> None:
    await sent(house, bundle(allergy("a1")))
    await sent(house, bundle(allergy("a1"), identifier=f"{INSTITUTION}^2025^set-2"))
    assert await texts(house) == ["さば", "さば"]
    await sent(house, bundle(sent="2025-12-02T00:00:00Z"))
    assert await texts(house) == ["さば"]


async def test_the_patient_alone_deletes_the_set_and_it_stays_deleted(house: House) -> None:
    await sent(house, bundle(allergy("a1"), allergy("a2")))
    gone = bundle(sent="2025-12-02T00:00:00Z")
    assert await sent(house, gone) == (0, 0, 0, 2)
    assert await texts(house) == []
    rows = await _rows(house)
    assert await sent(house, gone) == (0, 0, 0, 0)
    assert await _rows(house) == rows
    answer = await send(house, bundle(allergy("a1")))
    assert answer.status_code == 409, answer.text
    assert await sent(house, bundle(allergy("a1"), sent="2025-12-03T00:00:00Z")) == (1, 0, 0, 0)


async def test_a_deletion_that_overtakes_its_set_is_remembered(house: House) -> None:
    await sent(house, bundle(allergy("x"), identifier=f"{INSTITUTION}^2025^other"))
    assert await sent(house, bundle(sent="2025-12-02T00:00:00Z")) == (0, 0, 0, 0)
    assert (await send(house, bundle(allergy("a1")))).status_code == 409
    assert await texts(house) == ["さば"]


async def test_deleting_what_never_was_creates_nobody(house: House) -> None:
    answer = await send(house, bundle())
    assert answer.status_code == 200
    assert "patient" not in {one["name"] for one in answer.json()["parameter"]}
    assert await house.world.count("resource_head") == 0


async def test_an_older_set_never_overwrites_a_newer_one(house: House) -> None:
    await sent(house, bundle(allergy("a1", "new"), sent="2025-12-02T00:00:00Z"))
    rows = await _rows(house)
    answer = await send(house, bundle(allergy("a1", "old"), sent="2025-12-02T08:59:59+09:00"))
    require_outcome(
        answer,
        409,
        {
            "severity": "error",
            "code": "conflict",
            "diagnostics": "a newer set of this identifier is here already",
            "expression": ["Bundle.meta.lastUpdated"],
        },
    )
    assert await _rows(house) == rows


async def test_a_set_from_the_future_is_refused(house: House) -> None:
    answer = await send(house, bundle(allergy("a1"), sent="2030-01-01T00:00:00Z"))
    assert answer.status_code == 422
    assert "in the future" in answer.text
    assert await house.world.count("resource_head") == 0


async def test_one_wrong_entry_refuses_the_whole_and_every_fault_is_told(house: House) -> None:
    await sent(house, bundle(allergy("a1")))
    rows = await _rows(house)
    wrong: dict[str, Any] = allergy("a2", "secret-value", category=["biologic"])
    broken = allergy("a3", type="secret-value")
    stray = allergy("a4", recorder={"reference": "Practitioner/1"})
    made = bundle(allergy("a1", "あじ"), wrong, broken, stray, sent="2025-12-02T00:00:00Z")
    answer = await send(house, made)
    assert answer.status_code == 422
    assert {at for one in answer.json()["issue"] for at in one["expression"]} == {
        "Bundle.entry[2].resource.category[0]",
        "Bundle.entry[3].resource.type",
        "Bundle.entry[4].resource.recorder.reference",
    }
    assert "secret-value" not in answer.text
    assert await _rows(house) == rows
    assert await texts(house) == ["さば"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"resourceType": "Parameters"}, 400),
        ({"type": "transaction"}, 422),
        ({"meta": {"lastUpdated": "2025-12-01T10:00:00Z"}}, 422),
        ({"timestamp": "2016-12-31T23:59:60Z"}, 422),
        ({"entry": [{}] * 21}, 413),
        ({"entry": []}, 422),
    ],
)
async def test_what_is_no_such_bundle_is_refused(
    house: House, change: dict[str, Any], status: int
) -> None:
    answer = await send(house, {**bundle(allergy("a1")), **change})
    assert answer.status_code == status, answer.text
    assert await house.world.count("resource_head") == 0


async def test_sets_are_for_those_who_may_load(house: House) -> None:
    made = bundle(allergy("a1"))
    house.verifier.known["thin"] = principal(
        scopes="system/AllergyIntolerance.cud system/Bundle.cud"
    )
    for token, status in (("reader", 403), ("thin", 403), (None, 401)):
        assert (await send(house, made, token=token)).status_code == status
    token = await house.resident("p1")
    assert (await send(house, made, token=token)).status_code in (403, 404)
    assert await house.world.count("resource_head") == 0


@pytest.mark.parametrize(
    ("ruling", "status"),
    [
        (Ruling.refuse("test"), 403),
        (Ruling.hide("test"), 404),
        (
            Ruling.permit_partly(
                "test",
                withheld_types=frozenset(),
                screen=lambda one: one["resourceType"] != "AllergyIntolerance",
            ),
            404,
        ),
    ],
)
async def test_what_the_sender_may_not_see_is_not_replaced(
    house: House, ruling: Ruling, status: int
) -> None:
    await sent(house, bundle(allergy("a1")))
    (entry,) = (await house.get("/Patient")).json()["entry"]
    rows = await _rows(house)
    house.decider.rulings[entry["resource"]["id"]] = ruling
    answer = await send(house, bundle(allergy("a1", "えび"), sent="2025-12-02T00:00:00Z"))
    assert answer.status_code == status, answer.text
    assert await _rows(house) == rows


async def test_a_set_belongs_to_its_sender(house: House) -> None:
    await sent(house, bundle(allergy("a1")))
    other = replace(house.verifier.known["hospital"], organization="Organization/2")
    house.verifier.known["other"] = other
    answer = await send(house, bundle(sent="2025-12-02T00:00:00Z"), token="other")
    assert answer.status_code == 403
    assert await texts(house) == ["さば"]


async def test_an_identifier_keeps_its_person(house: House) -> None:
    await sent(house, bundle(allergy("a1")))
    made = bundle(allergy("a1"), about=patient("c2", "00012345:あいう:999:01"))
    answer = await send(house, made)
    assert answer.status_code == 409
    assert "another person's" in answer.text
    assert len((await house.get("/Patient")).json()["entry"]) == 1


async def test_a_patient_of_another_way_is_found_and_left_as_it_is(house: House) -> None:
    own = {
        "resourceType": "Patient",
        "identifier": [{"system": CHART, "value": "c1"}],
        "name": [{"text": "別名"}],
        "birthDate": "1938-04-05",
    }
    id_ = await house.create(own)
    await sent(house, bundle(allergy("a1")))
    (entry,) = (await house.get("/Patient")).json()["entry"]
    assert entry["resource"]["id"] == id_
    assert entry["resource"]["meta"]["versionId"] == "1"


async def test_a_patient_the_hospital_sent_is_kept_up_to_date(house: House) -> None:
    await sent(house, bundle(allergy("a1")))
    moved = patient(address=[{"text": "石川県七尾市"}])
    await sent(house, bundle(allergy("a1"), about=moved, sent="2025-12-02T00:00:00Z"))
    (entry,) = (await house.get("/Patient")).json()["entry"]
    assert entry["resource"]["address"] == [{"text": "石川県七尾市"}]
    assert entry["resource"]["meta"]["versionId"] == "2"


async def test_an_older_set_does_not_take_the_patient_back(house: House) -> None:
    moved = patient(address=[{"text": "石川県七尾市"}])
    await sent(house, bundle(allergy("a1"), about=moved, sent="2025-12-02T00:00:00Z"))
    other = f"{INSTITUTION}^2025^set-2"
    assert await sent(house, bundle(allergy("b1"), identifier=other)) == (1, 0, 0, 0)
    (entry,) = (await house.get("/Patient")).json()["entry"]
    assert entry["resource"]["address"] == [{"text": "石川県七尾市"}]


async def test_what_is_kept_of_a_set_is_served_to_nobody(house: House) -> None:
    await sent(house, bundle(allergy("a1")))
    kept = await house.world.rows(
        f"SELECT id FROM resource_head WHERE type = 'Bundle' AND tenant = '{house.world.tenant}'"
    )
    (id_,) = [row["id"] for row in kept]
    for path in (f"/Bundle/{id_}", f"/Bundle/{id_}/_history", "/Bundle"):
        assert (await house.get(path)).status_code == 404
    (entry,) = (await house.get("/Patient")).json()["entry"]
    everything = await house.get(f"/Patient/{entry['resource']['id']}/$everything")
    types = {one["resource"]["resourceType"] for one in everything.json()["entry"]}
    assert types == {"Patient", "AllergyIntolerance"}
    assert IDENTIFIER not in everything.text
    for path in (
        "/_history",
        "/_history?_count=100",
        "/?_type=Patient,AllergyIntolerance",
        "/$meta",
    ):
        answer = await house.get(path)
        assert answer.status_code == 200, answer.text
        assert id_ not in answer.text
        assert IDENTIFIER not in answer.text


async def test_every_sending_leaves_a_leaf_about_the_person(house: House) -> None:
    made = bundle(allergy("a1"))
    leaves = await house.world.count("audit_leaf")
    await sent(house, made)
    await sent(house, made)
    assert await house.world.count("audit_leaf") == leaves + 2
