"""An override over HTTP: opened, agreed to, used up, told, disputed; and everybody else refused."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.overrides.world import HANAKO, OTHER, who

from tasuki.consent.feed import read_page
from tasuki.consent.overrides.book import MOST_AN_HOUR, Book
from tasuki.consent.overrides.ledger import Ledger
from tasuki.shared.access.principal import Role
from tasuki.shared.audit.events import AuditRecord, Outcome
from tasuki.shared.audit.shapes import Action

if TYPE_CHECKING:
    import httpx2
    from tests.integration.overrides.world import World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


def codes(event: dict[str, Any]) -> list[str]:
    return [one["code"] for one in event["subtype"]]


def purpose(event: dict[str, Any]) -> str:
    return str(event["purposeOfEvent"][0]["coding"][0]["code"])


async def feed(world: World, kinds: str = "consent,declaration,override") -> list[Any]:
    for _ in range(100):  # until the stamper has numbered what was just written
        answer = await world.ask("GET", f"/fhir/$feed?since=0&kinds={kinds}", "service")
        assert answer.status_code == 200, answer.text
        page = read_page(answer.content)
        if page.entries or kinds != "consent,declaration,override":
            return list(page.entries)
        await asyncio.sleep(0.02)
    return []


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


async def test_the_feed_tells_what_is_needed_and_to_who_asks_for_it(world: World) -> None:
    told = await world.open()
    (entry,) = await feed(world)
    assert (entry.kind, entry.person) == ("override", (HANAKO,))
    assert set(entry.body) == {
        *("form", "id", "subject", "reason", "text", "opened_at", "ends_at"),
    }
    assert await feed(world, "consent,declaration") == []
    await world.ask("POST", f"/overrides/{told['id']}/stop", "doctor")
    await asyncio.sleep(0.1)
    assert (await feed(world))[-1].body == {
        "form": "tasuki-override/1",
        "id": told["id"],
        "closed": True,
    }
    for kinds in ("override", "consent", "consent,declaration,override,x", ""):
        answer = await world.ask("GET", f"/fhir/$feed?since=0&kinds={kinds}", "service")
        assert answer.status_code == 400, kinds


async def test_who_looked_before_they_came_is_told_to_them_and_to_nobody_else(
    world: World,
) -> None:
    told = await world.open()
    await world.open(patient="p2")
    await world.mine()
    total, bases, _ = await who_looked(world)
    assert len([one for one in bases if "override/" in one]) == 1
    assert f"override/{told['id']}|reason/life" in bases
    assert total >= 1
    other = await world.ask("GET", "/fhir/AuditEvent?patient=Patient/other", "neighbour")
    assert told["id"] not in other.text


async def test_somebody_who_is_in_no_phr_is_known_when_they_come(world: World) -> None:
    del world.around.people[("https://consent.test/phr/fhir", "me")]
    told = await world.open()
    world.around.people[("https://consent.test/phr/fhir", "me")] = (HANAKO,)
    (mine,) = await world.mine()
    assert mine["id"] == told["id"]


async def test_what_changes_in_the_phr_is_told_again(world: World) -> None:
    """A new insurer makes new tokens: services that knew nobody by them must hear of it."""
    await world.mine()
    told = await world.open()
    world.around.people[("https://consent.test/phr/fhir", "me")] = (HANAKO, OTHER)
    await world.mine()
    await asyncio.sleep(0.1)
    assert (await feed(world))[-1].person == (HANAKO, OTHER)
    assert (await feed(world))[-1].body["id"] == told["id"]


async def test_read_and_disputed_by_the_person_alone(world: World) -> None:
    told = await world.open()
    seen, dispute = (f"/overrides/{told['id']}/{step}" for step in ("seen", "dispute"))
    words = {"text": "意識はあった。"}
    world.verifier.known["neighbour"] = replace(
        world.verifier.known["neighbour"], scopes=world.verifier.known["resident"].scopes
    )
    for token in ("neighbour", "doctor", "service"):
        for path, body in ((seen, None), (dispute, words)):
            answer = await world.ask("POST", path, token, body)
            assert answer.status_code in (403, 404), f"{token} {path}"
    (mine,) = await world.mine()
    assert mine["read"] is False
    assert (await world.ask("POST", seen, "resident")).json()["read"] is True
    assert (await world.ask("POST", dispute, "resident", {"text": " "})).status_code == 422
    assert (await world.ask("POST", dispute, "resident", words)).status_code == 200
    assert (await world.ask("POST", dispute, "resident", words)).status_code == 409
    (mine,) = await world.mine()
    assert mine["dispute"]["text"] == "意識はあった。"
    cases = [one for one in await world.leaves() if codes(one) == ["operation"]]
    assert [one["agent"][2]["role"][0]["text"] for one in cases] == ["resident", "resident"]


async def test_an_app_that_may_only_read_may_not_object(world: World) -> None:
    told = await world.open(patient="p2")
    assert len(await world.mine("neighbour")) == 1
    answer = await world.ask("POST", f"/overrides/{told['id']}/seen", "neighbour")
    assert answer.status_code == 403


def use(world: World, id_: str) -> AuditRecord:
    """What the region's log says of a use."""
    return AuditRecord(
        action=Action.SUMMARY,
        outcome=Outcome.PERMITTED,
        at=world.clock.now(),
        service="ehr",
        region="noto",
        actor="doctor-1",
        client_id="viewer",
        basis=f"break-glass|policy/noto/break_glass|override/{id_}|reason/life",
        request_id="r1",
        purpose="BTG",
        patient="Patient/p1",
    )


async def who_looked(world: World) -> tuple[int, list[str], httpx2.Response]:
    answer = await world.ask("GET", "/fhir/AuditEvent?patient=Patient/me", "resident")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    events = [one["resource"] for one in found["entry"]]
    bases = [p for one in events for agent in one["agent"] for p in agent.get("policy", [])]
    return found["total"], bases, answer


async def test_told_later_on_a_recorded_ground_and_then_wholly(world: World) -> None:
    delay = {"ground": "account-not-safe", "text": "同居人が見る", "hours": 24}
    told = await world.open(delay=delay)
    other = await world.open("colleague")
    world.around.looked = [use(world, told["id"]), use(world, other["id"])]
    assert [one["id"] for one in await world.mine()] == [other["id"]]
    total, bases, answer = await who_looked(world)
    assert told["id"] not in answer.text
    assert "同居人" not in answer.text
    assert total == len(answer.json()["entry"])
    assert any(f"override/{other['id']}" in one for one in bases)
    for step, body in (("seen", None), ("dispute", {"text": "x"})):
        answer = await world.ask("POST", f"/overrides/{told['id']}/{step}", "resident", body)
        assert answer.status_code == 404
    world.clock.advance(timedelta(hours=24))
    both = await world.mine()
    assert {one["id"] for one in both} == {told["id"], other["id"]}
    (late,) = [one for one in both if "told_late" in one]
    assert late["told_late"] == {
        "ground": "account-not-safe",
        "until": "2026-01-06T00:00:00+00:00",
    }
    assert "同居人" not in json.dumps(both, ensure_ascii=False)
    assert late["read"] is False
    _, bases, _ = await who_looked(world)
    # Its beginning and its use.
    assert len([one for one in bases if f"override/{told['id']}" in one]) == 2


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
