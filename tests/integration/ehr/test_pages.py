"""The clinician's pages over a real store: what is shown, what is said to be missing, what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from tests.integration.ehr.world import (
    BASE,
    MEMBER,
    UNINFORMED,
    allergy,
    condition,
    everything,
    laboratory,
    named,
    patient,
    prescription,
    principal,
)

from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Ruling
from tasuki.shared.clinical.ips.check import check_ips

if TYPE_CHECKING:
    from tests.integration.ehr.world import World

pytestmark = pytest.mark.anyio

MAX_PAGE = 100_000  # bytes
WARFARIN = {"medicationCodeableConcept": {"text": "ワルファリンＫ錠１ｍｇ"}}


class Outline(HTMLParser):
    """Collects what a check without a browser needs of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def assert_is_a_good_page(page: str) -> None:
    outline = Outline(page)
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(outline.all("h1")) == 1
    assert outline.all("script") == []
    assert not any("style" in attributes for _, attributes in outline.tags)
    labelled = {attributes.get("for") for attributes in outline.all("label")}
    for field in outline.all("input"):
        assert field["type"] in ("hidden", "radio") or field["id"] in labelled
    for _, attributes in outline.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
    assert len(page.encode()) <= MAX_PAGE


async def keep_hanako(world: World) -> None:
    suspected = {"verificationStatus": {"coding": [{"code": "provisional"}]}}
    await world.keep(
        patient("p1"),
        allergy("a1", "p1", "そば"),
        condition("c1", "p1", "心房細動"),
        condition("c2", "p1", "胃癌", **suspected),
        laboratory("o1", "p1", "クレアチニン", 1.2),
        prescription("m1", "p1", WARFARIN),
        owner="p1",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "能登 花子", "birth": "1938-04-05"},
        {"name": "のと はなこ", "birth": "S13.4.5"},
        {"name": "ﾉﾄﾊﾅｺ", "birth": "昭和13年4月5日"},
        {"name": "ノトハナコ", "birth": "昭和13年", "sex": "female"},
        {"number": "chart-p1"},
        {"number": MEMBER},
        {"number": "00012345：あいう：187：5"},
    ],
)
async def test_a_patient_is_found(world: World, fields: dict[str, str]) -> None:
    await keep_hanako(world)

    page = await world.find(**fields)

    assert f"{BASE.removeprefix('https://desk.test')}/patients/p1" in page
    assert "1938-04-05（昭和13年4月5日）" in page
    assert_is_a_good_page(page)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "氏名と生年月日、または番号を入力してください"),
        ({"name": "能登花子"}, "氏名だけではさがせません"),
        ({"birth": "1938-04-05"}, "氏名を入力してください"),
        ({"name": "能登花子", "birth": "1938-02-30"}, "その日付は暦にありません"),
        ({"name": "能登花子", "birth": "S65.1.1"}, "その元号にその年はありません"),
        ({"name": "能登花子", "birth": "春ごろ"}, "生年月日として読めません"),
        ({"name": "ノトハナコ", "birth": "S13"}, "性別も選んでください"),
        ({"name": "能登花子", "birth": "S13", "sex": "female"}, "氏名をカナで"),
        ({"number": "123456789018"}, "マイナンバーは入力できません"),
    ],
)
async def test_the_page_says_what_else_is_needed(
    world: World, fields: dict[str, str], words: str
) -> None:
    await keep_hanako(world)

    page = await world.find(**fields)

    assert words in page
    assert 'role="alert"' in page
    assert "patients/p1" not in page
    assert "123456789018" not in page
    assert_is_a_good_page(page)


async def test_more_than_ten_are_counted(world: World) -> None:
    for number in range(11):
        name = named("能登 花子", "ノト ハナコ")
        more = {"name": name, "identifier": [], "birthDate": f"1938-01-{number + 1:02}"}
        await world.keep(patient(f"p{number}", **more), owner=f"p{number}")

    page = await world.find(name="ノトハナコ", birth="1938", sex="female")

    assert "11 人が該当します。生年月日をすべて入力してください。" in page
    assert "patients/p" not in page


async def test_who_may_not_be_seen_is_not_told_from_who_is_not_there(world: World) -> None:
    await keep_hanako(world)
    world.rules.rulings["p1"] = Ruling.refuse("consent")

    refused = await world.find(name="能登花子", birth="1938-04-05")
    absent = await world.find(name="能登梅子", birth="1938-04-05")

    assert "閲覧が認められていません" in refused
    assert refused.replace("能登花子", "能登梅子") == absent


async def test_the_summary_names_sources_and_what_is_missing(world: World) -> None:
    await keep_hanako(world)
    world.around.handles = [("kaga", "k1"), ("toyama", "t1"), ("fukui", "f1")]
    world.around.answers = {
        "kaga": everything(
            patient("k1"),
            allergy("a9", "k1", "造影剤"),
            notes=("withheld: Immunization", "unreadable: 2"),
        ),
        "toyama": 403,
        "fukui": 500,
    }

    answer = await world.http.get(f"{BASE}/patients/p1")
    page = answer.text

    assert answer.status_code == 200
    assert_is_a_good_page(page)
    order = [
        "一部の情報が含まれていません",
        "そば",
        "中断に注意する薬",
        "ワルファリン",
        "心房細動",
        "クレアチニン",
    ]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "造影剤" in page
    assert "胃癌（疑い）" in page
    assert "富山：開示されていません" in page
    assert "福井：問い合わせできず" in page
    assert "加賀：一部の種類が開示されていません" in page
    assert "加賀：読めなかった記録が 2 件" in page
    assert "能登北部 (2025-12-01, 35日前)" in page
    assert "1.2 mg/dL" in page
    assert page.count("含まれていない情報元") == 3
    assert "patients/p1/ips.json" in page
    for state in ("answered", "withheld", "unreachable"):
        assert f'class="source-{state}"' in page
    assert [leaf["type"]["code"] for leaf in await world.leaves("p1")] != []


async def test_a_medicine_not_to_be_interrupted_that_ran_out_is_pointed_out(world: World) -> None:
    await world.keep(patient("p1"), prescription("m1", "p1", WARFARIN, days=2), owner="p1")

    page = (await world.http.get(f"{BASE}/patients/p1")).text

    place = page.index("処方が最近切れた薬があります")
    assert page.index("中断に注意する薬") < place < page.index("そのほかの薬")
    assert "2日前に終了" in page or "3日前に終了" in page


async def test_a_whole_answer_says_nothing_is_missing(world: World) -> None:
    await keep_hanako(world)

    page = (await world.http.get(f"{BASE}/patients/p1")).text

    assert "一部の情報が含まれていません" not in page
    assert page.count('class="source-none"') == 3


async def test_nothing_recorded_is_not_none(world: World) -> None:
    await world.keep(patient("p1", identifier=[]), owner="p1")

    page = (await world.http.get(f"{BASE}/patients/p1?lang=en")).text

    assert "Other regions cannot be asked" in page
    assert "Unknown: a source cannot be reached (ask the person)" in page
    assert "Nothing recorded (which is not to say there is none)" in page
    assert '<html lang="en">' in page
    assert_is_a_good_page(page)


async def test_what_the_patient_was_not_told_is_marked_and_kept_off_paper(world: World) -> None:
    await keep_hanako(world)
    await world.keep(condition("c9", "p1", "膵癌", meta=UNINFORMED), owner="p1")

    page = (await world.http.get(f"{BASE}/patients/p1")).text
    screen, paper = page.split('<div class="paper">')
    document = await world.http.get(f"{BASE}/patients/p1/ips.json")

    assert "膵癌" in screen
    assert "本人に伝えられていない情報" in screen
    assert "膵癌" not in paper
    assert "心房細動" in paper
    assert "膵癌" not in document.text
    assert_is_a_good_page(page)


async def test_the_document_can_be_saved(world: World) -> None:
    await keep_hanako(world)

    answer = await world.http.get(f"{BASE}/patients/p1/ips.json?lang=en")

    assert answer.headers["content-disposition"] == (
        'attachment; filename="patient-summary-2026-01-05.json"'
    )
    assert answer.headers["cache-control"] == "no-store"
    assert check_ips(answer.json()) == ()
    assert answer.json()["language"] == "en"


@pytest.mark.parametrize(
    ("ruling", "status", "words"),
    [
        (Ruling.refuse("consent/deny"), 403, "記録がないという意味ではありません"),
        (Ruling.refuse("consent-snapshot-stale"), 503, "同意の情報が最新か確かめられない"),
        (Ruling.hide("role"), 404, "この記録はありません。または"),
    ],
)
@pytest.mark.parametrize("path", ["", "/ips.json"])
async def test_refusals_are_in_plain_words(
    world: World, ruling: Ruling, status: int, words: str, path: str
) -> None:
    await keep_hanako(world)
    world.rules.rulings["p1"] = ruling

    answer = await world.http.get(f"{BASE}/patients/p1{path}")

    assert answer.status_code == status
    assert words in answer.text
    assert "能登 花子" not in answer.text
    assert_is_a_good_page(answer.text)


async def test_without_the_sign_in_service_the_own_record_is_shown(world: World) -> None:
    await keep_hanako(world)
    world.around.handles = [("kaga", "k1")]
    world.clock.advance(timedelta(minutes=14))
    sign_in = "access_token"
    sessions = world.web.party.sessions
    secret = world.http.cookies[world.web.cookie_name("session")]
    session = await sessions.open(secret)
    assert session is not None
    ended = {**session.kept, "token_ends": world.clock.now().isoformat(), "refresh_token": "r"}
    assert sign_in in ended
    await sessions.save(replace(session, kept=ended))

    page = (await world.http.get(f"{BASE}/patients/p1")).text

    assert "そば" in page
    assert "加賀：問い合わせできず" in page


async def test_nobody_gets_in_without_signing_in(world: World) -> None:
    await keep_hanako(world)
    world.http.cookies.clear()

    for path in ("/", "/patients/p1", "/patients/p1/ips.json"):
        answer = await world.http.get(f"{BASE}{path}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/ehr/noto/sign-in?then=")
    posted = await world.http.post(f"{BASE}/", data={"number": "chart-p1"})
    assert posted.status_code == 303


async def test_only_clinicians_get_in(world: World) -> None:
    await keep_hanako(world)
    kept = {"access_token": "x", "token_ends": (world.clock.now() + timedelta(hours=1)).isoformat()}
    _, secret = await world.web.party.sessions.begin(
        principal(world.clock, Role.NURSE), kept, longest=timedelta(hours=1)
    )
    world.http.cookies.set(world.web.cookie_name("session"), secret)

    answer = await world.http.get(f"{BASE}/patients/p1")

    assert answer.status_code == 403
    assert "そば" not in answer.text


async def test_a_form_of_another_session_finds_nobody(world: World) -> None:
    await keep_hanako(world)

    answer = await world.http.post(f"{BASE}/", data={"csrf": "x", "number": "chart-p1"})

    assert answer.status_code == 403
    assert "patients/p1" not in answer.text
