"""見せる相手, in front of a consent service that really decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasuki.phr.pages.wishes import Wish, recorded
from tasuki.shared.fhir.json import parse

if TYPE_CHECKING:
    from tests.integration.phr.world import Page, World

pytestmark = pytest.mark.anyio


def buttons(page: Page) -> list[str]:
    return page.fields.get("action", [])


async def test_without_an_answer_it_says_so_and_shows_no_button(world: World) -> None:
    world.consent.down = True
    page = await world.get("/sharing")
    assert page.status == 503
    assert "同意のサービスがいまつながりません" in page.text
    assert buttons(page) == []


@pytest.mark.parametrize("action", ["withhold", "permit-again", "opt-in", "withdraw"])
async def test_without_an_answer_nothing_is_changed(world: World, action: str) -> None:
    world.consent.down = True
    page = await world.post("/sharing", action=action)
    assert page.status == 503
    assert "変えていません" in page.text
    assert all(one.method == "GET" or "decide" in str(one.url) for one in world.consent.asked)


@pytest.mark.parametrize("status", [401, 403, 409, 412, 422, 503])
async def test_a_change_that_is_refused_is_not_claimed(world: World, status: int) -> None:
    world.consent.refused = status
    page = await world.post("/sharing", action="withhold")
    assert page.status == status
    assert "記録しました" not in page.text
    assert world.consent.consents == {}


async def test_a_lost_answer_is_said_to_be_unknown(world: World) -> None:
    world.consent.lost = True
    page = await world.post("/sharing", action="withhold")
    assert "変わったかどうか分かりません" in page.text
    world.consent.lost = False
    assert buttons(await world.get("/sharing")) == ["permit-again", "opt-in"]


async def test_a_part_of_a_withdrawal_is_not_claimed_whole(world: World) -> None:
    for _ in range(2):
        world.consent.keep(recorded(Wish.OPT_IN, world.patient, world.clock.now()))
    world.consent.changed_meanwhile = "c2"
    page = await world.post("/sharing", action="withdraw")
    assert [one["status"] for one in world.consent.consents.values()] == ["inactive", "active"]
    assert "変わったかどうか分かりません" in page.text


async def test_an_unknown_button_is_refused(world: World) -> None:
    assert (await world.post("/sharing", action="sell")).status == 400
    assert world.consent.asked == []


async def test_withholding_and_back_with_before_and_after(world: World) -> None:
    first = await world.get("/sharing")
    assert buttons(first) == ["withhold", "opt-in"]
    assert first.html.count(">見られます<") == 2  # the nurse, of either region
    page = await world.post("/sharing", action="withhold")
    assert "「避難所には見せない」と記録しました" in page.text
    assert "変える前" in page.text
    assert "ご本人が閲覧を断っています" in page.text
    assert page.html.count(">見られます<") == 2  # before
    assert buttons(page) == ["permit-again", "opt-in"]
    (consent,) = world.consent.consents.values()
    assert consent["patient"] == {"reference": world.patient}
    again = await world.post("/sharing", action="withhold")
    assert again.status == 200
    assert len(world.consent.consents) == 1
    back = await world.post("/sharing", action="permit-again")
    assert buttons(back) == ["withhold", "opt-in"]
    assert {one["status"] for one in world.consent.consents.values()} == {"inactive"}


async def test_opting_in_and_out(world: World) -> None:
    page = await world.post("/sharing", action="opt-in")
    assert buttons(page) == ["withhold", "withdraw"]
    assert "いま: 認めています" in page.text
    page = await world.post("/sharing", action="withdraw")
    assert "いま: 認めていません" in page.text
    assert "ご本人の同意が必要です" in page.text


async def test_the_resident_is_asked_about_where_they_live(world: World) -> None:
    await world.get("/sharing")
    questions = [parse(one.content) for one in world.consent.asked if one.method == "POST"]
    nurse = [one for one in questions if one["role"] == "nurse"]
    assert {one["municipality"] for one in nurse} == {"172049"}
    assert {one["holder_region"] for one in nurse} == {"noto", "kaga"}
    assert all(
        one["actor_region"] != one["holder_region"]
        for one in questions
        if one["role"] == "clinician"
    )


async def test_finer_wishes_are_counted(world: World) -> None:
    fine = recorded(Wish.WITHHOLD, world.patient, world.clock.now())
    types = [{"system": "http://hl7.org/fhir/resource-types", "code": "Condition"}]
    fine["provision"] = {**fine["provision"], "class": types}
    world.consent.keep(fine)
    page = await world.get("/sharing?lang=en")
    assert "There are 1 further wishes" in page.text
    assert "Now: you have not said no" in page.text
