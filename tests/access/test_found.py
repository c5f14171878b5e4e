"""What the matrix found once, each as a test of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.access.callers import BY_NAME
from tests.access.desk_reference import Declared
from tests.access.desk_world import AT_THE_DESK, desk_on
from tests.access.wishes import STATES
from tests.access.world import world_on

from tasuki.shelter.words import WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.access.wishes import State
    from tests.access.world import World
    from tests.store.world import Server

pytestmark = pytest.mark.anyio


async def test_network_tokens_are_as_secret_as_the_patient_they_name(
    server: Server, tmp_path: Path
) -> None:
    """Who may see somebody's sensitive results alone was told under which tokens they are known."""
    async with world_on(server, tmp_path, ("permit one sensitivity", "permit all")) as world:
        phr = world.holders["phr"]
        asker = world.asker(BY_NAME["clinician"], phr)
        headers = {"Authorization": f"Bearer {world.token(asker)}"}
        answers = [
            await world.http.get(f"{phr.base}/Patient/{one.id}/$network-tokens", headers=headers)
            for one in phr.people
        ]
        absent = f"{phr.base}/Patient/00000000-0000-4000-8000-000000000000/$network-tokens"
        never = await world.http.get(absent, headers=headers)
        # Services and the person alone are told by now; of a clinician nothing can be learnt.
        for person, answer in zip(phr.people, answers, strict=True):
            assert (answer.status_code, answer.text) == (403, never.text)
            assert not any(token in answer.text for token in await world.tokens_of(person))


async def test_a_binary_is_reached_by_a_scope_where_what_it_is_about_is(few: World) -> None:
    """To whom all was permitted, it came though the scope's category left its subject out."""
    holder = few.holders["noto"]
    asker = few.asker(BY_NAME["hospital, by category"], holder)
    headers = {"Authorization": f"Bearer {few.token(asker)}"}
    (person, *_) = holder.people
    for row in person.of("Binary", "Provenance"):
        (subject,) = row.about
        reached = subject.category(1) == "laboratory"
        expected = 200 if reached else 404
        for path in (row.path, f"{row.path}/_history/1", subject.path):
            answer = await few.http.get(f"{holder.base}/{path}", headers=headers)
            assert answer.status_code == expected, path
        record = await few.http.get(
            f"{holder.base}/Patient/{person.id}/$everything", headers=headers
        )
        assert (row.id in record.text) is reached


RESTRICTED = WORDS["restricted.medicines"][1]
AT_DESK = {
    "none": (200, True),
    "permit all but restricted": (200, False),
    "deny one organisation": (200, True),
    "permit one organisation": (200, True),
    "deny all": (403, False),
}


async def test_the_desk_tells_of_what_is_restricted_as_the_person_has_it(
    server: Server, tmp_path: Path
) -> None:
    """Who refused their restricted records was told of all the same; who refused one organisation
    was nobody at the desk, to all of them."""
    states: dict[str, State] = {name: STATES[name] for name in ("permit all", *AT_DESK)}
    async with desk_on(server, tmp_path, states) as world:
        world.declare(Declared())
        headers = {
            "Authorization": f"Bearer {world.token(world.asker(AT_THE_DESK[0]))}",
            "Accept-Language": "en",
        }
        told = {}
        for person in world.people:
            url = f"{world.base}/fhir/Patient/{world.ids[person.number]}/$emergency-profile"
            answer = await world.http.get(url, headers=headers)
            if person.said in AT_DESK and not person.drill:
                told[person.said] = (answer.status_code, RESTRICTED in answer.text)
    assert told == AT_DESK


async def test_a_clinician_reads_a_group_whose_people_let_them(few: World) -> None:
    """Whether they may see a member was asked of the Group again, without end: a 500 to clinicians."""
    holder = few.holders["noto"]
    headers = {"Authorization": f"Bearer {few.token(few.asker(BY_NAME['clinician'], holder))}"}
    answered = {}
    for row in holder.common:
        if row.type == "Group" and row.label == "plain":
            answer = await few.http.get(f"{holder.base}/{row.path}", headers=headers)
            answered[tuple(one.said for one in row.members)] = answer.status_code
    assert answered == {
        ("none",): 200,
        ("none", "permit all"): 200,
        ("permit all", "deny all"): 404,
        ("deny all", "none"): 404,
    }
