"""Tokens: by what records are found, and that nothing stale finds them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.store.world import OTHER_TENANT, World, new, patient

from tasuki.shared.access.records import Method
from tasuki.shared.store.lookups import PERSON_BITS

if TYPE_CHECKING:
    from tasuki.shared.access.records import Unit

pytestmark = pytest.mark.anyio

HANAKO = ("ノト ハナコ", "1950-01-01")
TARO = ("ノト タロウ", "1950-01-01")
MEMBER = ("link-1", "00012345:67:890:01", *HANAKO)


async def _found(unit: Unit) -> dict[str, object]:
    return {
        "identifier": await unit.by_identifier("Patient", "urn:chart", "1"),
        "value": await unit.by_identifier("Patient", "*", "1"),
        "person": await unit.by_person_key("kana+birth", HANAKO),
        "tokens": await unit.tokens_of_owner("p1"),
    }


async def test_an_identifier_finds_its_resources_by_type_and_system(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write(
            [
                patient("p1", identifiers=(("urn:a", "1"), ("", "2"))),
                patient("p2", identifiers=(("urn:a", "1"), ("urn:b", "1"))),
                new("Organization", "o1", identifiers=(("urn:a", "1"),)),
            ]
        )
        assert await unit.by_identifier("Patient", "urn:a", "1") == ["p1", "p2"]
        assert await unit.by_identifier("Patient", "urn:b", "1") == ["p2"]
        assert await unit.by_identifier("Patient", "*", "1") == ["p1", "p2"]
        assert await unit.by_identifier("Patient", "", "2") == ["p1"]
        assert await unit.by_identifier("Patient", "", "1") == []
        assert await unit.by_identifier("Patient", "urn:a", "2") == []
        assert await unit.by_identifier("Organization", "urn:a", "1") == ["o1"]


async def test_a_person_is_found_by_compounds_only(world: World) -> None:
    keys = (("kana+birth", HANAKO), ("kana+year+sex", ("ノト ハナコ", "1950", "f")))
    async with world.store.unit() as unit:
        await unit.write(
            [patient("p1", person_keys=keys), patient("p2", person_keys=(("kana+birth", TARO),))]
        )
        assert await unit.by_person_key("kana+birth", HANAKO) == ["p1"]
        assert await unit.by_person_key("kana+birth", TARO) == ["p2"]
        assert await unit.by_person_key("kanji+birth", HANAKO) == []
        assert await unit.by_person_key("kana+year+sex", ("ノト ハナコ", "1950", "f")) == ["p1"]
        with pytest.raises(ValueError, match="two parts"):
            await unit.by_person_key("kana+birth", ("ノト ハナコ",))


async def test_two_people_with_one_name_and_birthday_are_both_found(world: World) -> None:
    keys = (("kana+birth", HANAKO),)
    async with world.store.unit() as unit:
        await unit.write([patient("p1", person_keys=keys), patient("p2", person_keys=keys)])
        assert await unit.by_person_key("kana+birth", HANAKO) == ["p1", "p2"]


async def test_person_tokens_are_truncated_and_pointers_do_not_repeat(world: World) -> None:
    keys = (("kana+birth", HANAKO), ("kanji+birth", ("能登 花子", "1950-01-01")))
    async with world.store.unit() as unit:
        await unit.write([patient("p1", person_keys=keys), patient("p2", person_keys=keys)])
    rows = await world.rows("SELECT index, tag, pointer FROM person_token")
    assert len(rows) == 4
    assert all(0 <= row["tag"] < 2**PERSON_BITS for row in rows)
    assert len({row["pointer"] for row in rows}) == 4
    assert len({(row["index"], row["tag"]) for row in rows}) == 2


async def test_an_update_leaves_no_stale_token(world: World) -> None:
    old = (("kana+birth", HANAKO), ("kana+year+sex", ("ノト ハナコ", "1950", "f")))
    newer = (("kana+birth", ("ワジマ ハナコ", "1950-01-01")),)
    async with world.store.unit() as unit:
        await unit.write(
            [
                patient(
                    "p1",
                    identifiers=(("urn:chart", "1"),),
                    person_keys=old,
                    network_keys=(MEMBER,),
                ),
                patient("p2", identifiers=(("urn:chart", "1"),), person_keys=old),
            ]
        )
        assert len(await unit.tokens_of_owner("p1")) == 1
    async with world.store.unit() as unit:
        await unit.write(
            [
                patient(
                    "p1",
                    expected=1,
                    identifiers=(("urn:chart", "9"),),
                    person_keys=newer,
                    superseded_person_keys=old,
                )
            ]
        )
        assert await _found(unit) == {
            "identifier": ["p2"],
            "value": ["p2"],
            "person": ["p2"],
            "tokens": (),
        }
        assert await unit.by_person_key("kana+birth", ("ワジマ ハナコ", "1950-01-01")) == ["p1"]
    assert await world.count("person_token") == 3
    assert await world.count("network_token") == 0


async def test_a_deletion_leaves_no_token(world: World) -> None:
    keys = (("kana+birth", HANAKO),)
    async with world.store.unit() as unit:
        await unit.write(
            [
                patient(
                    "p1",
                    identifiers=(("urn:chart", "1"),),
                    person_keys=keys,
                    network_keys=(MEMBER,),
                )
            ]
        )
        await unit.write(
            [
                patient(
                    "p1",
                    expected=1,
                    body=None,
                    method=Method.DELETE,
                    superseded_person_keys=keys,
                )
            ]
        )
    for table in ("lookup_token", "person_token", "network_token"):
        assert await world.count(table) == 0


async def test_network_tokens_mean_the_same_in_every_region(world: World) -> None:
    kaga = world.another_process(OTHER_TENANT)
    async with world.store.unit() as unit:
        await unit.write([patient("p1", network_keys=(MEMBER,))])
        here = await unit.tokens_of_owner("p1")
        assert await unit.owners_of_tokens(here) == ["p1"]
        assert await unit.owners_of_tokens(["00" * 16]) == []
        assert await unit.owners_of_tokens([]) == []
    async with kaga.unit() as unit:
        await unit.write([patient("q1", network_keys=(MEMBER,))])
        assert await unit.tokens_of_owner("q1") == here
    await kaga.databases.dispose()
    assert [len(token) for token in here] == [32]


async def test_identifier_tokens_mean_nothing_in_another_region(world: World) -> None:
    kaga = world.another_process(OTHER_TENANT)
    for store in (world.store, kaga):
        async with store.unit() as unit:
            await unit.write([patient("p1", identifiers=(("urn:a", "1"),))])
    await kaga.databases.dispose()
    tags = [row["tag"] for row in await world.rows("SELECT tag FROM lookup_token")]
    assert len(set(tags)) == len(tags) == 4


async def test_ready_tokens_are_kept_where_no_network_key_is_held(world: World) -> None:
    store = world.another_process(links_people=False)
    async with store.unit() as unit:
        await unit.write([patient("p1", network_keys=(MEMBER,), network_tokens=("ab" * 16,))])
        assert await unit.tokens_of_owner("p1") == ("ab" * 16,)
        assert await unit.owners_of_tokens(["ab" * 16]) == ["p1"]
    await store.databases.dispose()


async def test_a_source_id_is_given_once(world: World) -> None:
    originals = [("Patient", "1"), ("Observation", "1")]
    async with world.store.unit() as unit:
        assert await unit.known_source_ids("a", originals) == {}
        first = dict(await unit.source_ids("a", originals))
    async with world.store.unit() as unit:
        again = await unit.source_ids("a", [*originals, ("Patient", "2")])
        other = await unit.source_ids("b", originals)
        known = await unit.known_source_ids("a", [*originals, ("Patient", "3")])
        assert await unit.source_ids("a", []) == {}
    assert first == known
    assert {key: again[key] for key in originals} == first
    assert len({*again.values(), *other.values()}) == 5


async def test_two_loads_at_once_agree_on_source_ids(world: World) -> None:
    originals = [("Observation", str(number)) for number in range(200)]

    async def ask(order: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
        async with world.store.unit() as unit:
            return dict(await unit.source_ids("a", order))

    given = await asyncio.gather(
        ask(originals), ask(originals[::-1]), ask(originals[50:]), ask(originals[:150][::-1])
    )
    for answer in given:
        assert {key: given[0][key] for key in answer} == answer
    assert await world.count("source_id") == 200
