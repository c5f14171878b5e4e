"""What of an override the services and the person are told: the feed, who looked, the objection, the delay."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.overrides.world import HANAKO, LOG, OTHER, codes, feed

from tasuki.shared.audit.events import AuditRecord, Outcome
from tasuki.shared.audit.proof_bundle import note_of
from tasuki.shared.audit.shapes import Action

if TYPE_CHECKING:
    import httpx2
    from tests.integration.overrides.world import World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


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


async def test_a_reader_who_begins_anew_learns_of_what_is_over_its_id_alone(world: World) -> None:
    """The versions from when it was open came with who opened it, and why, for ever."""
    told = await world.open()
    await world.ask("POST", f"/overrides/{told['id']}/stop", "doctor")
    await world.store.stamper.stamp_all()
    closed = {"form": "tasuki-override/1", "id": told["id"], "closed": True}
    assert [one.body for one in await feed(world)] == [closed, closed]


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


async def test_no_head_is_told_of_a_log_that_holds_nothing_but_what_is_told_later(
    world: World,
) -> None:
    """With proofs, the region's signed head came without an event of that region."""
    delay = {"ground": "account-not-safe", "text": "同居人が見る", "hours": 24}
    hidden, other = await world.open(delay=delay), await world.open("colleague")
    for looked, told in (([hidden], False), ([hidden, other], True)):
        world.around.looked = [use(world, one["id"]) for one in looked]
        answer = await world.ask(
            "GET", "/fhir/AuditEvent?patient=Patient/me&_proof=true", "resident"
        )
        assert answer.status_code == 200, answer.text
        notes = [note_of(one) or "" for one in answer.json()["entry"]]
        assert any(note.startswith(LOG) for note in notes) is told
        assert (LOG in answer.text) is told


async def test_what_the_service_itself_did_for_an_override_is_told_with_it(world: World) -> None:
    """That it had asked the region who this is stood in the list at once, and is done for nothing else."""
    delay = {"ground": "account-not-safe", "text": "同居人が見る", "hours": 24}
    hidden = await world.open(delay=delay)
    looked = use(world, hidden["id"])
    asked = replace(
        looked,
        actor="consent",
        actor_role="service",
        basis="policy/replication",
        request_id=world.around.requests[-1],
    )
    # Anybody may choose the id of their own request, and would not be told of.
    doctor = replace(asked, actor="doctor-1", actor_role="clinician")
    world.around.looked = [asked, doctor, replace(asked, request_id="another")]
    before, bases, _ = await who_looked(world)
    assert bases.count("policy/replication") == 2
    world.clock.advance(timedelta(hours=24))
    after, bases, _ = await who_looked(world)
    assert bases.count("policy/replication") == 3
    assert after > before


async def test_who_was_sought_for_an_override_that_is_told_later_is_told_it_later(
    world: World,
) -> None:
    """ "Sought for an emergency override" stood in the list, with who sought, while telling was put off."""
    delay = {"ground": "account-not-safe", "text": "同居人が見る", "hours": 24}
    sought = replace(use(world, "x"), action=Action.MATCH, basis="override-sought", purpose="TREAT")
    world.clock.advance(timedelta(minutes=5))
    hidden = await world.open(delay=delay)
    told = (
        replace(sought, actor="doctor-2"),
        replace(sought, at=sought.at - timedelta(hours=2)),
        replace(sought, basis="no-match"),
    )
    world.around.looked = [sought, use(world, hidden["id"]), *told]
    _, bases, answer = await who_looked(world)
    assert bases.count("override-sought") == 2
    assert bases.count("no-match") == 1
    assert answer.json()["total"] == len(answer.json()["entry"])
    world.clock.advance(timedelta(hours=24))
    _, bases, _ = await who_looked(world)
    assert bases.count("override-sought") == 3
