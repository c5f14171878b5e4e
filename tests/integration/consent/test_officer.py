"""The officer's pages: from a warning to a signed declaration, and everything that stands in between."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.consent.world import BASE, ISSUER, START, world

from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.scopes import parse_scopes

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2
    from tests.integration.consent.world import World
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

RAIN = "jma-xml/62_01_01_130412_VPNO50"
ORDER = "warnings/lalert-evacuation"
FORM = {
    "areas": "172049",
    "authority": "石川県",
    "legal_basis": "災害救助法",
    "days": "7",
    "role-nurse": "1",
    "class-medicines": "1",
}


class Desk:
    """An officer's browser, signed in."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.csrf = ""

    async def sign_in(self, role: Role = Role.OFFICER) -> None:
        principal = Principal(
            subject="officer-1",
            client_id="officer",
            role=role,
            purpose="PUBHLTH",
            scopes=parse_scopes("openid tasuki/declare"),
            patient=None,
            organization=None,
            region=None,
            token_id="t1",
            issuer=ISSUER,
            display="当番 担当者",
            actor=(),
            expires_at=START.astimezone(UTC) + timedelta(hours=8),
        )
        web = next(
            route.app.state.web  # type: ignore[attr-defined]  # a mounted app
            for route in self.w.app.routes
            if getattr(route, "path", "") == "/officer"
        )
        session, secret = await web.party.sessions.begin(
            principal, {"access_token": "x"}, longest=timedelta(hours=8)
        )
        self.csrf = session.csrf
        self.w.http.cookies.set(web.cookie_name("session"), secret)

    async def get(self, path: str = "/") -> httpx2.Response:
        return await self.w.http.get(f"/consent/officer{path}")

    async def post(self, path: str, **form: str) -> httpx2.Response:
        return await self.w.http.post(f"/consent/officer{path}", data={"csrf": self.csrf, **form})

    async def confirmed(self, **form: str) -> dict[str, str]:
        """Return the hidden fields of the page that asks once more."""
        page = await self.post("/open", **form)
        assert page.status_code == 200, page.text
        part = page.text.partition('/declare">')[2].partition("</form>")[0]
        return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', part))


async def desk_in(w: World) -> Desk:
    desk = Desk(w)
    await desk.sign_in()
    return desk


async def test_from_a_warning_to_a_declaration(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        id_ = (await w.warn(RAIN)).json()["proposal"]
        page = (await desk.get()).text
        assert "奈良地方気象台が大雨特別警報を発表" in page
        assert "奈良県奈良市" in page
        assert "五條市北部、五條市南部" in page
        form = (await desk.get(f"/open?proposal={id_}")).text
        assert "292010 奈良県奈良市" in form
        assert "日前の発表です" in form
        for name in ("authority", "legal_basis"):
            assert f'name="{name}" value=""' in form  # that is the officer's to say
        typed = FORM | {"areas": "292010 奈良県奈良市\n五條市", "proposal": id_}
        hidden = await desk.confirmed(**typed)
        assert (await w.ask("GET", "/declarations")).json()["declarations"] == []
        done = await desk.post("/declare", **hidden)
        assert done.status_code == 303, done.text
        (made,) = (await w.ask("GET", "/declarations")).json()["declarations"]
        assert made["areas"] == ["292010", "292079"]
        assert (made["roles"], made["classes"]) == (["nurse"], ["medicines"])
        assert (made["opened_by"], made["counts"], made["drill"]) == ("officer-1", True, False)
        (held,) = (await w.ask("GET", "/warnings")).json()["proposals"]
        assert (held["state"], held["declaration"]) == ("used", made["id"])
        page = (await desk.get("/?done=opened")).text
        assert "宣言し、署名しました" in page
        assert "いま提案はありません" in page


async def test_pressed_twice_it_is_one_declaration(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        hidden = await desk.confirmed(**FORM)
        assert (await desk.post("/declare", **hidden)).status_code == 303
        assert (await desk.post("/declare", **hidden)).status_code == 409
        assert (await desk.post("/declare", **(hidden | {"once": "<x>"}))).status_code == 400
        assert len((await w.ask("GET", "/declarations")).json()["declarations"]) == 1


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"areas": ""}, "市町村を1つ以上"),
        ({"areas": "172049\nアトランティス市"}, "「アトランティス市」という市町村は見つかりません"),
        ({"areas": "999999"}, "見つかりません"),
        ({"areas": "221350 浜松市北区"}, "分かれました"),
        ({"authority": ""}, "宣言する機関"),
        ({"legal_basis": "x" * 501}, "法的な根拠"),
        ({"days": "8"}, "1日から7日"),
        ({"days": "-1"}, "1日から7日"),
        ({"role-nurse": ""}, "だれに開くか"),
        ({"class-medicines": ""}, "何を開くか"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_opened(
    server: Server, tmp_path: Path, over: dict[str, str], words: str
) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        for path in ("/open", "/declare"):
            page = await desk.post(path, **(FORM | over))
            assert page.status_code == 422
            assert words in page.text
        assert (await w.ask("GET", "/declarations")).json()["declarations"] == []


async def test_an_old_code_is_todays_and_the_page_says_so(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        page = (await desk.post("/open", **(FORM | {"areas": "173444 野々市町"}))).text
        assert "173444 は今の 石川県野々市市 として扱います" in page
        hidden = await desk.confirmed(**(FORM | {"areas": "173444"}))
        await desk.post("/declare", **hidden)
        (made,) = (await w.ask("GET", "/declarations")).json()["declarations"]
        assert made["areas"] == ["172120"]


async def test_renew_close_and_what_is_over(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        await desk.post("/declare", **(await desk.confirmed(**(FORM | {"drill": "1"}))))
        (made,) = (await w.ask("GET", "/declarations")).json()["declarations"]
        assert made["drill"] is True
        path = f"/declarations/{made['id']}"
        assert (await desk.post(f"{path}/renew", days="9")).status_code == 400
        w.clock.advance(timedelta(minutes=5))
        await desk.get()
        assert (await desk.post(f"{path}/renew", days="7")).status_code == 303
        assert (await desk.post(f"{path}/close")).status_code == 303
        assert (await desk.post(f"{path}/close")).status_code == 409
        page = (await desk.get()).text
        assert "終わった宣言（1）" in page
        assert f"{path}/close" not in page


async def test_a_withdrawn_proposal_shows_as_withdrawn(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        id_ = (await w.warn(ORDER)).json()["proposal"]
        assert "市町村の一部だけが対象: 輪島市河井町、輪島市鳳至町" in (await desk.get()).text
        await desk.post("/declare", **(await desk.confirmed(**(FORM | {"proposal": id_}))))
        await w.warn("warnings/lalert-evacuation-cancelled")
        again = (await desk.post("/open", **(FORM | {"proposal": id_}))).text
        assert "発表元が取り消しました" in again
        page = (await desk.get()).text
        assert "発表元が取り消しました" in page
        assert "取り消されても宣言は終わりません" in page
        (made,) = (await w.ask("GET", "/declarations")).json()["declarations"]
        assert "closed_at" not in made


async def test_a_proposal_is_dismissed_with_words(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        id_ = (await w.warn(ORDER)).json()["proposal"]
        path = f"/proposals/{id_}/dismiss"
        assert (await desk.post(path)).status_code == 400
        assert (await desk.post(path, words="<b>適用なし</b>")).status_code == 303
        page = (await desk.get()).text
        assert "&lt;b&gt;適用なし" in page
        assert (await desk.post(path, words="x")).status_code == 409


async def test_a_flood_of_proposals_does_not_stop_an_officer(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        await w.warn(RAIN)
        await w.warn(ORDER)
        monkeypatch.setattr("tasuki.consent.warnings.desk.MOST", 1)
        page = await desk.get()
        assert page.status_code == 200
        assert "提案が多すぎて" in page.text
        assert "いま提案はありません" not in page.text
        assert (await w.ask("GET", "/warnings")).status_code == 422
        assert (await desk.post("/declare", **(await desk.confirmed(**FORM)))).status_code == 303


async def test_words_of_a_feed_are_words_and_never_markup(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        await w.warn(ORDER, 大雨により="&lt;script&gt;alert(1)&lt;/script&gt;\u202e")
        page = (await desk.get()).text
        assert "&lt;script&gt;" in page
        assert "<script" not in page
        assert "\u202e" not in page


async def test_only_an_officer_and_only_with_the_forms_own_token(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        for path in ("/", "/open"):
            sent = await w.http.get(f"/consent/officer{path}")
            assert sent.status_code == 303
            assert sent.headers["location"].startswith("/consent/officer/sign-in")
        desk = await desk_in(w)
        desk.csrf = "another"
        for path in ("/open", "/declare", "/declarations/x/close", "/proposals/x/dismiss"):
            assert (await desk.post(path, **FORM)).status_code == 403
        await desk.sign_in(Role.NURSE)
        assert (await desk.get()).status_code == 403
        assert (await desk.post("/declare", **FORM)).status_code == 403


async def test_in_english(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        desk = await desk_in(w)
        await w.warn(RAIN)
        page = (await desk.get("/?lang=en")).text
        assert "Proposed by warnings" in page
        assert 'lang="en"' in page
        assert BASE  # the API beside it still answers in JSON
        assert (
            (await w.http.get("/consent/declarations"))
            .headers["content-type"]
            .startswith("application/fhir+json")
        )
