"""誰が見たか, from what the consent service answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.phr.deciding import AT
from tests.unit.phr.test_looked import NURSE

from tasuki.shared.audit.events import to_audit_event
from tasuki.shared.fhir.outcome import warning

if TYPE_CHECKING:
    from tests.integration.phr.world import World

pytestmark = pytest.mark.anyio


def told(world: World, looks: int, own: int = 0, *, silent: bool = False) -> None:
    mine = replace(NURSE, actor="account-1", actor_role="resident", basis="policy/own-record")
    events = [
        to_audit_event(replace(one, at=AT - timedelta(minutes=number)))
        for number, one in enumerate([NURSE] * looks + [mine] * own)
    ]
    entries = [{"resource": event} for event in events]
    if silent:
        entries.append({"resource": warning("did not answer: Noto region / 能登医療圏")})
    world.consent.events = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(events),
        "entry": entries,
    }


async def test_without_an_answer_no_empty_list_is_shown(world: World) -> None:
    world.consent.down = True
    page = await world.get("/looked")
    assert page.status == 503
    assert "誰が見たかを出せません" in page.text
    assert "記録はありません" not in page.text


async def test_who_did_not_answer_is_named(world: World) -> None:
    told(world, 0, silent=True)
    page = await world.get("/looked")
    assert "返事がないところがあります" in page.text
    assert "Noto region / 能登医療圏" in page.text


async def test_fifty_on_a_page_newest_first_and_small(world: World) -> None:
    told(world, 120)
    pages = [await world.get(f"/looked?page={number}") for number in (1, 2, 3, 4)]
    assert [page.html.count("<dl") for page in pages] == [50, 50, 20, 0]
    assert "120件" in pages[0].text
    assert pages[0].text.index("12:00") < pages[0].text.index("11:59")
    assert max(len(page.answer.content) for page in pages) <= 100_000


async def test_own_visits_are_left_out_but_counted(world: World) -> None:
    told(world, 1, own=3)
    page = await world.get("/looked")
    assert page.html.count("<dl") == 1
    assert "ご自分の操作 3 件は出していません" in page.text
    everything = await world.get("/looked?own=1")
    assert everything.html.count("<dl") == 4


async def test_what_the_answer_lacks_is_said(world: World) -> None:
    told(world, 2)
    world.consent.events["total"] = 12
    assert "古い記録 10 件は" in (await world.get("/looked")).text


async def test_the_disaster_in_both_languages(world: World) -> None:
    told(world, 1)
    page = await world.get("/looked")
    for words in ("2026年4月1日 12:00", "避難所デスク", "輪島市", "災害時の医療", "アレルギー"):
        assert words in page.text
    english = await world.get("/looked?lang=en")
    for words in ("1 Apr 2026 12:00", "shelter desk", "Disaster care", "allergies", "Permitted"):
        assert words in english.text


async def test_the_file_is_a_collection_with_each_head_once(world: World) -> None:
    told(world, 2, silent=True)
    head = {"resource": {"resourceType": "Binary", "contentType": "text/plain", "data": "AAAA"}}
    world.consent.events["entry"] += [{**head, "search": {"mode": "include"}}] * 2
    world.consent.events["total"] = 5
    answer = (await world.get("/looked/file")).answer
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    file = answer.json()
    assert (file["type"], "total" in file) == ("collection", False)
    kinds = [entry["resource"]["resourceType"] for entry in file["entry"]]
    assert kinds == ["AuditEvent"] * 2 + ["OperationOutcome", "Binary", "OperationOutcome"]
    assert not any("search" in entry for entry in file["entry"])
    assert "3" in json.dumps(file["entry"][-1]), "how many are not in it"
    assert "/looked/file" in (await world.get("/looked")).html


async def test_without_an_answer_there_is_no_file(world: World) -> None:
    world.consent.down = True
    page = await world.get("/looked/file")
    assert page.status == 503
    assert "誰が見たかを出せません" in page.text
