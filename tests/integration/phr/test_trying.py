"""試してみる: what a choice would do, in front of a consent service that really decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tasuki.phr.pages.wishes import Wish, recorded
from tasuki.shared.fhir.json import parse

if TYPE_CHECKING:
    from tests.integration.phr.world import Page, World

pytestmark = pytest.mark.anyio

PSYCHIATRIC = "精神科・HIVなどの、特に慎重な扱いの記録"
SECTION = re.compile(r'<section class="tried(.*?)">(.*?)</section>', re.DOTALL)


def cards(page: Page) -> list[tuple[bool, str]]:
    """Return of each asker whether something changes, and the words."""
    return [
        ("changes" in kind, re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", words)))
        for kind, words in SECTION.findall(page.html)
    ]


async def test_it_shows_what_labels_do_as_things_are(world: World) -> None:
    page = await world.get("/sharing/try")
    assert page.status == 200
    care, across, shelter, urgent, agreed, *_ = cards(page)
    assert not any(changes for changes, _ in cards(page))
    assert "病名・氏名・連絡先・検査などその他の記録は、見えます" in care[1]
    masked = "アレルギー・薬は、あることだけ伝わります。内容は伝わりません。"
    assert masked in care[1].partition(PSYCHIATRIC)[2]
    assert "病名・検査などその他の記録は、見えません" in care[1].partition(PSYCHIATRIC)[2]
    assert "別の地域の医師" in across[1]
    assert "見られません" in across[1]
    assert masked in shelter[1].partition(PSYCHIATRIC)[2]
    assert masked in urgent[1].partition(PSYCHIATRIC)[2]
    assert "アレルギー・薬・病名は、見えます" in agreed[1].partition(PSYCHIATRIC)[2]


async def test_a_choice_is_shown_and_not_made(world: World) -> None:
    now = await world.get("/sharing/try")
    page = await world.get("/sharing/try?choice=withhold")
    first = cards(page)[:5]
    assert [changes for changes, _ in first] == [False, False, True, False, False]
    assert "見られません" in first[2][1]
    opted = cards(await world.get("/sharing/try?choice=opt-in"))[:5]
    assert [changes for changes, _ in opted] == [True, True, False, True, True]
    assert (
        "アレルギー・薬・病名・検査などその他の記録は、見えます"
        in (
            opted[1][1].partition(PSYCHIATRIC)[2]  # agreeing without exceptions opens these too
        )
    )
    assert world.consent.consents == {}
    assert all(
        one.method == "GET" or one.url.path == "/consent/decide" for one in world.consent.asked
    )
    assert cards(now) == cards(await world.get("/sharing/try"))


async def test_what_is_offered_is_what_would_change_something(world: World) -> None:
    world.consent.keep(recorded(Wish.WITHHOLD, world.patient, world.clock.now()))
    page = await world.get("/sharing/try?choice=permit-again")
    assert [
        link.rpartition("=")[2] for link in page.links if "lang" not in link and "choice=" in link
    ] == [
        "as-is",
        "permit-again",
        "opt-in",
    ]
    assert [changes for changes, _ in cards(page)[:5]] == [False, False, True, False, False]
    supposed = [parse(one.content) for one in world.consent.asked if one.method == "POST"]
    assert {one["supposed"][0]["status"] for one in supposed if one.get("supposed")} == {"inactive"}


async def test_without_an_answer_it_says_so(world: World) -> None:
    world.consent.down = True
    page = await world.get("/sharing/try?choice=withhold")
    assert page.status == 503
    assert "同意のサービスがいまつながりません" in page.text
    assert cards(page) == []


async def test_there_are_no_other_choices(world: World) -> None:
    assert (await world.get("/sharing/try?choice=sell")).status == 400


async def test_it_is_there_in_english(world: World) -> None:
    page = await world.get("/sharing/try?lang=en")
    assert "Only that there are some is said, not what: allergies, medicines." in page.text
