"""Finding Patients by whole name and birth date, or by number, also where there are too many to scan."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.integration.ehr.world import CHART_SYSTEM, FHIR, named, patient

from tasuki.shared.access import finding
from tasuki.shared.access.derived import name_keys
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.ehr.world import World

pytestmark = pytest.mark.anyio


async def keep_people(world: World) -> None:
    await world.keep(patient("hanako"), owner="hanako")
    await world.keep(
        patient("hana", identifier=[], name=named("能登 花", "ノト ハナ")), owner="hana"
    )
    await world.keep(
        patient("john", identifier=[], name=[{"family": "Smith", "given": ["John"]}]), owner="john"
    )


async def ids(world: World, **query: str) -> list[str]:
    answer = await world.fhir(f"Patient?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return sorted(entry["resource"]["id"] for entry in answer.json().get("entry", ()))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "能登花子", "birthdate": "1938-04-05"}, ["hanako"]),
        ({"name": "ﾉﾄ ﾊﾅｺ", "birthdate": "eq1938-04-05"}, ["hanako"]),
        ({"phonetic": "のとはなこ", "birthdate": "1938-04-05"}, ["hanako"]),
        ({"family": "能登", "given": "花子", "birthdate": "1938-04-05"}, ["hanako"]),
        ({"family": "smith", "given": "JOHN", "birthdate": "1938-04-05"}, ["john"]),
        ({"name": "だれか,能登花子", "birthdate": "1938-04-06,1938-04-05"}, ["hanako"]),
        ({"name": "能登 花子", "birthdate": "1938-04-05", "gender": "male"}, []),
        ({"family": "能登", "given": "梅子", "birthdate": "1938-04-05"}, []),
        ({"name": "能登 花子", "birthdate": "1938-04-06"}, []),
        ({"identifier": "chart-hanako"}, ["hanako"]),
        ({"identifier": f"{CHART_SYSTEM}|chart-hanako,nothing"}, ["hanako"]),
        ({"identifier": "|chart-hanako"}, []),
    ],
)
async def test_people_are_found_without_a_scan(
    world: World, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], found: list[str]
) -> None:
    monkeypatch.setattr(finding, "SCAN_LIMIT", 1)
    await keep_people(world)

    assert await ids(world, **query) == found


async def test_a_name_that_may_be_written_with_accents_is_not_called_absent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "SCAN_LIMIT", 1)
    await keep_people(world)
    renee = patient("renee", identifier=[], name=[{"family": "Müller", "given": ["Renée"]}])
    await world.keep(renee, owner="renee")

    assert await ids(world, name="Müller Renée", birthdate="1938-04-05") == ["renee"]
    answer = await world.fhir(
        f"Patient?{urlencode({'name': 'Muller Renee', 'birthdate': '1938-04-05'})}"
    )
    assert (
        answer.status_code == 422
    )  # looked for by its key it is not there; a scan would be needed


async def test_a_posted_search_finds_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "SCAN_LIMIT", 1)
    await keep_people(world)

    answer = await world.http.post(
        f"{FHIR}/Patient/_search",
        data={"name": "能登花子", "birthdate": "1938-04-05"},
        headers={"Authorization": "Bearer doctor-token"},
    )

    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == ["hanako"]


@pytest.mark.parametrize(
    "query",
    [
        {"family": "能登", "birthdate": "1938-04-05"},
        {"name": "能登", "birthdate": "1938-04-05"},
        {"name": "能登花子"},
        {"name": "能登 梅子", "birthdate": "ge1938-04-05"},
        {"name": "能登 梅子", "birthdate": "1938-04"},
        {"name:contains": "能登 梅子", "birthdate": "1938-04-05"},
    ],
)
async def test_what_no_index_can_answer_is_refused_and_never_cut(
    world: World, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    monkeypatch.setattr(finding, "SCAN_LIMIT", 1)
    await keep_people(world)

    answer = await world.fhir(f"Patient?{urlencode(query)}")

    assert answer.status_code == 422
    assert answer.json()["issue"][0]["code"] == "too-costly"


async def test_where_a_scan_is_possible_a_part_of_a_name_finds_all_it_begins(world: World) -> None:
    await keep_people(world)

    assert await ids(world, family="能登", birthdate="1938-04-05") == ["hana", "hanako"]
    assert await ids(world, name="のと", birthdate="ge1938") == ["hana", "hanako"]


async def test_matching_compares_what_a_key_only_points_to(world: World) -> None:
    """A look-up key is cut short, so here everybody's points to somebody else too."""
    await keep_people(world)
    [key] = name_keys("ノトハナコ", "1938-04-05")

    async with world.service.gate.enter(world.caller) as records:
        unit = records._unit

        async def everybody(index: str, parts: object) -> list[str]:
            del index, parts
            return ["hanako", "hana", "john"]

        unit.by_person_key = everybody  # type: ignore[method-assign]
        found = await records.find_people((key,), most=10, query="q")

    assert [one.stored.id for one in found.people] == ["hanako"]


async def test_matching_leaves_a_leaf_for_whoever_is_shown(world: World) -> None:
    await keep_people(world)
    world.rules.rulings["hana"] = Ruling.hide("role")
    keys = name_keys("ノトハナコ", "1938-04-05") + name_keys("能登花", "1938-04-05")

    async with world.service.gate.enter(world.caller) as records:
        found = await records.find_people(keys, most=10, query="q")

    assert [one.stored.id for one in found.people] == ["hanako"]
    assert found.count == 1
    assert len(await world.leaves("hanako")) == 1
    assert await world.leaves("hana") == []


async def test_too_many_are_counted_and_not_shown(world: World) -> None:
    for number in range(3):
        await world.keep(patient(f"p{number}", identifier=[]), owner=f"p{number}")

    async with world.service.gate.enter(world.caller) as records:
        found = await records.find_people(name_keys("能登花子", "1938-04-05"), most=2, query="q")

    assert (found.people, found.count) == ((), 3)
    assert await world.leaves("p0") == []
