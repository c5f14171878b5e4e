"""The clinician's way through an emergency override: offered, opened, shown, ended, agreed to.

The consent service is a stub that keeps real overrides by the real rules; its feed goes into the
region's real snapshot.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx2
import pytest
from tests.integration.ehr.test_pages import Outline, keep_hanako
from tests.integration.ehr.world import BASE, allergy, everything, patient, principal

from tasuki.consent.feed import ConsentFeedEntry, FeedPage, write_page
from tasuki.consent.overrides.grant import write_grant
from tasuki.consent.overrides.override import Override, agreed, stopped
from tasuki.shared.access.rulings import Ruling
from tasuki.shared.faults import Fault
from tasuki.shared.rest.outcome import STATUS

if TYPE_CHECKING:
    from tests.integration.ehr.world import World

    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.ehr.overriding import Outside, Overriding
    from tasuki.shared.clock import FixedClock

pytestmark = pytest.mark.anyio

FORM = {
    "reason": "life",
    "text": "意識がない",
    "minutes": "60",
    "confirmed": "yes",
    "ground": "",
    "delay_text": "",
    "hours": "24",
}
AT_LEAST = ("text", "minutes", "confirmed", "ground", "delay_text", "hours")


@dataclass
class Consent:
    """The consent service's door for clinicians."""

    clock: FixedClock
    snapshot: KeptSnapshot
    tokens: tuple[str, ...]
    held: dict[str, Override] = field(default_factory=dict)
    status: int | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    seq: int = 0

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = str(request.url.path).removeprefix("/consent/overrides")
        body = json.loads(request.content or b"{}")
        self.asked.append((path, body))
        if self.status is not None:
            return httpx2.Response(self.status)
        try:
            return await self._answered(path, body)
        except Fault as fault:
            return httpx2.Response(STATUS[fault.category])

    async def _answered(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        now = self.clock.now()
        if path.startswith("/waiting/"):
            found = [one for one in self.held.values() if one.code == path[-8:].upper()]
            if not found:
                return httpx2.Response(404)
            one = found[0]
            told = {"id": one.id, "by": "北村 隆", "reason": one.reason.value, "text": one.text}
            return httpx2.Response(200, json=told)
        if path.endswith("/stop"):
            one = stopped(self.held[path.split("/")[1]], by="doctor", at=now)
        elif path.endswith("/agree"):
            one = agreed(self.held[path.split("/")[1]], by="doctor", region="noto", at=now)
        else:
            one = Override(
                id=f"{len(self.held):08x}-0000",
                version=1,
                person="x",
                holder=body["holder"],
                patient=body["patient"],
                subject="doctor",
                region="noto",
                reason=body["reason"],
                text=body["text"],
                opened_at=now,
                ends_at=now + timedelta(minutes=body["minutes"]),
            )
        await self.keep(one)
        return httpx2.Response(200, json={"id": one.id})

    async def keep(self, one: Override) -> None:
        """Hold it, and let the feed tell of it."""
        self.held[one.id] = one
        self.seq += 1
        entry = ConsentFeedEntry(self.seq, "e1", "override", self.tokens, write_grant(one))
        page = write_page(FeedPage("e1", (entry,), self.seq, None))
        await self.snapshot.apply(page.encode(), self.clock.now())


@pytest.fixture
async def consent(world: World) -> Consent:
    await keep_hanako(world)
    async with world.store.unit() as unit:
        tokens = await unit.tokens_of_owner("p1")
    before: Overriding = world.app.state.overriding
    made = Consent(world.clock, before.snapshot, tokens)
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(made))
    near = cast("Outside", replace(world.app.state.elsewhere.near, http=client))
    world.app.state.overriding = replace(before, near=near, clock=world.clock)
    world.around.handles = [("kaga", "k1")]
    world.around.answers["kaga"] = 403
    return made


async def shown(world: World, path: str = "/patients/p1") -> httpx2.Response:
    return await world.http.get(f"{BASE}{path}")


async def sent(world: World, path: str, **form: str) -> httpx2.Response:
    return await world.http.post(f"{BASE}{path}", data={"csrf": world.csrf, **form})


def assert_is_a_good_page(page: str) -> None:
    outline = Outline(page)
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(outline.all("h1")) == 1
    assert outline.all("script") == []
    labelled = {attributes.get("for") for attributes in outline.all("label")}
    for kind in ("input", "textarea", "select"):
        for one in outline.all(kind):
            assert one.get("type") in ("hidden", "radio") or one["id"] in labelled
    for _, attributes in outline.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


async def test_where_something_is_withheld_the_way_is_shown(world: World, consent: Consent) -> None:
    page = (await shown(world)).text
    assert "開示されていません" in page
    assert 'href="/ehr/noto/patients/p1/override"' in page
    assert "緊急閲覧中" not in page
    world.around.answers["kaga"] = everything(patient("k1"))
    assert "/override" not in (await shown(world)).text
    assert consent.asked == []


async def test_a_record_refused_here_shows_the_way_too(world: World, consent: Consent) -> None:
    world.rules.rulings["p1"] = Ruling.refuse("refused/everyday-within")
    page = await shown(world)
    assert page.status_code == 403
    assert 'href="/ehr/noto/patients/p1/override"' in page.text
    world.rules.rulings["p1"] = Ruling.hide("role")
    assert "/override" not in (await shown(world)).text
    assert consent.asked == []


async def test_the_form_says_whom_and_what_it_means(world: World, consent: Consent) -> None:
    page = (await shown(world, "/patients/p1/override")).text
    assert_is_a_good_page(page)
    assert "能登 花子" in page
    assert "すぐに本人に知らされ" in page
    world.rules.rulings["p1"] = Ruling.refuse("refused/everyday-within")
    hidden = (await shown(world, "/patients/p1/override")).text
    assert "花子" not in hidden
    assert consent.asked == []


async def test_it_is_opened_used_and_ended(world: World, consent: Consent) -> None:
    answer = await sent(world, "/patients/p1/override", **FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ehr/noto/patients/p1")
    assert consent.asked == [
        (
            "",
            {
                "holder": "noto",
                "patient": "p1",
                "reason": "life",
                "text": "意識がない",
                "minutes": 60,
            },
        )
    ]
    assert ("doctor-token", "https://desk.test/consent/fhir", "tasuki/override") in (
        world.tokens.exchanged
    )
    world.around.answers["kaga"] = everything(patient("k1"), allergy("k2", "k1", "ペニシリン"))
    world.clock.advance(timedelta(minutes=7))
    page = (await shown(world)).text
    assert_is_a_good_page(page)
    for words in ("緊急閲覧中", "10:00 まで（あと 53 分）", "00000000", "ペニシリン"):
        assert words in page, words
    assert world.around.overrides[-1] == "00000000-0000"
    leaf = (await world.leaves("p1"))[0]
    assert leaf["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"
    stop = await sent(world, "/patients/p1/override/stop")
    assert stop.status_code == 303
    assert "緊急閲覧中" not in (await shown(world)).text
    assert world.around.overrides[-1] is None


async def test_it_is_over_when_its_time_is(world: World, consent: Consent) -> None:
    await sent(world, "/patients/p1/override", **{**FORM, "minutes": "15"})
    world.clock.advance(timedelta(minutes=14))
    assert "あと 1 分" in (await shown(world)).text
    world.clock.advance(timedelta(minutes=1))
    assert "緊急閲覧中" not in (await shown(world)).text
    assert world.around.overrides[-1] is None
    assert len(consent.held) == 1


async def test_what_it_does_not_open_is_said(world: World, consent: Consent) -> None:
    await sent(world, "/patients/p1/override", **FORM)
    page = (await shown(world)).text
    assert "これは緊急閲覧でも開きません" in page
    world.rules.rulings["p1"] = Ruling.refuse("refused/break-glass")
    page = (await shown(world)).text
    assert "緊急閲覧中" in page
    assert "これは緊急閲覧でも開きません" in page
    assert consent.held


async def test_the_file_to_hand_on_is_not_made_under_it(world: World, consent: Consent) -> None:
    await sent(world, "/patients/p1/override", **FORM)
    assert consent.held
    await shown(world, "/patients/p1/ips.json")
    assert world.around.overrides[-1] is None


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"reason": ""}, "理由を選んでください"),
        ({"reason": "curiosity"}, "理由を選んでください"),
        ({"text": " "}, "理由を具体的に書いてください"),
        ({"text": "x" * 1_001}, "理由を具体的に書いてください"),
        ({"minutes": "61"}, "時間を選んでください"),
        ({"confirmed": ""}, "確認の欄にしるしを付けてください"),
        ({"ground": "convenient"}, "安全上の理由を選んでください"),
        ({"delay_text": "because"}, "安全上の理由を選んでください"),
        ({"ground": "harm-to-other"}, "遅らせる事情を書いてください"),
        (
            {"ground": "harm-to-other", "delay_text": "x", "hours": "999"},
            "いつまで遅らせるかを選んでください",
        ),
    ],
)
async def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    world: World, consent: Consent, over: dict[str, str], words: str
) -> None:
    answer = await sent(world, "/patients/p1/override", **{**FORM, "text": "typed-words", **over})
    assert answer.status_code == 422
    assert words in answer.text
    assert_is_a_good_page(answer.text)
    if "text" not in over:
        assert "typed-words" in answer.text
    assert consent.asked == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (409, "すでに開いています"),
        (429, "1時間に開ける数を超えました"),
        (400, "被保険者番号・カナ氏名・生年月日がそろわない"),
        (403, "認められていません"),
        (500, "いまつながりません"),
        (503, "いまつながりません"),
    ],
)
async def test_why_it_was_not_opened_is_said(
    world: World, consent: Consent, status: int, words: str
) -> None:
    consent.status = status
    answer = await sent(world, "/patients/p1/override", **{**FORM, "text": "typed-words"})
    assert answer.status_code == 422
    assert words in answer.text
    assert "typed-words" in answer.text


async def test_a_delay_goes_along_with_its_ground(world: World, consent: Consent) -> None:
    delay = {"ground": "account-not-safe", "delay_text": "同居人", "hours": "72"}
    await sent(world, "/patients/p1/override", **{**FORM, **delay})
    assert consent.asked[0][1]["delay"] == {
        "ground": "account-not-safe",
        "text": "同居人",
        "hours": 72,
    }


async def test_somebody_not_shown_is_reached_by_name_and_birth_date_alone(
    world: World, consent: Consent
) -> None:
    world.rules.rulings["p1"] = Ruling.hide("refused")
    assert "/override" in (await shown(world, "/")).text
    page = (await shown(world, "/override")).text
    assert_is_a_good_page(page)
    named = {"name": "のと はなこ", "birth": "S13.4.5"}
    none = await sent(world, "/override", **{**FORM, **named, "birth": "1938-04-06"})
    assert none.status_code == 422
    assert "1人に決まりません" in none.text
    for missing in ({"birth": ""}, {"name": ""}, {"birth": "1938-02-30"}):
        answer = await sent(world, "/override", **{**FORM, **named, **missing})
        assert answer.status_code == 422
    unsaid = await sent(world, "/override", **{**FORM, **named, "text": ""})
    assert "p1" not in unsaid.text
    assert consent.asked == []
    answer = await sent(world, "/override", **{**FORM, **named})
    assert answer.headers["location"] == "/ehr/noto/patients/p1"
    assert consent.asked[0][1]["patient"] == "p1"
    await world.keep(patient("p2"), owner="p2")
    twice = await sent(world, "/override", **{**FORM, **named})
    assert twice.text.count("1人に決まりません") == none.text.count("1人に決まりません")


async def test_a_second_person_sees_who_and_why_and_agrees(world: World, consent: Consent) -> None:
    await consent.keep(
        Override(
            id="abcdef12-0000",
            version=1,
            person="x",
            holder="noto",
            patient="p1",
            subject="doctor-2",
            region="noto",
            reason="life",  # type: ignore[arg-type]  # as it comes over the wire
            text="意識がない",
            opened_at=world.clock.now(),
            ends_at=world.clock.now() + timedelta(hours=1),
        )
    )
    assert_is_a_good_page((await shown(world, "/override/second")).text)
    for code in ("12345678", "../about", ""):
        assert "開いていません" in (await sent(world, "/override/second", code=code)).text
    page = (await sent(world, "/override/second", code="abcdef12")).text
    assert_is_a_good_page(page)
    assert "意識がない" in page
    assert "花子" not in page
    done = await sent(world, "/override/second", id="abcdef12-0000")
    assert "確認を記録しました" in done.text
    again = await sent(world, "/override/second", id="abcdef12-0000")
    assert "すでに終わったか、確認ずみ" in again.text


async def test_a_colleagues_override_opens_nothing_for_me(world: World, consent: Consent) -> None:
    await sent(world, "/patients/p1/override", **FORM)
    one = consent.held["00000000-0000"]
    await consent.keep(one.model_copy(update={"subject": "doctor-2"}))
    page = (await shown(world)).text
    assert "緊急閲覧中" not in page
    assert world.around.overrides[-1] is None


async def test_for_another_purpose_there_is_no_way(world: World, consent: Consent) -> None:
    session, secret = await world.web.party.sessions.begin(
        replace(principal(world.clock), purpose="DISASTER"),
        {"access_token": "doctor-token", "token_ends": "2030-01-01T00:00:00+00:00"},
        longest=timedelta(hours=1),
    )
    world.http.cookies.set(world.web.cookie_name("session"), secret)
    world.csrf = session.csrf
    assert "/override" not in (await shown(world)).text
    assert (await shown(world, "/patients/p1/override")).status_code == 403
    for path in ("/patients/p1/override", "/override", "/override/second"):
        assert (await sent(world, path, **FORM)).status_code == 403
    assert consent.asked == []


async def test_a_form_of_another_session_does_nothing(world: World, consent: Consent) -> None:
    world.csrf = "guessed"
    for path in (
        "/patients/p1/override",
        "/patients/p1/override/stop",
        "/override",
        "/override/second",
    ):
        assert (await sent(world, path, **FORM)).status_code == 403
    assert consent.asked == []
