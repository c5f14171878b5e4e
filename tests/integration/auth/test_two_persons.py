"""Who represents a resident by law is recorded by one person of an office and confirmed by another.

Over HTTP, with the sessions of two administrators. docs/adr/0027-two-persons-record-a-representative.md
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update
from tests.integration.auth import test_represented
from tests.integration.auth.acting import accepted
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.test_represented import code_on, confirmed, grants, recorded, sent
from tests.integration.auth.world import (
    CLINICIAN,
    NURSE,
    OFFICER,
    SECOND,
    SUZU,
    UNBOUND,
    WAJIMA,
    Person,
    World,
    kind,
    told,
)

from tasuki.auth.provisioning import disable_account
from tasuki.auth.proxies.waiting import WAITING
from tasuki.auth.tables import ACCOUNT, PROXY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2

    Meanwhile = Callable[[World], Awaitable[object]]

pytestmark = pytest.mark.anyio

office = test_represented.office
NOT_CONFIRMED = "この記録は確認できません。"


async def row(world: World) -> dict[str, Any]:
    (only,) = await grants(world)
    return dict(only)


async def change(world: World, person: Person, **values: Any) -> None:
    async with world.engine.begin() as connection:
        mine = ACCOUNT.c.id == world.accounts[person.username]
        await connection.execute(update(ACCOUNT).where(mine).values(values))


async def change_entry(world: World, **values: Any) -> None:
    async with world.engine.begin() as connection:
        await connection.execute(update(PROXY).values(values))


async def withdraw(world: World, person: Person) -> None:
    async with world.engine.begin() as connection:
        await disable_account(connection, world.means, world.accounts[person.username])


async def opened(world: World, by: Person) -> str:
    await account_page(world, by)
    page = await world.http.get(f"{world.issuer}/account/represented")
    assert page.status_code == 200
    return page.text


def error_on(page: httpx2.Response) -> str:
    said = re.search(r'id="error">([^<]+)', page.text)
    return "" if said is None else said[1]


async def passes(world: World, time: timedelta) -> None:
    world.clock.advance(time)


async def nothing(world: World) -> None:
    """Nothing happens meanwhile."""


async def ended(world: World, by: Person) -> None:
    await sent(await account_page(world, by), world, "/end", grant=(await row(world))["id"])


async def test_what_one_person_records_opens_nothing(office: World) -> None:
    page = await recorded(office)
    assert "said_proxy_waits" in page.headers["location"]
    entry = await row(office)
    assert entry["waits_until"] == entry["made_at"] + WAITING
    held = ("code_mac", "offered_until", "account", "accepted_at", "confirmed_by", "confirmed_at")
    assert [entry[name] for name in held] == [None] * 6
    assert 'class="big long"' not in await opened(office, OFFICER)


async def test_a_second_person_confirms_and_gets_the_code(office: World) -> None:
    await recorded(office)
    office.clock.advance(timedelta(days=6))
    page = await confirmed(office)
    entry = await row(office)
    assert entry["confirmed_by"] == office.accounts[SECOND.username]
    assert entry["given_by"] == office.accounts[OFFICER.username]
    assert entry["waits_until"] is None
    assert entry["offered_until"] == entry["confirmed_at"] + timedelta(minutes=30)
    office.clock.advance(timedelta(minutes=28))
    assert await accepted(office, code_on(page))


async def test_the_code_is_over_half_an_hour_after_it_was_confirmed(office: World) -> None:
    await recorded(office)
    code = code_on(await confirmed(office))
    office.clock.advance(timedelta(minutes=30))
    assert not await accepted(office, code)


async def test_the_code_is_shown_once(office: World) -> None:
    await recorded(office)
    await confirmed(office)
    for person in (SECOND, OFFICER):
        page = await opened(office, person)
        assert ('class="big long"' in page, "まだコードが使われていません" in page) == (False, True)


async def test_neither_of_the_two_takes_up_the_code(office: World) -> None:
    await recorded(office)
    code = code_on(await confirmed(office))
    await change_entry(office, confirmed_by=office.accounts[UNBOUND.username])
    assert not await accepted(office, code)
    await change_entry(office, confirmed_by=office.accounts[SECOND.username])
    assert await accepted(office, code)


async def test_a_code_one_person_gave_before_works_until_it_is_over(office: World) -> None:
    for minutes, works in ((28, True), (30, False)):
        await recorded(office)
        code = code_on(await confirmed(office))
        await change_entry(office, confirmed_by=None, confirmed_at=None)
        office.clock.advance(timedelta(minutes=minutes))
        assert await accepted(office, code) is works


REFUSED: dict[str, tuple[Person, Meanwhile]] = {
    "one's own": (OFFICER, nothing),
    "another office's": (CLINICIAN, nothing),
    "confirmed before": (SECOND, confirmed),
    "over": (SECOND, lambda world: passes(world, WAITING)),
    "ended by who recorded it": (SECOND, lambda world: ended(world, OFFICER)),
    "ended by the second": (SECOND, lambda world: ended(world, SECOND)),
    "who recorded it is withdrawn": (SECOND, lambda world: withdraw(world, OFFICER)),
    "who recorded it administers no more": (
        SECOND,
        lambda world: change(world, OFFICER, administers=False),
    ),
    "another office's, where who recorded it went since": (
        CLINICIAN,
        lambda world: change(world, OFFICER, organization=SUZU),
    ),
    "offered by one person, before there were two": (
        SECOND,
        lambda world: change_entry(world, waits_until=None, code_mac=b"c"),
    ),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_what_is_not_theirs_to_confirm(office: World, why: str) -> None:
    by, meanwhile = REFUSED[why]
    await recorded(office)
    await meanwhile(office)
    await unchanged(office, (await row(office))["id"], by)


@pytest.mark.parametrize("id_", ["", "nothing", "x" * 5000])
async def test_what_is_not_there_reads_the_same(office: World, id_: str) -> None:
    await recorded(office)
    await unchanged(office, id_, SECOND)


@pytest.mark.parametrize("name", ["浜野 結衣", "浜野結衣"])
async def test_who_would_be_the_proxy_does_not_confirm(office: World, name: str) -> None:
    """Their account writes the name with a wide space."""
    await recorded(office, name=name)
    await unchanged(office, (await row(office))["id"], SECOND)


async def unchanged(world: World, id_: str, by: Person) -> None:
    """Confirming fails in the usual words, and neither the entry nor the log tells of it."""
    before, events = await row(world), len(await world.events())
    page = await confirmed(world, id_, by)
    assert (page.status_code, error_on(page).startswith(NOT_CONFIRMED)) == (422, True)
    assert 'class="big long"' not in page.text
    assert await row(world) == before
    assert [kind(one) for one in (await world.events())[events:]] == ["sign-in"]


NOT_ADMITTED: dict[str, tuple[Person, Meanwhile]] = {
    "no administrator": (NURSE, nothing),
    "administers no more": (SECOND, lambda world: change(world, SECOND, administers=False)),
    "withdrawn": (SECOND, lambda world: withdraw(world, SECOND)),
}


@pytest.mark.parametrize("why", NOT_ADMITTED)
async def test_who_administers_nothing_confirms_nothing(office: World, why: str) -> None:
    by, meanwhile = NOT_ADMITTED[why]
    await change(office, NURSE, organization=WAJIMA)
    await recorded(office)
    before = await row(office)
    page = await account_page(office, by)
    await meanwhile(office)
    answer = await sent(page, office, "/confirm", grant=before["id"])
    assert (answer.status_code, await row(office)) == (303, before)


async def test_a_form_of_another_page_confirms_nothing(office: World) -> None:
    await recorded(office)
    before = await row(office)
    await account_page(office, SECOND)
    form = {"csrf": "x", "grant": before["id"]}
    answer = await office.http.post(f"{office.issuer}/account/represented/confirm", data=form)
    assert (answer.status_code, await row(office)) == (303, before)


async def test_an_end_that_is_past_cannot_be_confirmed(office: World) -> None:
    guardian = {"relationship": "guardian", "papers": "court-register"}
    await recorded(office, **guardian, until="2026-01-06")
    office.clock.advance(timedelta(days=3))
    before = await row(office)
    page = await confirmed(office)
    assert (page.status_code, "期限は" in error_on(page)) == (422, True)
    assert await row(office) == before


async def test_of_a_child_who_came_of_age_nothing_can_be_confirmed(office: World) -> None:
    """Whatever end stands there, the birth date that was shown counts."""
    await recorded(office)
    entry = await row(office)
    older = office.box.seal(
        b'{"papers": "family-register", "birth_date": "2007-12-31"}',
        bound_to=f"auth/proxy/{entry['id']}/evidence",
    )
    await change_entry(office, evidence_sealed=older)
    before = await row(office)
    page = await confirmed(office)
    assert (page.status_code, "18歳の誕生日" in error_on(page)) == (422, True)
    assert await row(office) == before


async def test_both_see_what_waits_and_one_of_them_the_button(office: World) -> None:
    await recorded(office)
    await change(office, NURSE, organization=WAJIMA, administers=True)
    shown = (
        *("確認待ち", "輪島 そら", "輪島 真理", "(親)", "戸籍全部事項証明書", "2015-08-20"),
        *("薬、氏名・住所・連絡先", "2030-12-31", "見本 officer", "2026-01-05", "2026-01-12"),
    )
    for person, may in ((OFFICER, False), (SECOND, True), (NURSE, True)):
        page = await opened(office, person)
        assert [part for part in shown if part not in page] == []
        assert ("represented/confirm" in page) is may
        assert ("あなたが記録したものです" in page) is (person is OFFICER)
    assert "輪島 そら" not in await opened(office, CLINICIAN)


@pytest.mark.parametrize("by", [OFFICER, SECOND])
async def test_either_ends_it(office: World, by: Person) -> None:
    await recorded(office)
    await ended(office, by)
    entry = await row(office)
    assert (entry["ended_by"], entry["waits_until"]) == (office.accounts[by.username], None)
    assert "輪島 そら" not in await opened(office, by)


ALONE: dict[str, Meanwhile] = {
    "withdrawn": lambda world: withdraw(world, SECOND),
    "not taken up yet": lambda world: change(world, SECOND, invited_until=world.clock.now()),
    "no administrator": lambda world: change(world, SECOND, administers=False),
    "of another office": lambda world: change(world, SECOND, organization="urn:x"),
}


@pytest.mark.parametrize("why", ALONE)
async def test_one_administrator_alone_is_told_before_they_type(office: World, why: str) -> None:
    await ALONE[why](office)
    page = await opened(office, OFFICER)
    assert ("管理者のアカウントがほかにありません" in page, 'name="insurer"' in page) == (
        True,
        False,
    )
    english = await office.http.get(f"{office.issuer}/account/represented?ui_locales=en")
    assert "It takes two" in english.text
    refused = await recorded(office)
    assert (refused.status_code, "2人が必要です" in error_on(refused)) == (422, True)
    assert await grants(office) == []


async def test_the_log_names_both(office: World) -> None:
    await recorded(office)
    await confirmed(office)
    events = [one for one in await office.events() if kind(one).startswith("proxy-")]
    assert [kind(one) for one in events] == ["proxy-recorded", "proxy-offered"]
    one, two = office.accounts[OFFICER.username], office.accounts[SECOND.username]
    first, second = (told(event) for event in events)
    assert (first["actor"], second["actor"]) == (one, two)
    assert (second["recorded-by"], second["confirmed-by"]) == (one, two)
    same = ("proxy", "patient", "relationship", "classes", "until", "evidence")
    assert [first[name] for name in same] == [second[name] for name in same]
    for secret in ("輪島", "見本", "浜野", "00170012"):
        assert secret not in str(events)


async def test_the_persons_own_page_and_the_proxys_show_nothing_that_waits(office: World) -> None:
    await recorded(office)
    entry = await row(office)
    await account_page(office, UNBOUND)
    page = await office.http.get(f"{office.issuer}/account/proxies")
    assert (page.status_code, "輪島" in page.text) == (200, False)
    assert entry["account"] is None
