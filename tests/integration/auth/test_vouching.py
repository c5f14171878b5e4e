"""A broken card: two persons, one short sign-in, both named; one person alone opens nothing.

MHLW safety guideline 6.0, section 14
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from tests.integration.auth.authenticator import unpadded
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.world import (
    CLINICIAN,
    NURSE,
    RESIDENT,
    SHELTER,
    Person,
    World,
    read_page,
    redirect_query,
)

from tasuki.auth.provisioning import disable_account
from tasuki.auth.tables import ACCOUNT
from tasuki.shared.access.tokens import principal_of

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio


async def vouched(
    world: World, by: Person = CLINICIAN, username: str = NURSE.username, reason: str = "カード故障"
) -> httpx2.Response:
    await account_page(world, by)
    page = read_page(await world.http.get(f"{world.issuer}/account/vouch"))
    form = {"csrf": page.csrf, "username": username, "reason": reason}
    return await world.http.post(page.action, data=form)


async def code_for(world: World, by: Person = CLINICIAN, username: str = NURSE.username) -> str:
    page = await vouched(world, by, username)
    shown = re.search(r'<p class="big">([0-9]{4} [0-9]{4})</p>', page.text)
    assert shown is not None, page.text
    return shown[1]


async def attempt(world: World, code: str, person: Person = NURSE, **changes: str) -> int:
    page = await world.open_page(aud=SHELTER)
    return (await world.submit(page, person, code=code, **changes)).status_code


async def test_residents_and_strangers_vouch_for_nobody(world: World) -> None:
    assert "同僚を確かめる" not in (await account_page(world, RESIDENT)).text
    answer = await world.http.get(f"{world.issuer}/account/vouch")
    assert answer.status_code == 303
    world.http.cookies.clear()
    assert (await world.http.get(f"{world.issuer}/account/vouch")).status_code == 303
    sent = await world.http.post(f"{world.issuer}/account/vouch", data={"username": NURSE.username})
    assert sent.status_code == 303


async def test_a_form_of_another_session_gives_no_code(world: World) -> None:
    await account_page(world, CLINICIAN)
    form = {"csrf": "1.x", "username": NURSE.username, "reason": "x"}
    sent = await world.http.post(f"{world.issuer}/account/vouch", data=form)
    assert sent.status_code == 303


async def test_without_a_name_or_a_reason_there_is_no_code(world: World) -> None:
    for name, reason in ((" ", "カード故障"), (NURSE.username, " ")):
        page = await vouched(world, username=name, reason=reason)
        assert page.status_code == 422
        assert "理由を入力" in page.text


@pytest.mark.parametrize("username", ["nobody", RESIDENT.username, CLINICIAN.username])
async def test_nobody_learns_who_has_an_account_by_vouching(world: World, username: str) -> None:
    page = await vouched(world, username=username)
    sound = await vouched(world)

    def bare(answer: httpx2.Response) -> str:
        text = re.sub(r'nonce="[^"]+"|value="[^"]+"', "", answer.text)
        return re.sub(r"[0-9]{4} [0-9]{4}", "", text)

    assert bare(page) == bare(sound)


async def test_a_code_is_for_a_colleague_of_the_same_organisation(world: World) -> None:
    async with world.engine.begin() as connection:
        mine = update(ACCOUNT).where(ACCOUNT.c.id == world.accounts[NURSE.username])
        await connection.execute(mine.values(organization="Organization/2"))
    assert await attempt(world, await code_for(world)) == 403
    assert await attempt(
        world, await code_for(world, CLINICIAN, CLINICIAN.username), CLINICIAN
    ) == (403), "nobody vouches for themselves"
    assert await attempt(world, await code_for(world, CLINICIAN, RESIDENT.username), RESIDENT) == (
        403
    )


async def test_the_code_takes_the_place_of_one_factor_and_no_more(world: World) -> None:
    code = await code_for(world)
    assert await attempt(world, code, password="wrong") == 403
    assert await attempt(world, "00000000") == 403
    assert await attempt(world, code, CLINICIAN) == 403
    assert await attempt(world, code) == 303
    assert await attempt(world, code) == 403, "once"


async def test_a_code_is_good_for_five_minutes_and_a_newer_one_ends_it(world: World) -> None:
    first = await code_for(world)
    second = await code_for(world)
    assert await attempt(world, first) == 403
    assert await attempt(world, second.replace(" ", "")) == 303
    third = await code_for(world)
    world.clock.advance(timedelta(minutes=5))
    assert await attempt(world, third) == 403


async def test_wrong_codes_lock_as_always(world: World) -> None:
    code = await code_for(world)
    for n in range(5):
        assert await attempt(world, f"0000000{n}") == 403
    assert await attempt(world, code) == 403


async def test_it_ends_after_fifteen_minutes_and_names_both(world: World) -> None:
    code = await code_for(world)
    page = await world.open_page(aud=SHELTER)
    answer = await world.submit(page, NURSE, code=code)
    tokens = (await world.redeem(redirect_query(answer)["code"])).json()
    assert tokens["sign_in_expires_in"] == 900
    seen = await world.ask_as("svc-ehr-a", "introspect", token=tokens["access_token"])
    assert seen.json() == {"active": False}, "addressed to another service"
    principal = principal_of(_claims(tokens["access_token"]))
    assert principal.display == "見本 nurse / 見本 clinician"
    assert _claims(tokens["id_token"])["amr"] == ["pwd", "vouched"]

    form = {"grant_type": "refresh_token", "client_id": "demo"}
    world.clock.advance(timedelta(minutes=14))
    renewed = (await world.post("token", form | {"refresh_token": tokens["refresh_token"]})).json()
    assert renewed["expires_in"] <= 60
    world.clock.advance(timedelta(minutes=1))
    ended = await world.post("token", form | {"refresh_token": renewed["refresh_token"]})
    assert ended.json()["error"] == "invalid_grant"

    (seen_as,) = [one for one in await world.sign_ins() if one["method"] == "vouched"]
    assert (seen_as["account"], seen_as["voucher"]) == (
        world.accounts[NURSE.username],
        world.accounts[CLINICIAN.username],
    )


async def test_who_was_vouched_for_changes_no_account_and_vouches_for_nobody(world: World) -> None:
    code = await code_for(world)
    world.http.cookies.clear()
    page = read_page(await world.http.get(f"{world.issuer}/account"))
    form = {"csrf": page.csrf, "username": NURSE.username, "password": NURSE.password, "code": code}
    assert (await world.http.post(page.action, data=form)).status_code == 403
    assert (await world.http.get(f"{world.issuer}/account/vouch")).status_code == 303


async def test_it_ends_with_the_account_of_who_vouched(world: World) -> None:
    code = await code_for(world)
    page = await world.open_page(aud=SHELTER)
    answer = await world.submit(page, NURSE, code=code)
    async with world.engine.begin() as connection:
        await disable_account(connection, world.means, world.accounts[CLINICIAN.username])
    refused = await world.redeem(redirect_query(answer)["code"])
    assert refused.json()["error"] == "invalid_grant"


def _claims(token: str) -> dict[str, object]:
    read: dict[str, object] = json.loads(unpadded(token.split(".")[1]))
    return read
