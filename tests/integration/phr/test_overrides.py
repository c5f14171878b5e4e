"""What a resident is told of an emergency override, at once, and what they can say to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.overrides.override import (
    Delay,
    Override,
    Review,
    SafetyGround,
    Second,
    stopped,
)

if TYPE_CHECKING:
    from tests.integration.phr.world import World

pytestmark = pytest.mark.anyio

EVENTS: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}


def opened(world: World, id_: str = "o1", **over: Any) -> Override:
    """Let the consent service hold one that has just been opened."""
    world.consent.events = dict(EVENTS)
    now = world.clock.now()
    whole: dict[str, Any] = {
        "id": id_,
        "version": 1,
        "person": "p",
        "holder": "noto",
        "patient": "x",
        "subject": "doctor-1",
        "display": "北村 隆",
        "organization": "urn:tasuki:institution|1719900011",
        "region": "noto",
        "reason": BreakGlassReason.LIFE,
        "text": "意識がなく、家族に連絡がつかない。",
        "opened_at": now,
        "ends_at": now + timedelta(hours=1),
    }
    one = Override(**{**whole, **over})
    world.consent.overrides[id_] = one
    return one


async def test_it_is_told_at_once_and_stays_unread_until_they_say_so(world: World) -> None:
    opened(world)
    home = await world.get("/")
    assert "あなたの記録が緊急閲覧で開かれました" in home.text
    assert "1 件" in home.text
    for _ in range(2):  # opening the page alone is not reading
        page = await world.get("/looked")
        for words in (
            "北村 隆",
            "能登医療圏",
            "生命・身体の危険",
            "意識がなく、家族に連絡がつかない。",
            "2026年4月1日 12:00",
            "開いていません",
            "いま開いています",
            "未確認",
        ):
            assert words in page.text, words
        assert page.text.index("緊急閲覧のお知らせ") < page.text.index("新しい順です")
    done = await world.post("/looked/overrides/o1/seen")
    assert (done.status, done.answer.headers["location"]) == (303, "/phr/looked?done=seen")
    page = await world.get("/looked?done=seen")
    assert "未確認" not in page.text
    assert "確認を記録しました" in page.text
    assert "緊急閲覧で開かれました" not in (await world.get("/")).text


async def test_restricted_records_and_the_end_are_said(world: World) -> None:
    one = opened(world, second=Second(subject="doctor-2", at=world.clock.now()))
    ended = stopped(one, by="doctor-1", at=world.clock.now() + timedelta(minutes=12))
    world.consent.overrides["o1"] = ended
    page = await world.get("/looked")
    assert "開けるようにしました" in page.text
    assert "2026年4月1日 12:12 まで" in page.text
    assert "いま開いています" not in page.text
    english = await world.get("/looked?lang=en")
    for words in ("a second person agreed", "Opened by", "awaited (within 72 hours)", "Noto"):
        assert words in english.text, words


async def test_what_is_put_off_is_told_later_with_its_ground(world: World) -> None:
    until = world.clock.now() + timedelta(minutes=10)
    delay = Delay(ground=SafetyGround.ACCOUNT_NOT_SAFE, text="hidden-words", until=until)
    opened(world, delay=delay)
    assert "緊急閲覧" not in (await world.get("/looked")).text
    assert "緊急閲覧" not in (await world.get("/")).text
    world.clock.advance(timedelta(minutes=10))
    assert "緊急閲覧で開かれました" in (await world.get("/")).text
    page = await world.get("/looked")
    assert "安全上の理由で遅らせました（2026年4月1日 12:10 から表示）" in page.text
    assert "ほかの人がこの画面を見るおそれ" in page.text
    assert "hidden-words" not in page.html


async def test_the_review_is_shown_with_its_words(world: World) -> None:
    at = world.clock.now()
    for id_, accepted in (("o1", True), ("o2", False)):
        review = Review(accepted=accepted, words=f"words-{id_}", by="officer-1", at=at)
        opened(world, id_, stopped_at=at, review=review)
    page = await world.get("/looked")
    for words in ("適切と認められました", "認められませんでした", "words-o1", "words-o2"):
        assert words in page.text
    assert "officer-1" not in page.html


async def test_they_object_in_their_own_words_once(world: World) -> None:
    opened(world)
    form = await world.get("/looked/overrides/o1/dispute")
    assert form.status == 200
    assert "意識がなく" in form.text
    wrong = await world.post("/looked/overrides/o1/dispute", text=" ")
    assert wrong.status == 422
    assert "どこが問題だったかを書いてください" in wrong.text
    long = await world.post("/looked/overrides/o1/dispute", text="長" * 1_001)
    assert long.status == 422
    sent = await world.post("/looked/overrides/o1/dispute", text="意識はありました。")
    assert (sent.status, sent.answer.headers["location"]) == (303, "/phr/looked?done=disputed")
    page = await world.get("/looked")
    assert "意識はありました。" in page.text
    assert "異議を申し立てる" not in page.text
    assert "未確認" not in page.text  # who objects has read it


async def test_words_that_did_not_arrive_are_not_lost(world: World) -> None:
    opened(world)
    world.consent.lost = True
    page = await world.post("/looked/overrides/o1/dispute", text="意識はありました。")
    assert page.status == 503
    assert "意識はありました。" in page.text
    assert "確かめられません" in page.text


async def test_a_form_of_nobody_does_nothing(world: World) -> None:
    opened(world)
    world.csrf = "guessed"
    for path in ("seen", "dispute"):
        assert (await world.post(f"/looked/overrides/o1/{path}", text="x")).status == 403
    world.browser.cookies.clear()
    assert (await world.get("/looked/overrides/o1/dispute")).status == 303
    assert world.consent.overrides["o1"].version == 1


@pytest.mark.parametrize("id_", ["..", "a%2Fb", "o9"])
async def test_no_such_override(world: World, id_: str) -> None:
    opened(world)
    page = await world.get(f"/looked/overrides/{id_}/dispute")
    assert page.status == 404
    assert world.consent.overrides["o1"].version == 1


async def test_without_an_answer_it_does_not_read_as_none(world: World) -> None:
    opened(world)
    world.consent.down = True
    home = await world.get("/")
    assert home.status == 200
    assert "緊急閲覧があったかどうかを、いま確かめられません" in home.text
    assert (await world.get("/looked")).status == 503


async def test_what_somebody_wrote_is_shown_as_words(world: World) -> None:
    opened(world, text="<i>leaning</i>", display="<script>")
    page = await world.get("/looked")
    assert "&lt;i&gt;leaning" in page.html
    assert "<script>" not in page.html
