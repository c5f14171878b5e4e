"""An override over HTTP: opened, agreed to, stopped, used up; and everybody else refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.overrides.world import codes, feed, who

from tasuki.consent.overrides.book import MOST_AN_HOUR, Book
from tasuki.consent.overrides.ledger import Ledger
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from tests.integration.overrides.world import World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


def purpose(event: dict[str, Any]) -> str:
    return str(event["purposeOfEvent"][0]["coding"][0]["code"])


async def test_it_begins_is_told_at_once_and_ends(world: World) -> None:
    told = await world.open()
    assert told["code"] == told["id"][:8].upper()
    (mine,) = await world.mine()
    assert mine == {
        "id": told["id"],
        "opened_at": told["opened_at"],
        "ends_at": told["ends_at"],
        "by": "Doctor-1",
        "organization": "urn:tasuki:institution|1",
        "region": "noto",
        "reason": "life",
        "text": "意識がない",
        "restricted": False,
        "read": False,
        "state": "open",
    }
    assert await world.mine("neighbour") == []
    world.clock.advance(HOUR / 4)
    stopped = await world.ask("POST", f"/overrides/{told['id']}/stop", "doctor")
    assert stopped.json()["stopped_at"] == "2026-01-05T00:15:00+00:00"
    (mine,) = await world.mine()
    assert (mine["state"], mine["stopped_at"]) == ("pending", "2026-01-05T00:15:00+00:00")
    end, begin = [one for one in await world.leaves() if one["type"]["code"] == "110113"]
    assert (codes(begin), codes(end)) == (["110127"], ["110138"])
    for event in (begin, end):
        assert purpose(event) == "BTG"
        assert event["agent"][2]["policy"] == [f"override/{told['id']}|reason/life"]
        assert event["agent"][2]["who"] == {"identifier": {"value": "doctor-1"}}


async def test_time_ends_it_with_a_leaf_of_its_own(world: World) -> None:
    told = await world.open(minutes=10)
    world.clock.advance(timedelta(minutes=10))
    await world.book.end_old()
    await world.book.end_old()
    (mine,) = await world.mine()
    assert mine["stopped_at"] == told["ends_at"]
    ends = [one for one in await world.leaves() if codes(one) == ["110138"]]
    assert [one["agent"][2]["policy"] for one in ends] == [
        [f"override/{told['id']}|reason/life|ended-by-time"]
    ]


@pytest.mark.parametrize(
    ("over", "status", "place"),
    [
        ({"reason": "curiosity"}, 422, "reason"),
        ({"reason": None}, 422, "reason"),
        ({"text": ""}, 422, "text"),
        ({"text": " \n"}, 422, "text"),
        ({"text": "x" * 1_001}, 422, "text"),
        ({"minutes": 61}, 422, "minutes"),
        ({"minutes": 0}, 422, "minutes"),
        ({"holder": "toyama"}, 422, "holder"),
        ({"patient": "p1,p2"}, 422, "patient"),
        ({"patient": "*"}, 422, "patient"),
        ({"patient": ["p1", "p2"]}, 422, "patient"),
        ({"patient": "nobody"}, 404, "patient"),
        ({"patient": "unlinked"}, 400, ""),
        ({"person": "p1"}, 422, "person"),
        ({"delay": {"ground": "convenient", "text": "x", "hours": 1}}, 422, "delay.ground"),
        ({"delay": {"ground": "harm-to-other", "text": " ", "hours": 1}}, 422, "delay.text"),
        ({"delay": {"ground": "harm-to-other", "text": "x", "hours": 169}}, 422, "delay.hours"),
        ({"delay": {"text": "x", "hours": 1}}, 422, "delay.ground"),
    ],
)
async def test_without_a_piece_nothing_is_opened(
    world: World, over: dict[str, Any], status: int, place: str
) -> None:
    draft = {"holder": "noto", "patient": "p1", "reason": "life", "text": "x", **over}
    answer = await world.ask("POST", "/overrides", "doctor", draft)
    assert answer.status_code == status, answer.text
    places = answer.json()["issue"][0].get("expression", [""])
    assert places == [place]
    assert await world.mine() == []
    assert await world.book.ledger.caught_up() == {}


@pytest.mark.parametrize(
    "over",
    [
        {"role": Role.NURSE},
        {"role": Role.RESIDENT},
        {"role": Role.OFFICER},
        {"role": Role.PRIVACY},
        {"role": Role.SERVICE},
        {"role": Role.HOSPITAL},
        {"purpose": "DISASTER"},
        {"purpose": "HOPERAT"},
        {"scopes": "user/*.rs"},
    ],
)
async def test_who_is_no_clinician_in_care_may_not(world: World, over: dict[str, Any]) -> None:
    told = await world.open()
    scopes = over.pop("scopes", "user/*.rs tasuki/override tasuki/review")
    whole = {"role": Role.CLINICIAN, "subject": "x", "scopes": scopes, **over}
    world.verifier.known["x"] = who(world.clock, **whole)
    body = {"holder": "noto", "patient": "p2", "reason": "life", "text": "x"}
    for method, path, sent in (
        ("POST", "/overrides", body),
        ("GET", f"/overrides/waiting/{told['code']}", None),
        ("POST", f"/overrides/{told['id']}/agree", {"restricted": True}),
        ("POST", f"/overrides/{told['id']}/stop", None),
    ):
        answer = await world.ask(method, path, "x", sent)
        assert answer.status_code == 403, f"{path} {answer.text}"
        assert "意識" not in answer.text
    assert len(await world.book.ledger.caught_up()) == 1


async def test_a_token_bound_to_one_patient_opens_no_other(world: World) -> None:
    """A sign-in for BTG names its patient: that one alone."""
    world.verifier.known["bound"] = replace(
        world.verifier.known["doctor"], purpose="BTG", patient="Patient/p1"
    )
    body = {"holder": "noto", "reason": "life", "text": "x"}
    other = await world.ask("POST", "/overrides", "bound", {**body, "patient": "p2"})
    assert other.status_code == 403
    assert (await world.mine("neighbour")) == []
    own = await world.ask("POST", "/overrides", "bound", {**body, "patient": "p1"})
    assert own.status_code == 201


async def test_nobody_gets_in_without_a_token(world: World) -> None:
    for method, path in (
        ("POST", "/overrides"),
        ("GET", "/overrides/waiting/0A1B2C3D"),
        ("POST", "/overrides/x/agree"),
        ("POST", "/overrides/x/stop"),
        ("GET", "/overrides/about-me"),
        ("POST", "/overrides/x/seen"),
        ("POST", "/overrides/x/dispute"),
    ):
        assert (await world.ask(method, path, "no such")).status_code == 401


async def test_one_at_a_time_of_one_person_and_a_stop_makes_room(world: World) -> None:
    told = await world.open()
    body = {"holder": "noto", "patient": "p1", "reason": "law", "text": "x"}
    assert (await world.ask("POST", "/overrides", "doctor", body)).status_code == 409
    await world.open("colleague")
    await world.open(patient="p2")
    await world.ask("POST", f"/overrides/{told['id']}/stop", "doctor")
    await world.open()
    assert len(await world.mine()) == 3


async def test_at_once_only_one_is_opened(world: World) -> None:
    body = {"holder": "noto", "patient": "p1", "reason": "life", "text": "x"}
    answers = await asyncio.gather(
        *(world.ask("POST", "/overrides", "doctor", body) for _ in range(8))
    )
    assert sorted(one.status_code for one in answers) == [201, *[409] * 7]


async def test_more_than_twenty_an_hour_is_no_emergency(world: World) -> None:
    for number in range(MOST_AN_HOUR):
        world.around.people[(next(iter(world.around.people))[0], f"q{number}")] = (
            f"{number:02d}" * 16,
        )
        await world.open(patient=f"q{number}")
    body = {"holder": "noto", "patient": "p1", "reason": "life", "text": "x"}
    assert (await world.ask("POST", "/overrides", "doctor", body)).status_code == 429
    await world.open("colleague")
    world.clock.advance(HOUR)
    await world.open()


async def test_a_second_person_of_the_region_agrees_by_the_code(world: World) -> None:
    told = await world.open()
    path = f"/overrides/{told['id']}/agree"
    yes = {"restricted": True}
    for token in ("doctor", "far"):
        assert (await world.ask("POST", path, token, yes)).status_code == 403
    assert (await world.ask("POST", path, "colleague", {"restricted": False})).status_code == 400
    assert (await world.ask("POST", path, "colleague", {})).status_code == 422
    waiting = f"/overrides/waiting/{told['code'].lower()}"
    assert (await world.ask("GET", waiting, "far")).status_code == 404
    shown = (await world.ask("GET", waiting, "colleague")).json()
    assert shown["id"] == told["id"]
    assert not {"patient", "person", "holder"} & set(shown)
    (before,) = [one for one in await feed(world) if one.kind == "override"]
    assert "second" not in before.body
    assert (await world.ask("POST", path, "colleague", yes)).json()["restricted"] is True
    assert (await world.ask("POST", path, "colleague", yes)).status_code == 409
    (mine,) = await world.mine()
    assert mine["restricted"] is True
    wider = (await world.leaves())[0]
    begun = [one for one in await world.leaves() if codes(one) == ["110127"]]
    assert len(begun) == 2
    assert wider["agent"][2]["policy"] != begun[-1]["agent"][2]["policy"]
    assert "second-person" in begun[0]["agent"][2]["policy"][0]
    await asyncio.sleep(0.1)
    assert (await feed(world))[-1].body["second"] == "doctor-2"


async def test_only_who_opened_it_stops_it(world: World) -> None:
    told = await world.open()
    path = f"/overrides/{told['id']}/stop"
    assert (await world.ask("POST", path, "colleague")).status_code == 403
    assert (await world.ask("POST", "/overrides/nothing/stop", "doctor")).status_code == 404
    first = await world.ask("POST", path, "doctor")
    world.clock.advance(HOUR / 2)
    again = await world.ask("POST", path, "doctor")
    assert again.json() == first.json()
    assert len([one for one in await world.leaves() if codes(one) == ["110138"]]) == 1


async def test_without_the_region_nothing_is_opened(world: World) -> None:
    world.around.down = True
    body = {"holder": "noto", "patient": "p1", "reason": "life", "text": "x"}
    assert (await world.ask("POST", "/overrides", "doctor", body)).status_code == 503
    world.around.down = False
    assert await world.mine() == []


async def test_another_process_knows_all_of_it(world: World) -> None:
    told = await world.open()
    await asyncio.sleep(0.1)
    other = Ledger(world.store)
    assert set(await other.caught_up()) == {told["id"]}
    await world.ask("POST", f"/overrides/{told['id']}/stop", "doctor")
    await asyncio.sleep(0.1)
    assert (await other.caught_up())[told["id"]].stopped_at is not None
    elsewhere = replace(world.book, ledger=other)
    assert isinstance(elsewhere, Book)


async def test_what_lies_there_is_sealed(world: World) -> None:
    await world.open(text="persimmon-allergy")
    async with world.store.engine.connect() as connection:
        for table in ("resource_version", "audit_leaf"):
            rows = await connection.exec_driver_sql(f"SELECT * FROM {table}")
            held = str(rows.all())
            assert "persimmon" not in held
            assert "doctor-1" not in held
