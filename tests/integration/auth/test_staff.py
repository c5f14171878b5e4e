"""An institution's own staff: opened without a password anybody else knows, withdrawn at once.

MHLW safety guideline 6.0, section 14
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.test_withdrawn import is_withdrawn
from tests.integration.auth.world import (
    CLINICIAN,
    NURSE,
    OFFICER,
    RESIDENT,
    SHELTER,
    Person,
    World,
    kind,
    read_page,
    redirect_query,
    told,
)

from tasuki.auth.one_time_codes import code_at
from tasuki.auth.tables import ACCOUNT
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio

PASSWORD = "鹿が三頭 雪の中を歩いていく"
NEW = {"username": "new.nurse", "display": "新しい看護師", "qualification": "nurse"}


async def staff_page(world: World, by: Person = OFFICER) -> httpx2.Response:
    await account_page(world, by)
    return await world.http.get(f"{world.issuer}/account/staff")


async def post(world: World, page: httpx2.Response, path: str, **form: str) -> httpx2.Response:
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    given = {"csrf": "" if csrf is None else csrf[1]} | form
    return await world.http.post(f"{world.issuer}/account/{path}", data=given)


async def invitation(world: World, **changes: str) -> str:
    page = await post(world, await staff_page(world), "staff", **NEW | changes)
    found = re.search(r"<strong>([2-9A-Z]{5}(?:-[2-9A-Z]{5}){3})</strong>", page.text)
    assert found is not None, page.text
    return found[1]


async def take(world: World, code: str) -> tuple[httpx2.Response, str]:
    """Show an invitation and return the next page with the authenticator's secret."""
    world.http.cookies.clear()
    page = await world.http.get(f"{world.issuer}/account/invited")
    answer = await post(world, page, "invited", invitation=code)
    secret = re.search(r"<strong>([A-Z2-7]{4}(?: [A-Z2-7]{4}){7})</strong>", answer.text)
    return answer, "" if secret is None else secret[1].replace(" ", "")


async def acts(world: World) -> list[tuple[str, str, str]]:
    """Return who did what to which account, oldest first."""
    changes = [one for one in await world.events() if kind(one).startswith("account-")]
    return [(told(one)["actor"], told(one)["account"], kind(one)) for one in changes]


async def finish(world: World, page: httpx2.Response, **form: str) -> httpx2.Response:
    kept = re.search(r'name="invitation" value="([^"]+)"', page.text)
    assert kept is not None
    return await post(world, page, "invited", invitation=unescape(kept[1]), **form)


async def test_only_who_administers_sees_and_changes_anything(world: World) -> None:
    for person in (NURSE, CLINICIAN, RESIDENT):
        page = await account_page(world, person)
        assert "職員の一覧" not in page.text
        listed = await world.http.get(f"{world.issuer}/account/staff")
        assert listed.status_code == 303
        opened = await post(world, page, "staff", **NEW)
        assert opened.status_code == 303
        gone = await post(
            world, page, "staff/withdraw", sure="yes", account=world.accounts[OFFICER.username]
        )
        assert gone.status_code == 303
    assert await acts(world) == []
    async with world.engine.connect() as connection:
        assert (await connection.execute(select(ACCOUNT.c.id))).rowcount == len(world.accounts)


async def test_a_form_of_another_session_changes_nothing(world: World) -> None:
    page = await staff_page(world)
    target = world.accounts[NURSE.username]
    await post(world, page, "staff/withdraw", csrf="1.x", sure="yes", account=target)
    await post(world, page, "staff", csrf="1.x", **NEW)
    assert await acts(world) == []


async def test_another_institution_s_staff_are_neither_seen_nor_withdrawn(world: World) -> None:
    nurse = world.accounts[NURSE.username]
    async with world.engine.begin() as connection:
        mine = update(ACCOUNT).where(ACCOUNT.c.id == nurse)
        await connection.execute(mine.values(organization="Organization/2"))
    page = await staff_page(world)
    assert NURSE.username not in page.text
    assert CLINICIAN.username in page.text
    for account in (nurse, world.accounts[RESIDENT.username], "nobody", ""):
        await post(world, page, "staff/withdraw", sure="yes", account=account)
    await post(world, page, "staff/withdraw", sure="yes", account=world.accounts[OFFICER.username])
    async with world.engine.connect() as connection:
        query = select(ACCOUNT.c.id).where(ACCOUNT.c.disabled)
        assert (await connection.execute(query)).all() == [], "nor oneself"


@pytest.mark.parametrize(
    "changes",
    [
        {"username": " "},
        {"username": NURSE.username.upper()},
        {"display": " "},
        {"display": "x" * 101},
        {"qualification": ""},
        {"qualification": "officer"},
        {"qualification": "hospital"},
    ],
    ids=str,
)
async def test_an_account_that_cannot_be_is_not_opened(
    world: World, changes: dict[str, str]
) -> None:
    page = await post(world, await staff_page(world), "staff", **NEW | changes)
    assert page.status_code == 422
    assert "開けませんでした" in page.text
    async with world.engine.connect() as connection:
        assert (await connection.execute(select(ACCOUNT.c.id))).rowcount == len(world.accounts)


async def test_an_invited_account_cannot_sign_in_yet(world: World) -> None:
    await invitation(world)
    newcomer = Person(NEW["username"], "", "A" * 32, Role.NURSE)
    for password in ("", "*", "x"):
        answer = await world.submit(await world.open_page(aud=SHELTER), newcomer, password=password)
        assert answer.status_code == 403


async def test_an_invitation_is_for_one_and_for_three_days(world: World) -> None:
    code = await invitation(world)
    for wrong in ("", "AAAAA-AAAAA-AAAAA-AAAAA", code[:-1]):
        answer, secret = await take(world, wrong)
        assert (answer.status_code, secret) == (422, "")
        assert "使えません" in answer.text
    _, secret = await take(world, f" {code.lower().replace('-', ' ')} ")
    assert secret, "typed as people type"
    world.clock.advance(timedelta(hours=72))
    answer, secret = await take(world, code)
    assert secret == ""


@pytest.mark.parametrize(
    "form",
    [
        {"password": "short"},
        {"password": "x" * 257},
        {"password": PASSWORD, "code": "000000"},
        {"password": PASSWORD, "code": ""},
    ],
    ids=lambda form: next(iter(form.values()))[:8],
)
async def test_a_short_password_or_a_wrong_code_changes_nothing(
    world: World, form: dict[str, str]
) -> None:
    page, secret = await take(world, await invitation(world))
    sound = {"code": code_at(secret, world.clock.now())}
    assert (await finish(world, page, **sound | form)).status_code == 422
    good = await finish(world, page, password=PASSWORD, **sound)
    assert good.status_code == 303, "and the invitation was not spent"


async def test_opened_taken_up_used_and_withdrawn(world: World) -> None:
    page, secret = await take(world, await invitation(world))
    code = code_at(secret, world.clock.now())
    assert (await finish(world, page, password=PASSWORD, code=code)).status_code == 303
    newcomer = Person(NEW["username"], PASSWORD, secret, Role.NURSE)
    again = await world.submit(await world.open_page(aud=SHELTER), newcomer)
    assert again.status_code == 403, "the code that set it up is spent"
    world.clock.advance(timedelta(seconds=30))
    answer = await world.submit(await world.open_page(aud=SHELTER), newcomer)
    token = (await world.redeem(redirect_query(answer)["code"])).json()["access_token"]
    assert not await is_withdrawn(world, token)

    listed = await staff_page(world)
    async with world.engine.connect() as connection:
        query = select(ACCOUNT.c.id).where(ACCOUNT.c.qualification == "nurse")
        member = str(await connection.scalar(query))
    assert member in listed.text
    done = await post(world, listed, "staff/withdraw", sure="yes", account=member)
    assert "止めました" in (await world.http.get(done.headers["location"])).text
    assert await is_withdrawn(world, token)
    world.clock.advance(timedelta(seconds=30))
    refused = await world.submit(await world.open_page(aud=SHELTER), newcomer)
    assert refused.status_code == 403

    officer = world.accounts[OFFICER.username]
    assert await acts(world) == [
        (officer, member, "account-opened"),
        (member, member, "account-taken-up"),
        (officer, member, "account-withdrawn"),
    ]


async def test_withdrawing_an_invitation_ends_it(world: World) -> None:
    code = await invitation(world)
    listed = await staff_page(world)
    async with world.engine.connect() as connection:
        id_ = await connection.scalar(
            select(ACCOUNT.c.id).where(ACCOUNT.c.invited_until.is_not(None))
        )
    await post(world, listed, "staff/withdraw", sure="yes", account=str(id_))
    assert (await take(world, code))[1] == ""


async def test_the_role_follows_from_the_qualification(world: World) -> None:
    page, secret = await take(world, await invitation(world, qualification="pharmacist"))
    code = code_at(secret, world.clock.now())
    await finish(world, page, password=PASSWORD, code=code)
    query = select(ACCOUNT.c.role, ACCOUNT.c.organization, ACCOUNT.c.region, ACCOUNT.c.administers)
    async with world.engine.connect() as connection:
        row = (await connection.execute(query.where(ACCOUNT.c.qualification == "pharmacist"))).one()
    assert tuple(row) == ("clinician", "Organization/1", "a", False)


async def test_no_page_keeps_the_secret_after_it_was_taken_up(world: World) -> None:
    code = await invitation(world)
    page, secret = await take(world, code)
    taken = await finish(world, page, password=PASSWORD, code=code_at(secret, world.clock.now()))
    assert taken.status_code == 303
    assert (await take(world, code))[1] == ""
    assert read_page(await world.http.get(f"{world.issuer}/account")).csrf


async def test_nothing_ends_by_a_slip_of_the_finger(world: World) -> None:
    page, nurse = await staff_page(world), world.accounts[NURSE.username]
    for path in ("staff/withdraw", "staff/invite"):
        answer = await post(world, page, path, account=nurse)
        assert "しるしを付けて" in (await world.http.get(answer.headers["location"])).text
    assert await world.code(NURSE, aud=SHELTER)


async def test_who_lost_their_phone_starts_anew_and_nothing_of_before_works(world: World) -> None:
    token = (await world.tokens(NURSE, aud=SHELTER))["access_token"]
    page, nurse = await staff_page(world), world.accounts[NURSE.username]
    for stranger in (world.accounts[OFFICER.username], world.accounts[RESIDENT.username], ""):
        answer = await post(world, page, "staff/invite", sure="yes", account=stranger)
        assert "招待コード" not in answer.text
    answer = await post(world, page, "staff/invite", sure="yes", account=nurse)
    found = re.search(r"<strong>([2-9A-Z]{5}(?:-[2-9A-Z]{5}){3})</strong>", answer.text)
    assert found is not None
    assert await is_withdrawn(world, token)
    world.clock.advance(timedelta(seconds=30))
    assert (await world.submit(await world.open_page(aud=SHELTER), NURSE)).status_code == 403
    taken, secret = await take(world, found[1])
    assert secret != NURSE.totp_secret
    code = code_at(secret, world.clock.now())
    assert (await finish(world, taken, password=PASSWORD, code=code)).status_code == 303
    world.clock.advance(timedelta(seconds=30))
    anew = Person(NURSE.username, PASSWORD, secret, Role.NURSE)
    assert (await world.submit(await world.open_page(aud=SHELTER), anew)).status_code == 303


async def test_no_administrator_becomes_an_officer_or_another_administrator(world: World) -> None:
    clinician, officer = (world.accounts[one.username] for one in (CLINICIAN, OFFICER))
    async with world.engine.begin() as connection:
        mine = update(ACCOUNT).where(ACCOUNT.c.id == clinician)
        await connection.execute(mine.values(administers=True))
    page = await staff_page(world, CLINICIAN)
    answer = await post(world, page, "staff/invite", sure="yes", account=officer)
    assert "招待コード" not in answer.text
    async with world.engine.begin() as connection:
        mine = update(ACCOUNT).where(ACCOUNT.c.id == officer)
        await connection.execute(mine.values(administers=False))
    answer = await post(world, page, "staff/invite", sure="yes", account=officer)
    assert "招待コード" not in answer.text, (
        "an officer opens a disaster, whoever administers does not"
    )
    assert await world.code(OFFICER, scope="openid tasuki/declare"), "and nothing ended"
