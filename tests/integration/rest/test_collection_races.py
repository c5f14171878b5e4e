"""Sets under concurrency, after a restart, and against a plain model of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.rest.house import house_on
from tests.integration.rest.sets import (
    INSTITUTION,
    allergy,
    bundle,
    patient,
    send,
    sent,
    texts,
)
from tests.store.world import tenant_on

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2
    from tests.integration.rest.house import House
    from tests.store.world import Server


@pytest.mark.anyio
async def test_two_senders_of_one_identifier_end_as_one_whole_set(house: House) -> None:
    first = [allergy(f"a{n}", f"first-{n}") for n in range(6)]
    second = [allergy(f"a{n}", f"second-{n}") for n in range(3, 9)]
    whole = ([one["code"]["text"] for one in first], [one["code"]["text"] for one in second])
    for day in range(1, 5):
        moment = f"2025-12-0{day}T00:00:00Z"
        makes = [bundle(*members, sent=moment) for members in (first, second, first, second)]
        answers = await asyncio.gather(*(send(house, made) for made in makes))
        assert [answer.status_code for answer in answers] == [200] * 4
        assert await texts(house) in whole
    assert len((await house.get("/Patient")).json()["entry"]) == 1


@pytest.mark.anyio
async def test_two_sets_of_a_new_patient_at_once_make_one_patient(house: House) -> None:
    # Known by number and not here: nothing in the store makes the senders wait for each other.
    assert (await send(house, bundle())).status_code == 200
    makes = [bundle(allergy("a"), identifier=f"{INSTITUTION}^2025^{n}") for n in range(6)]
    answers = await asyncio.gather(*(send(house, made) for made in makes))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len((await house.get("/Patient")).json()["entry"]) == 1
    assert len(await texts(house)) == 6


@pytest.mark.anyio
async def test_a_set_is_known_again_after_a_restart(house: House) -> None:
    await sent(house, bundle(allergy("a1"), allergy("a2", "えび")))
    world = replace(house.world, store=house.world.another_process())
    async with house_on(world) as again:
        assert await sent(again, bundle(allergy("a1"), allergy("a2", "えび"))) == (0, 0, 2, 0)
        late = await send(again, bundle(sent="2025-11-01T00:00:00Z"))
        assert late.status_code == 409
        assert await sent(again, bundle(sent="2025-12-02T00:00:00Z")) == (0, 0, 0, 2)
        assert await texts(again) == []
    await world.store.databases.dispose()


# (which of two sets, which of two people, day, members by name: text)
SENDINGS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from(["c1", "c1", "c1", "c2"]),
        st.integers(1, 5),
        st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz"), max_size=4),
    ),
    max_size=7,
)
MEMBERS = {"c1": "00012345:あいう:187:05", "c2": "00012345:あいう:187:06"}


@dataclass
class Model:
    """Sets as the guide describes them, without a store."""

    owner: dict[int, str] = field(default_factory=dict)
    day: dict[int, int] = field(default_factory=dict)
    sets: dict[int, dict[str, str]] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)

    def send(self, number: int, who: str, day: int, members: dict[str, str]) -> int | list[int]:
        """Return the status of a refusal, or created, updated, unchanged and deleted."""
        if not members and who not in self.people:
            return [0, 0, 0, 0]
        if self.owner.get(number, who) != who or day < self.day.get(number, 0):
            return 409
        before = self.sets.get(number, {})
        kept = before.keys() & members.keys()
        changed = [name for name in kept if before[name] != members[name]]
        self.owner[number], self.day[number], self.sets[number] = who, day, dict(members)
        self.people.add(who)
        return [
            len(members.keys() - before.keys()),
            len(changed),
            len(kept) - len(changed),
            len(before.keys() - members.keys()),
        ]

    def texts(self) -> list[str]:
        """Return the text of everything that is there, sorted."""
        return sorted(text for held in self.sets.values() for text in held.values())


def _told(answer: httpx2.Response) -> int | list[int]:
    if answer.status_code != 200:
        return answer.status_code
    parameters = answer.json()["parameter"]
    return [one["valueInteger"] for one in parameters if "valueInteger" in one]


async def _compared(
    server: Server, folder: Path, sendings: list[tuple[int, str, int, dict[str, str]]]
) -> None:
    model = Model()
    async with tenant_on(server, folder) as world, house_on(world) as house:
        for number, who, day, members in sendings:
            made = bundle(
                *(allergy(name, text) for name, text in members.items()),
                about=patient(who, MEMBERS[who]),
                identifier=f"{INSTITUTION}^2025^{number}",
                sent=f"2025-12-0{day}T00:00:00Z",
            )
            assert _told(await send(house, made)) == model.send(number, who, day, members)
            assert await texts(house) == model.texts()
        found = (await house.get("/Patient")).json().get("entry", [])
        assert len(found) == len(model.people)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sendings=SENDINGS)
def test_any_series_of_sendings_ends_as_the_model_says(
    server: Server, tmp_path: Path, sendings: list[tuple[int, str, int, dict[str, str]]]
) -> None:
    (tmp_path / "keys.json").unlink(missing_ok=True)
    asyncio.run(_compared(server, tmp_path, sendings))
