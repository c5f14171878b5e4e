"""The nurse's way: sign in, search, choose, read; and everything that must not open.

Each test states what a missing piece does: a refusal says why, and leaves an audit event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import ECKey
from tests.integration.shelter.stubs import KANAZAWA
from tests.integration.shelter.world import query_of, world

from tasuki.shelter.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx2
    from tests.integration.shelter.world import World
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

Made = "Callable[..., dict[str, Any]]"
HANAKO = {"name": "ノト ハナコ", "birth": "1938-04-05"}
TOKEN = "aa" * 16
NURSES_DENIED: dict[str, Any] = {
    "type": "deny",
    "purpose": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "DISASTER"}
    ],
}
MAX_PAGE = 100_000  # bytes


def outcomes(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["outcome"], event["agent"][2]["policy"][0]) for event in events]


def is_small_and_bare(page: httpx2.Response) -> None:
    assert len(page.content) <= MAX_PAGE
    assert "<script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"


async def test_nobody_sees_a_page_without_signing_in(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        for path in ("/", "/profile/x", "/print/x"):
            answer = await w.browser.get(f"/shelter{path}")
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/shelter/sign-in")
        answer = await w.browser.post("/shelter/search", data=HANAKO)
        assert answer.status_code == 303
        assert (await w.browser.get(f"{w.fhir}/Patient/x/$emergency-profile")).status_code == 401
        assert await w.events() == []


async def test_the_nurse_finds_an_evacuee_in_any_script_and_reads_the_profile(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    allergy: Callable[..., dict[str, Any]],
    medicine: Callable[..., dict[str, Any]],
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient(), medicine()], TOKEN)
        w.kaga.put("x7", [patient(), allergy()], TOKEN)
        w.stubs.declare()
        await w.settle()
        await w.sign_in()
        for name in ("ノト ハナコ", "のと はなこ", "ﾉﾄ ﾊﾅｺ", "能登花子", "能登 花子"):
            for birth in ("1938-04-05", "S13.4.5"):
                found = await w.search(name=name, birth=birth)
                assert found.text.count('name="handle"') == 1, (name, birth)
                assert "ノト ハ\uff0a\uff0a" in found.text
                assert "昭和13年" in found.text
                assert "輪島市" in found.text
                for hidden in ("ハナコ", "花子", "04-05", "河井町", "ペニシリン"):
                    assert hidden not in found.text
                is_small_and_bare(found)
        page = await w.choose(await w.search(**HANAKO))
        assert page.status_code == 200
        is_small_and_bare(page)
        places = [
            page.text.index(word)
            for word in (
                "ペニシリン",
                "抗凝固薬",
                "ワーファリン",
                "主な病名",
                "能登 太郎",
                "情報元",
            )
        ]
        assert places == sorted(places)
        assert "加賀の医療圏" in page.text
        assert "2025-05-01" in page.text
        events = await w.events()
        last = events[-1]
        assert last["outcome"] == "0"
        assert "declaration/" in last["agent"][2]["policy"][0]
        assert query_of(events[0]).startswith("name=ノト ハナコ")
        assert all(event["entity"] for event in events)


async def test_a_print_view_and_english_and_sign_out(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    allergy: Callable[..., dict[str, Any]],
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient(), allergy()], TOKEN)
        w.stubs.declare()
        await w.settle()
        await w.sign_in()
        page = await w.choose(await w.search(**HANAKO))
        printed = await w.browser.get(f"{page.url.path.replace('profile', 'print')}?lang=en")
        assert "size:105mm 148mm" in printed.text
        assert "Allergies" in printed.text
        assert 'lang="en"' in printed.text
        is_small_and_bare(printed)
        assert (await w.post("/sign-out")).status_code == 200
        assert (await w.browser.get(page.url.path)).status_code == 303


async def test_on_a_shared_tablet_one_tap_leads_the_next_person_to_sign_in(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        await w.sign_in()
        answer = await w.post("/sign-out", then="switch")
        assert answer.status_code == 303
        assert answer.headers["location"].endswith("/sign-in")
        assert (await w.browser.get("/shelter/")).status_code == 303, "and nobody is signed in"


UNANSWERED = [
    ({"name": "ノト ハナコ"}, "名前だけではさがせません"),
    ({"name": "ノト ハナコ", "birth": "1938-02-30"}, "暦にありません"),
    ({"name": "ノト ハナコ", "birth": "S99.1.1"}, "その元号"),
    ({"name": "ノト ハナコ", "birth": "昨日"}, "読み取れません"),
    ({"name": "ノト ハナコ", "birth": "1938"}, "性別も選んで"),
    ({"name": "能登 花子", "birth": "1938", "sex": "female"}, "かなで入れて"),
    ({"name": "!!", "birth": "1938-04-05"}, "姓と名を"),
    ({"name": "ダレモ イナイ", "birth": "1938-04-05"}, "登録されていません"),
    ({"name": "ノト ハナコ", "birth": "1938", "sex": "female"}, "3人が当てはまります"),
]


async def test_what_cannot_be_answered_says_what_to_change_and_shows_nobody(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        for number, birth in enumerate(("1938-04-05", "1938-06-01", "1938-09-09")):
            w.noto.put(f"p{number}", [patient(birth=birth)], f"{number + 1:032x}")
        w.stubs.declare()
        await w.settle()
        await w.sign_in()
        for number, (typed, words) in enumerate(UNANSWERED, start=1):
            answer = await w.search(**typed)
            assert words in answer.text
            assert 'name="handle"' not in answer.text
            assert "輪島" not in answer.text
            assert len(await w.events()) == number


async def test_searching_to_fish_for_names_is_stopped_and_recorded(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path, limits=Limits(per_minute=2)) as w:
        w.noto.put("p1", [patient()], TOKEN)
        await w.settle()
        await w.sign_in()
        answers = [await w.search(**HANAKO) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "上限をこえました" in answers[2].text
        assert 'name="handle"' not in answers[2].text
        last = (await w.events())[-1]
        assert (last["outcome"], last["agent"][2]["policy"]) == ("8", ["search/too-many"])
        assert "ノト ハナコ" in query_of(last)


async def test_a_form_without_the_sessions_token_does_nothing(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        await w.sign_in()
        for token in ("", "wrong"):
            answer = await w.browser.post("/shelter/search", data={"csrf": token, **HANAKO})
            assert answer.status_code == 403
        assert await w.events() == []


async def test_a_handle_is_good_once_and_in_its_own_session_only(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], TOKEN)
        w.stubs.declare()
        await w.settle()
        await w.sign_in()
        found = await w.search(**HANAKO)
        handle = found.text.partition('name="handle" value="')[2].partition('"')[0]
        page = await w.choose(found)
        assert page.status_code == 200
        assert (await w.post("/choose", handle=handle)).status_code == 410
        other = await w.search(**HANAKO)
        w.browser.cookies.clear()
        await w.sign_in()
        assert (await w.browser.get(page.url.path)).status_code == 410
        taken = other.text.partition('name="handle" value="')[2].partition('"')[0]
        assert (await w.post("/choose", handle=taken)).status_code == 410


async def refused_words(w: World) -> str:
    page = await w.choose(await w.search(**HANAKO))
    assert page.status_code == 403
    assert "ペニシリン" not in page.text
    assert (await w.events())[-1]["outcome"] == "8"
    return page.text


async def test_each_missing_basis_keeps_the_record_closed_and_says_so(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    allergy: Callable[..., dict[str, Any]],
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient(), allergy()], TOKEN)
        await w.settle()
        await w.sign_in()
        assert "有効な災害時の宣言がありません" in await refused_words(w)
        w.stubs.declare(key=ECKey.generate_key("P-256", parameters={"kid": "k1"}))
        w.stubs.declare(key=ECKey.generate_key("P-256", parameters={"kid": "stranger"}))
        await w.settle()
        assert "有効な災害時の宣言がありません" in await refused_words(w)
        w.stubs.declare(drill=True)
        await w.settle()
        assert "訓練中の宣言です" in await refused_words(w)
        w.stubs.declare(areas=(KANAZAWA,))
        await w.settle()
        assert "及びません" in await refused_words(w)
        w.stubs.declare()
        await w.settle()
        assert (await w.choose(await w.search(**HANAKO))).status_code == 200


async def test_a_drill_resident_opens_in_a_drill_only(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    marked = {
        **patient(),
        "meta": {
            "security": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
            ]
        },
    }
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [marked], TOKEN)
        w.stubs.declare()
        await w.settle()
        await w.sign_in()
        assert "訓練用の記録" in await refused_words(w)
        w.stubs.declare(drill=True)
        await w.settle()
        page = await w.choose(await w.search(**HANAKO))
        assert "訓練用の人です" in page.text


async def test_a_resident_who_refuses_shelters_leaves_a_stub_until_they_change_their_mind(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    allergy: Callable[..., dict[str, Any]],
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient(), allergy()], TOKEN)
        w.stubs.declare()
        w.stubs.consent("c1", (TOKEN,), NURSES_DENIED)
        await w.settle()
        await w.sign_in()
        assert "断っています" in await refused_words(w)
        async with w.app.state.store.unit() as unit:
            stubs = await unit.scan("EmergencyProfile", 10)
        assert "ペニシリン" not in stubs[0].body.decode()
        w.stubs.consent("c1", (TOKEN,), {"type": "permit"})
        await w.settle()
        page = await w.choose(await w.search(**HANAKO))
        assert "ペニシリン" in page.text


async def test_refused_medicines_are_withheld_and_said_to_be(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    allergy: Callable[..., dict[str, Any]],
    medicine: Callable[..., dict[str, Any]],
) -> None:
    medicines = [
        {"system": "http://hl7.org/fhir/resource-types", "code": code}
        for code in ("MedicationRequest", "MedicationStatement", "MedicationDispense")
    ]
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient(), allergy(), medicine()], TOKEN)
        w.stubs.declare()
        w.stubs.consent(
            "c1", (TOKEN,), {"type": "permit", "provision": [{"type": "deny", "class": medicines}]}
        )
        await w.settle()
        await w.sign_in()
        page = await w.choose(await w.search(**HANAKO))
        assert "ペニシリン" in page.text
        assert "ワーファリン" not in page.text
        assert "state-withheld" in page.text


async def test_a_restricted_medicine_is_only_said_to_be_there(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    medicine: Callable[..., dict[str, Any]],
) -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
    async with world(server, tmp_path) as w:
        secret = medicine("ビクタルビ配合錠", "6250118F1023", meta={"security": [label]})
        w.noto.put("p1", [patient(), secret], TOKEN)
        w.stubs.declare()
        await w.settle()
        await w.sign_in()
        page = await w.choose(await w.search(**HANAKO))
        assert "ビクタルビ" not in page.text
        assert "閲覧が制限された薬の記録があります" in page.text


async def test_the_desk_works_with_every_other_service_down_and_says_how_old_its_data_are(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    allergy: Callable[..., dict[str, Any]],
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient(), allergy()], TOKEN)
        w.kaga.down = True
        w.stubs.declare()
        consents, noto, _ = w.app.state.followers
        await consents.pull(0.0)
        await noto.pull(0.0)
        await w.app.state.shelter.states.look()
        await w.sign_in()
        w.stubs.issuer_down = True
        page = await w.choose(await w.search(**HANAKO))
        assert "ペニシリン" in page.text
        assert "加賀の医療圏" in page.text
        assert "接続できず" in page.text
        assert "時点" in page.text
