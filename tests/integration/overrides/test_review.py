"""The privacy officer's pages: what waits, what was found, the figures; and nobody else gets in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.ehr.test_pages import Outline
from tests.integration.overrides.test_told import use
from tests.integration.overrides.world import BASE

from tasuki.consent.review_words import WORDS
from tasuki.shared.access.principal import Role
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.web.words import COMMON

if TYPE_CHECKING:
    from tests.integration.overrides.world import World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


def assert_is_a_good_page(page: str) -> None:
    outline = Outline(page)
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(outline.all("h1")) == 1
    assert outline.all("script") == []
    assert not any("style" in attributes for _, attributes in outline.tags)
    labelled = {attributes.get("for") for attributes in outline.all("label")}
    for field in (*outline.all("input"), *outline.all("textarea")):
        assert field.get("type") in ("hidden", "radio") or field["id"] in labelled
    for _, attributes in outline.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


async def over(world: World, by: str = "doctor", **draft: object) -> str:
    """Return the id of an override whose time is up."""
    told = await world.open(by, **draft)
    world.clock.advance(HOUR)
    await world.book.end_old()
    return str(told["id"])


async def test_what_waits_is_oldest_first_and_late_is_late(world: World) -> None:
    first = await over(world, text="first-words")
    world.clock.advance(71 * HOUR)
    delay = {"ground": "harm-to-other", "text": "reason-of-delay", "hours": 168}
    second = await over(world, "colleague", text="second-words", reason="family", delay=delay)
    await world.ask("POST", f"/overrides/{second}/agree", "doctor", {"restricted": True})
    await world.ask("POST", f"/overrides/{first}/dispute", "resident", {"text": "I was awake."})
    await world.open(patient="p2", text="open-words")
    await world.sign_in()
    page = await world.page()
    assert_is_a_good_page(page)
    assert page.index("first-words") < page.index("second-words")
    assert "open-words" not in page
    assert "いま開いている緊急閲覧が 1 件" in page
    assert "期限を過ぎたものが 1 件" in page
    assert page.count('class="tag bad">期限切れ') == 1
    assert "I was awake." in page
    assert "reason-of-delay" in page
    assert "能登北部" in page
    assert "家族の求め" in page


async def test_it_is_accepted_or_not_with_words_the_person_reads(world: World) -> None:
    one, other = await over(world), await over(world, "colleague")
    await world.sign_in()
    answer = await world.reviewed(one, "accepted", "救急搬送で必要だった。")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/consent/overrides/?done={one}",
    )
    world.clock.advance(timedelta(minutes=1))
    assert (await world.reviewed(other, "not-accepted", "理由が足りない。")).status_code == 303
    told = {mine["id"]: mine for mine in await world.mine()}
    assert told[one]["state"] == "accepted"
    assert told[one]["review"]["words"] == "救急搬送で必要だった。"
    assert told[other]["state"] == "not-accepted"
    assert "officer-1" not in str(told)
    assert "点検を待つものはありません" in await world.page("/?done=1")
    decided = await world.page("/decided")
    assert_is_a_good_page(decided)
    assert decided.index("理由が足りない。") < decided.index("救急搬送で必要だった。")
    case = next(
        leaf for leaf in await world.leaves() if leaf["agent"][2]["role"][0]["text"] == "privacy"
    )
    assert case["agent"][2]["who"] == {"identifier": {"value": "officer-1"}}


async def test_what_was_looked_at_is_shown_by_kind_and_place(world: World) -> None:
    one = await over(world)
    used = use(world, one)
    world.around.looked = [
        replace(used, entities=("Patient/p1", "Condition"), query=None),
        replace(used, action=Action.SEARCH, query="AllergyIntolerance?patient=planted-name"),
        replace(used, outcome=Outcome.DENIED, action=Action.DENIED, entities=("Observation",)),
        replace(used, basis="everyday-within|policy/noto/everyday_within", entities=("Procedure",)),
        use(world, "another"),
    ]
    await world.sign_in()
    assert f"/consent/overrides/{one}" in await world.page()
    page = await world.page(f"/{one}")
    assert_is_a_good_page(page)
    text = re.sub(r"<[^>]+>", " ", page)
    for words in ("病名", "アレルギー", "検査・測定", "開かなかった", "能登北部", "まとめて見る"):
        assert words in text, words
    assert "処置" not in text
    assert "planted-name" not in page
    assert text.count("まとめて見る") == 1
    (case, *_) = await world.leaves()
    assert case["agent"][2]["role"][0]["text"] == "privacy"
    world.around.down = True
    silent = await world.page(f"/{one}?lang=en")
    assert "did not answer" in silent
    assert "North Noto" in silent
    answer = await world.http.get(f"{BASE}/overrides/nothing")
    assert answer.status_code == 404


async def test_a_dispute_brings_it_back(world: World) -> None:
    one = await over(world)
    await world.sign_in()
    await world.reviewed(one)
    world.clock.advance(HOUR)
    await world.ask("POST", f"/overrides/{one}/dispute", "resident", {"text": "いいえ"})
    await world.sign_in()
    page = await world.page()
    assert "いいえ" in page
    assert "必要だった。" in page  # what was found before
    world.clock.advance(timedelta(minutes=1))
    await world.reviewed(one, "not-accepted", "本人の言うとおり。")
    (mine,) = await world.mine()
    assert mine["state"] == "not-accepted"


@pytest.mark.parametrize(
    ("answer", "words", "said"),
    [
        ("", "words", "「認める」か「認めない」を選んでください"),
        ("maybe", "words", "「認める」か「認めない」を選んでください"),
        ("accepted", " ", "点検の結果を書いてください"),
        ("accepted", "x" * 1_001, "点検の結果を書いてください"),
    ],
)
async def test_what_is_missing_is_said_and_nothing_is_lost(
    world: World, answer: str, words: str, said: str
) -> None:
    one = await over(world)
    await world.sign_in()
    page = await world.reviewed(one, answer, words)
    assert page.status_code == 422
    assert said in page.text
    assert words.strip()[:1_000] in page.text
    assert_is_a_good_page(page.text)
    assert (await world.mine())[0]["state"] == "pending"


async def test_what_is_open_or_decided_is_not_reviewed(world: World) -> None:
    told = await world.open()
    await world.sign_in()
    assert (await world.reviewed(told["id"])).status_code == 409
    assert (await world.reviewed("nothing")).status_code == 404
    world.clock.advance(HOUR)
    await world.sign_in()
    assert (await world.reviewed(told["id"])).status_code == 303
    assert (await world.reviewed(told["id"])).status_code == 409


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY])
async def test_nobody_else_gets_in(world: World, role: Role) -> None:
    one = await over(world, text="secret-words")
    await world.sign_in(role)
    for path in ("/", "/decided", "/figures", f"/{one}"):
        answer = await world.http.get(f"{BASE}/overrides{path}")
        assert answer.status_code == 403
        assert "secret-words" not in answer.text
    assert (await world.reviewed(one)).status_code == 403


async def test_without_a_session_or_its_form_nothing_is_done(world: World) -> None:
    one = await over(world)
    bare = await world.http.get(f"{BASE}/overrides")
    assert (bare.status_code, bare.headers["location"]) == (303, "/consent/overrides/")
    for path in ("/", "/decided", "/figures", f"/{one}"):
        answer = await world.http.get(f"{BASE}/overrides{path}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/consent/overrides/sign-in")
    away = await world.http.get(f"{BASE}/overrides/sign-in")
    assert away.headers["location"].startswith("https://consent.test/auth/authorize?")
    assert (await world.reviewed(one)).status_code == 303
    await world.sign_in()
    world.csrf = "guessed"
    assert (await world.reviewed(one)).status_code == 403
    assert (await world.mine())[0]["state"] == "pending"


async def test_the_figures(world: World) -> None:
    one = await over(world)
    await over(world, "colleague", reason="law")
    world.clock.advance(HOUR)
    await world.sign_in()
    await world.reviewed(one)
    page = await world.page("/figures")
    assert_is_a_good_page(page)
    cells = re.sub(r"<[^>]+>", " ", page)
    assert "3.0 時間" in cells
    for words in ("生命・身体の危険", "法令の定め", "認めた", "点検待ち", "能登北部"):
        assert words in cells
    world.clock.advance(timedelta(days=31))
    await world.sign_in()
    assert "生命・身体の危険" not in await world.page("/figures")
    everything = await world.page("/figures?days=0&lang=en")
    assert "life or body at stake" in everything
    assert "to review, overdue" in everything


async def test_many_come_in_pages_and_none_is_lost(world: World) -> None:
    for number in range(21):
        world.around.people[("https://consent.test/ehr/noto/fhir", f"q{number}")] = (
            f"{number:02d}" * 16,
        )
        by = "doctor" if number % 2 else "colleague"
        await world.open(by, patient=f"q{number}", text=f"said-{number:02d}")
        world.clock.advance(timedelta(minutes=1))
    world.clock.advance(HOUR)
    await world.sign_in()
    pages = [await world.page("/"), await world.page("/?page=2")]
    found = [re.findall(r"said-\d\d", page) for page in pages]
    assert [len(one) for one in found] == [20, 1]
    assert [*found[0], *found[1]] == [f"said-{number:02d}" for number in range(21)]
    assert max(len(page.encode()) for page in pages) <= 100_000
    last = (await world.book.ledger.caught_up()).values()
    newest = max(last, key=lambda one: one.opened_at)
    wrong = await world.reviewed(newest.id, "accepted", "")
    assert "said-20" in wrong.text  # the page the form stands on


async def test_what_was_written_is_shown_as_words(world: World) -> None:
    one = await over(world, text="<b>bold</b>\u202ereversed")
    await world.ask("POST", f"/overrides/{one}/dispute", "resident", {"text": "<script>x</script>"})
    await world.sign_in()
    page = await world.page()
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<script>" not in page
    assert "\u202e" not in page


def test_the_words_are_there_in_both_languages() -> None:
    assert [key for key, pair in WORDS.items() if not all(pair) or key in COMMON] == []
