"""An export goes on after its process died, and no row falls between two of them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.rest.exporting import (
    ASYNC,
    PATIENT,
    condition,
    exported,
    lines,
    manifest,
    named,
    ordered,
)
from tests.integration.rest.house import House, house_on
from tests.store.world import new, tenant_on

from tasuki.shared.access.exports import exporting
from tasuki.shared.access.exports.jobs import ATTEMPTS, LEASE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.store.world import Server

pytestmark = pytest.mark.anyio

JUST_OVER = LEASE + timedelta(seconds=1)


@contextlib.asynccontextmanager
async def started_anew(house: House) -> AsyncIterator[House]:
    """Open the service of the same database again, as after the death of its process."""
    await house.jobs.close()
    async with house_on(house.world) as again:
        yield again


async def test_an_export_whose_process_died_is_gone_on_with(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "FILE_ROWS", 2)
    monkeypatch.setattr(exporting, "PAGE_ROWS", 1)
    mine = await house.create(PATIENT)
    made = {await house.create(condition(mine)) for _ in range(9)}
    real = exporting.Exporting.next_export_file
    calls, hangs = 0, asyncio.Event()

    async def third_one_hangs(self: Any, job: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls != 3:
            return await real(self, job)
        hangs.set()
        return await asyncio.sleep(60)

    monkeypatch.setattr(exporting.Exporting, "next_export_file", third_one_hangs)
    status = await ordered(house, "/$export?_type=Condition")
    await hangs.wait()
    async with started_anew(house) as again:
        assert (await again.get(status)).status_code == 202
        await again.jobs.idle()
        assert calls == 3, "the lease of the dead process is waited for"
        again.world.clock.advance(JUST_OVER)
        waiting = await again.get(status)
        assert waiting.status_code == 202
        assert waiting.headers["retry-after"]
        assert waiting.headers["x-progress"] == "0 of 1 types"
        told = await manifest(again, status)
        found = [one["id"] for one in await lines(again, told)]
    assert sorted(found) == sorted(made)
    assert calls > 5


async def test_an_export_that_kills_its_process_again_and_again_fails_in_words(
    house: House,
) -> None:
    house.jobs.gap = 60.0
    status = await ordered(house)
    for _ in range(ATTEMPTS):
        await asyncio.sleep(0.05)  # until it has been taken up
        await house.jobs.close()
        house.world.clock.advance(JUST_OVER)
        assert (await house.get(status)).status_code == 202
    await house.jobs.idle()
    answer = await house.get(status)
    assert answer.status_code == 500
    (told,) = answer.json()["issue"]
    assert told["diagnostics"] == "the export broke off; order it again"
    assert (await house.ask("DELETE", status)).status_code == 202


async def test_a_scope_that_was_lost_fails_it_in_words(house: House) -> None:
    house.jobs.gap = 60.0
    status = await ordered(house)
    await asyncio.sleep(0.05)
    await house.jobs.close()
    house.jobs.gap = 0.01
    house.world.clock.advance(JUST_OVER)
    known = house.verifier.known
    known["hospital"] = replace(known["hospital"], scopes=known["seeker"].scopes)
    assert (await house.get(status)).status_code == 202
    await house.jobs.idle()
    assert (await house.get(status)).status_code == 500


async def test_one_that_is_cancelled_while_it_runs_makes_no_more_files(house: House) -> None:
    await house.create(PATIENT)
    house.jobs.gap = 0.2
    status = await ordered(house)
    async with house_on(house.world) as elsewhere:
        assert (await elsewhere.ask("DELETE", status)).status_code == 202
    await house.jobs.idle()
    rows = await house.world.rows(
        f"SELECT id FROM kept_item WHERE shelf = 'export' AND tenant = '{house.world.tenant}'"
    )
    assert rows == []


async def test_what_is_being_written_when_it_is_ordered_is_in_it(house: House) -> None:
    """A slow transaction dated its row before the export and commits after it was ordered."""
    mine = await house.create(PATIENT)
    writing, may_commit = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with house.world.store.unit() as unit:
            await unit.write([new("Condition", "slow", mine, at=house.world.clock.now())])
            writing.set()
            await may_commit.wait()

    writer = asyncio.create_task(slow())
    await writing.wait()
    house.world.clock.advance(timedelta(seconds=1))
    status = await ordered(house, "/$export?_type=Condition")
    await asyncio.sleep(0.3)
    answer = await house.get(status)
    assert answer.status_code == 202
    assert answer.headers["x-progress"] == "waiting for what is being written"
    may_commit.set()
    await writer
    told = await manifest(house, status)
    assert [one["id"] for one in await lines(house, told)] == ["slow"]


async def test_what_is_written_meanwhile_comes_with_the_next_one(house: House) -> None:
    mine = await house.create(PATIENT)
    stays, goes = await house.create(condition(mine, "v1")), await house.create(condition(mine))
    house.jobs.gap = 0.5
    status = await ordered(house, "/$export?_type=Condition")
    house.world.clock.advance(timedelta(seconds=1))
    body = {**condition(mine, "v2"), "id": stays}
    await house.ask("PUT", f"/Condition/{stays}", json=body)
    await house.ask("DELETE", f"/Condition/{goes}")
    late = await house.create(condition(mine))
    first = await manifest(house, status)
    found = {one["id"]: one["code"]["text"] for one in await lines(house, first)}
    assert found == {stays: "v1", goes: "x"}, "the state at the moment, not a mixture"
    house.jobs.gap = 0.01
    since = first["transactionTime"]
    second = await manifest(house, await ordered(house, f"/$export?_type=Condition&_since={since}"))
    assert {one["id"] for one in await lines(house, second)} == {stays, late}
    assert len(await lines(house, second, "deleted")) == 1


STEPS = st.lists(
    st.tuples(st.sampled_from(["create", "update", "delete", "export"]), st.integers(0, 5)),
    max_size=12,
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_exports_put_together_are_what_is_there(
    server: Server, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Each export added to the one before gives the whole, whatever happened in between."""
    asyncio.run(_put_together(server, tmp_path_factory.mktemp("keys"), steps))


async def _put_together(server: Server, folder: Path, steps: list[tuple[str, int]]) -> None:
    async with tenant_on(server, folder) as world, house_on(world) as house:
        mine = await house.create(PATIENT)
        live: list[str] = []
        held: dict[str, Any] = {}
        since = ""
        for step, number in [*steps, ("export", 0)]:
            house.world.clock.advance(timedelta(seconds=1))
            one = live[number % len(live)] if live else ""
            if step == "create":
                live.append(await house.create(condition(mine, str(number))))
            elif step == "update" and live:
                body = {**condition(mine, f"again {number}"), "id": one}
                assert (await house.ask("PUT", f"/Condition/{one}", json=body)).is_success
            elif step == "delete" and live:
                await house.ask("DELETE", f"/Condition/{one}")
                live.remove(one)
            elif step == "export":
                told = await manifest(house, await ordered(house, f"/$export{since}"))
                held |= {named(line): line for line in await lines(house, told)}
                for line in await lines(house, told, "deleted"):
                    held.pop(line["entry"][0]["request"]["url"], None)
                since = f"?_since={told['transactionTime']}"
        found = [f"Condition/{one}" for one in live] + [f"Patient/{mine}"]
        assert sorted(held) == sorted(found)
        for name in found:
            assert held[name] == (await house.get(f"/{name}")).json()
        assert await exported(house) == sorted(found)
        assert (await house.get("/$export", headers=ASYNC)).status_code == 202
