"""Sign-ins read back: one's own, and those of an institution's staff by who administers it."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.world import (
    CLINICIAN,
    NURSE,
    OFFICER,
    RESIDENT,
    SHELTER,
    UNBOUND,
    Person,
    World,
    kind,
    told,
)

from tasuki.auth.log.reading import PAGE
from tasuki.auth.sign_in_log import Method, Outcome
from tasuki.auth.tables import ACCOUNT
from tasuki.auth.words import ENGLISH, JAPANESE

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio


async def read(world: World, path: str = "sign-ins", **query: str) -> httpx2.Response:
    return await world.http.get(f"{world.issuer}/account/{path}", params=query)


async def failed(world: World, person: Person, times: int = 1) -> None:
    for _ in range(times):
        world.clock.advance(timedelta(minutes=16))
        page = await world.open_page(aud=SHELTER)
        assert (await world.submit(page, person, password="wrong")).status_code == 403


@pytest.mark.parametrize("words", [JAPANESE, ENGLISH])
def test_every_way_and_every_end_has_its_words(words: dict[str, str]) -> None:
    assert {f"ended_{one.value}" for one in Outcome} <= words.keys()
    assert {f"method_{one.value}" for one in Method} <= words.keys()


async def test_a_resident_reads_when_how_and_what_came_of_it(world: World) -> None:
    await failed(world, RESIDENT)
    await world.tokens()
    first = await account_page(world, RESIDENT)
    assert f'href="{world.issuer}/account/sign-ins?' in unescape(first.text)
    page = (await read(world)).text
    shown = world.clock.now() + timedelta(hours=9)
    assert shown.strftime("%Y-%m-%d %H:%M") in page
    assert page.count("サインインしました / パスワードと確認コード") == 2
    assert page.count("パスワードが違いました / パスワードと確認コード") == 1
    assert (page.count("見本のアプリ &lt;b&gt;"), page.count("アカウントの設定")) >= (2, 1)
    english = (await read(world, ui_locales="en")).text
    assert english.count("wrong password / password and one-time code") == 1


async def test_nobody_reads_anothers(world: World) -> None:
    await failed(world, RESIDENT)
    await account_page(world, UNBOUND)
    page = (await read(world)).text
    assert "パスワードが違いました" not in page
    world.http.cookies.clear()
    for path in ("sign-ins", "staff/sign-ins"):
        assert (await read(world, path)).status_code == 303


async def test_a_lock_is_shown_to_whose_account_it_is(world: World) -> None:
    await failed(world, RESIDENT, times=5)
    world.clock.advance(timedelta(minutes=16))
    await account_page(world, RESIDENT)
    assert (await read(world)).text.count("まで閉じました") == 1


async def test_older_ones_are_on_further_pages_and_none_is_left_out(world: World) -> None:
    await failed(world, RESIDENT, times=PAGE + 2)
    world.clock.advance(timedelta(minutes=16))
    await account_page(world, RESIDENT)
    first = await read(world)
    assert first.text.count("<li>") == PAGE
    assert f"skip={PAGE}" in first.text
    rest = await read(world, skip=str(PAGE))
    assert rest.text.count("<li>") == 3
    assert "前の記録を見る" not in rest.text
    assert (await read(world, skip="-1")).status_code == 422


async def test_who_administers_reads_their_staffs_and_that_is_recorded(world: World) -> None:
    for person in (NURSE, RESIDENT):
        await failed(world, person)
    await account_page(world, OFFICER)
    listed = await world.http.get(f"{world.issuer}/account/staff")
    assert "職員のサインインの記録" in listed.text
    before = len(await world.events())
    page = (await read(world, "staff/sign-ins")).text
    assert page.count("パスワードが違いました") == 1, "the nurse's, and no resident's"
    assert "見本 nurse" in page
    (leaf,) = (await world.events())[before:]
    assert (kind(leaf), leaf["type"]["code"]) == ("sign-ins-read", "110101")
    assert told(leaf)["actor"] == world.accounts[OFFICER.username]
    assert (told(leaf)["organization"], told(leaf)["shown"]) == ("Organization/1", "2")


async def test_another_institutions_are_not_read(world: World) -> None:
    await failed(world, NURSE)
    async with world.engine.begin() as connection:
        elsewhere = update(ACCOUNT).where(ACCOUNT.c.id == world.accounts[NURSE.username])
        await connection.execute(elsewhere.values(organization="Organization/2"))
    await account_page(world, OFFICER)
    assert "パスワードが違いました" not in (await read(world, "staff/sign-ins")).text


@pytest.mark.parametrize("person", [CLINICIAN, NURSE, RESIDENT])
async def test_who_administers_nothing_reads_nothing_of_others(
    world: World, person: Person
) -> None:
    await account_page(world, person)
    before = len(await world.events())
    assert (await read(world, "staff/sign-ins")).status_code == 303
    assert len(await world.events()) == before
