"""P4: among writers at once exactly one wins each round, and no acknowledged write is lost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.store.gate import caller, gate_of
from tests.store.world import new, patient

from tasuki.shared.access.loading import Line
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from tests.store.world import World

pytestmark = pytest.mark.anyio

WRITERS = 32
ROUNDS = 3


async def test_of_32_conditional_updates_exactly_one_wins_each_round(world: World) -> None:
    gate = gate_of(world)
    async with gate.enter(caller()) as records:
        made = await records.create({"resourceType": "Patient"})

    async def update(number: int, seen: int) -> str:
        resource = {"resourceType": "Patient", "id": made.id, "name": [{"text": f"{number}"}]}
        try:
            async with gate.enter(caller()) as records:
                await records.update(made.id, resource, if_match=seen)
        except Fault as fault:
            return fault.category.value
        return f"won {number}"

    for version in range(1, ROUNDS + 1):
        told = await asyncio.gather(*(update(number, version) for number in range(WRITERS)))
        (winner,) = [answer for answer in told if answer.startswith("won")]
        assert Counter(told) == {winner: 1, Category.PRECONDITION.value: WRITERS - 1}
        async with gate.enter(caller()) as records:
            head = await records.read("Patient", made.id)
        assert head.version == version + 1
        assert json.loads(head.body or b"")["name"] == [{"text": winner.removeprefix("won ")}]


async def test_unconditional_updates_at_once_all_succeed_in_some_order(world: World) -> None:
    gate = gate_of(world)
    async with gate.enter(caller()) as records:
        made = await records.create({"resourceType": "Patient"})

    async def update(number: int) -> int:
        resource = {"resourceType": "Patient", "id": made.id, "name": [{"text": f"{number}"}]}
        async with gate.enter(caller()) as records:
            return (await records.update(made.id, resource, if_match=None)).version

    versions = await asyncio.gather(*(update(number) for number in range(WRITERS)))
    assert sorted(versions) == list(range(2, WRITERS + 2))


async def test_the_same_load_sent_many_times_at_once_doubles_nothing(world: World) -> None:
    gate = gate_of(world)
    lines = [
        Line(1, b"{}", {"resourceType": "Patient", "id": "1"}),
        *(
            Line(
                number,
                b"{}",
                {
                    "resourceType": "Observation",
                    "id": str(number),
                    "subject": {"reference": "Patient/1"},
                },
            )
            for number in range(2, 20)
        ),
    ]

    async def load(order: list[Line]) -> tuple[int, int, int]:
        async with gate.enter(caller()) as records:
            loaded = await records.load("hospital", order)
        return loaded.created, loaded.updated, loaded.unchanged

    told = await asyncio.gather(*(load(lines if n % 2 else lines[::-1]) for n in range(8)))
    assert Counter(told) == {(19, 0, 0): 1, (0, 0, 19): 7}
    assert await world.count("resource_version") == 19


async def test_a_patient_is_not_deleted_under_a_new_resource(world: World) -> None:
    gate = gate_of(world)
    for _ in range(10):
        async with gate.enter(caller()) as records:
            made = await records.create({"resourceType": "Patient"})

        async def refer(patient: str = made.id) -> bool:
            resource = {"resourceType": "Flag", "subject": {"reference": f"Patient/{patient}"}}
            try:
                async with gate.enter(caller()) as records:
                    await records.create(resource)
            except Fault:
                return False
            return True

        async def delete(patient: str = made.id) -> bool:
            try:
                async with gate.enter(caller()) as records:
                    await records.delete("Patient", patient)
            except Fault:
                return False
            return True

        referred, deleted = await asyncio.gather(refer(), delete())
        assert referred != deleted


@pytest.mark.parametrize(("still", "seen"), [(True, 0), (False, 1)])
async def test_a_still_unit_sees_one_moment_throughout(
    world: World, still: bool, seen: int
) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), patient("p2")])
    async with world.store.unit(still=still) as reader:
        assert len(await reader.of_owner("p1", ["Flag"])) == 0
        async with world.store.unit() as unit:
            await unit.write([new("Flag", "f1", owner="p1"), new("Flag", "f2", owner="p2")])
        assert len(await reader.of_owner("p2", ["Flag"])) == seen
