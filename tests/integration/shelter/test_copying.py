"""The copy of the holders' records: people joined, parted, removed; pages repeated; holders restored.

Everything is looked at through the desk's own search, or the kept profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.shelter.world import world

from tasuki.shelter.person_record import TYPE, PersonRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.shelter.world import World
    from tests.store.world import Server

    from tasuki.shared.access.records import Stored

pytestmark = pytest.mark.anyio

A, B = "aa" * 16, "bb" * 16


async def kept(w: World) -> list[tuple[Stored, PersonRecord]]:
    async with w.app.state.store.unit() as unit:
        found = await unit.scan(TYPE, 100)
    return [(one, PersonRecord.from_bytes(one.body)) for one in found]


def sources(record: PersonRecord) -> list[str]:
    return [line.source for line in record.profile.sources]


async def test_records_with_a_common_token_are_one_person_and_part_when_it_goes(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], A)
        w.kaga.put("x1", [patient()], B)
        await w.settle()
        assert len(await kept(w)) == 2
        w.kaga.put("x1", [patient()], A, B)
        await w.settle()
        joined = await kept(w)
        assert [sources(record) for _, record in joined] == [["ehr/noto", "ehr/kaga"]]
        w.kaga.put("x1", [patient()], B)
        await w.settle()
        assert sorted(sources(record) for _, record in await kept(w)) == [
            ["ehr/kaga"],
            ["ehr/noto"],
        ]


async def test_a_removed_person_is_found_no_more(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], A)
        await w.settle()
        await w.sign_in()
        asked = {"name": "ノト ハナコ", "birth": "1938-04-05"}
        assert 'name="handle"' in (await w.search(**asked)).text
        w.noto.remove("p1")
        await w.settle()
        assert await kept(w) == []
        assert 'name="handle"' not in (await w.search(**asked)).text


async def test_a_changed_name_is_found_and_the_old_one_is_not(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], A)
        await w.settle()
        w.noto.put("p1", [patient(kana="ワジマ ハナコ", name="輪島 花子")], A)
        await w.settle()
        await w.sign_in()
        new = await w.search(name="わじま はなこ", birth="1938-04-05")
        old = await w.search(name="のと はなこ", birth="1938-04-05")
        assert new.text.count('name="handle"') == 1
        assert 'name="handle"' not in old.text


async def test_somebody_without_a_network_token_is_kept_and_said_to_be_unlinked(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()])
        w.kaga.put("x1", [patient()])
        w.stubs.declare()
        await w.settle()
        assert len(await kept(w)) == 2
        await w.sign_in()
        found = await w.search(name="ノト ハナコ", birth="1938-04-05")
        assert found.text.count('name="handle"') == 2
        assert "結びついていない" in (await w.choose(found)).text


async def test_one_record_a_holder_cannot_give_stops_nobody_elses(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    allergy: Callable[..., dict[str, Any]],
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient(), allergy()], A)
        await w.settle()
        w.noto.statuses["p1"] = 500
        w.noto.touch("p1")
        w.noto.put("p2", [patient(kana="ワジマ タロウ", name="輪島 太郎")], B)
        await w.settle()
        names = sorted(record.profile.person.kana for _, record in await kept(w))
        assert names == ["ノト ハナコ", "ワジマ タロウ"]


async def test_a_page_that_comes_twice_changes_nothing(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], A)
        await w.settle()
        before = [(one.id, one.version) for one, _ in await kept(w)]
        for _ in range(2):
            await w.settle()
        assert [(one.id, one.version) for one, _ in await kept(w)] == before


async def test_a_holder_restored_from_a_backup_is_read_anew_and_what_is_gone_goes(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], A)
        w.noto.put("p2", [patient(kana="ワジマ タロウ", name="輪島 太郎")], B)
        await w.settle()
        assert len(await kept(w)) == 2
        del w.noto.people["p2"]
        w.noto.epoch = "e2"
        w.noto.changes = []
        w.noto.touch("p1")
        follower = w.app.state.followers[1]
        await follower.pull(0.0)
        assert len(await kept(w)) == 2, "what was kept stays in use until it is replaced"
        await follower.pull(0.0)
        assert [record.profile.person.kana for _, record in await kept(w)] == ["ノト ハナコ"]
