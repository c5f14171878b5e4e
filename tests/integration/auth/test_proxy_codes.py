"""Codes and tickets of proxies: once, soon, in the right hands; and all that is wrong reads the same."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from tests.integration.auth.acting import (
    SON,
    accepted,
    choose,
    code_of,
    grants_on,
    paired,
    posted,
    whom_page,
)
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.world import PATIENT, RESIDENT, World, redirect_query

from tasuki.auth.provisioning import disable_account
from tasuki.auth.tables import PROXY

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio

MOTHER = "母 ようこ"


def bare(answer: httpx2.Response) -> str:
    return re.sub(r'nonce="[^"]+"|name="csrf" value="[^"]+"', "", answer.text)


async def typed(world: World, code: str, by: object = SON) -> httpx2.Response:
    await account_page(world, by)  # type: ignore[arg-type]
    return await posted(world, "/accept", code=code)


async def test_a_code_is_used_once(world: World) -> None:
    code = await code_of(world)
    assert await accepted(world, code.replace(" ", "-"))
    assert not await accepted(world, code)


async def test_full_width_digits_are_read(world: World) -> None:
    code = await code_of(world)
    assert await accepted(world, code.translate({ord("0") + n: 0xFF10 + n for n in range(10)}))


async def test_a_code_is_good_for_half_an_hour(world: World) -> None:
    code = await code_of(world)
    world.clock.advance(timedelta(minutes=30))
    assert not await accepted(world, code)


async def test_nobody_accepts_their_own(world: World) -> None:
    code = await code_of(world)
    assert not await accepted(world, code, RESIDENT)
    assert await accepted(world, code)


async def test_who_is_the_person_by_another_account_does_not_accept(world: World) -> None:
    code = await code_of(world)
    other = update(PROXY).values(given_by=world.accounts["dr.sato"], basis="papers")
    async with world.engine.begin() as connection:
        await connection.execute(other)
    assert not await accepted(world, code, RESIDENT)


async def test_an_offer_taken_back_is_no_offer(world: World) -> None:
    code = await code_of(world)
    page = (await world.http.get(f"{world.issuer}/account/proxies")).text
    grant = re.search(r'name="grant" value="([^"]+)"', page)
    assert grant is not None
    await posted(world, "/end", grant=grant[1])
    assert not await accepted(world, code)


async def test_whatever_is_wrong_reads_the_same(world: World) -> None:
    """A stranger's guess, one's own code, a spent one, none: nothing tells which there are."""
    spent = await code_of(world)
    await accepted(world, spent)
    own = await code_of(world)
    late = await code_of(world, name="次郎")
    world.clock.advance(timedelta(minutes=31))
    answers = [await typed(world, code) for code in ("0000000000", spent, late, "x")]
    assert {one.status_code for one in answers} == {422}
    assert len({bare(one) for one in answers}) == 1
    assert (await typed(world, own, RESIDENT)).status_code == 422


async def test_after_five_guesses_the_right_code_is_refused_for_an_hour(world: World) -> None:
    for number in range(5):
        assert not await accepted(world, f"000000000{number}")
    code = await code_of(world)
    refused = await typed(world, code)
    assert refused.status_code == 422
    world.clock.advance(timedelta(minutes=61))
    assert await accepted(world, await code_of(world))


async def test_a_ticket_is_spent_by_using_it(world: World) -> None:
    await paired(world)
    page = await whom_page(world)
    mother = grants_on(page)[MOTHER]
    assert (await choose(world, page, mother)).status_code == 303
    again = await choose(world, page, "self")
    assert (again.status_code, "時間がたちすぎました" in again.text) == (403, True)


async def test_a_ticket_is_of_one_browser_one_request_and_five_minutes(world: World) -> None:
    await paired(world)
    page = await whom_page(world)
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket is not None
    other = await world.open_page(state="t" * 22)
    for text in (ticket[1], "x", "", ticket[1][:-8] + "AAAAAAAA"):
        form = {"csrf": other.csrf, "ticket": text, "acts_for": "self"}
        assert (await world.http.post(other.action, data=form)).status_code == 403
    cookies = dict(world.http.cookies)
    world.http.cookies.clear()
    fresh = await world.open_page()
    form = {"csrf": fresh.csrf, "ticket": ticket[1], "acts_for": "self"}
    assert (await world.http.post(fresh.action, data=form)).status_code == 403
    world.http.cookies.clear()
    world.http.cookies.update(cookies)
    world.clock.advance(timedelta(minutes=5))
    assert (await choose(world, page, "self")).status_code == 403


async def test_a_ticket_opens_no_grant_but_ones_own(world: World) -> None:
    await paired(world)
    for forged in ("nobody", PATIENT, "' OR true"):
        assert (await choose(world, await whom_page(world), forged)).status_code == 403
    page = await whom_page(world)
    async with world.engine.begin() as connection:
        await connection.execute(update(PROXY).values(account=world.accounts["dr.sato"]))
    answer = await choose(world, page, grants_on(page)[MOTHER])
    assert (answer.status_code, "使えません" in answer.text) == (403, True)


async def test_a_grant_ended_between_the_pages_is_not_chosen(world: World) -> None:
    await paired(world)
    page = await whom_page(world)
    mother = grants_on(page)[MOTHER]
    await account_page(world, RESIDENT)
    await posted(world, "/end", grant=mother)
    assert (await choose(world, page, mother)).status_code == 403


async def test_an_account_withdrawn_between_the_pages_goes_nowhere(world: World) -> None:
    await paired(world)
    page = await whom_page(world)
    async with world.engine.begin() as connection:
        await disable_account(connection, world.means, world.accounts[SON.username])
    assert (await choose(world, page, grants_on(page)[MOTHER])).status_code == 403


async def test_an_app_may_name_the_person(world: World) -> None:
    """Then nothing is asked; and whom somebody does not act for, they come to nowhere."""
    await paired(world)
    answer = await whom_page(world, patient=PATIENT)
    assert answer.status_code == 303
    tokens = (await world.redeem(redirect_query(answer)["code"])).json()
    assert tokens["patient"] == PATIENT.removeprefix("Patient/")
    assert (await whom_page(world, patient="Patient/somebody")).status_code == 403
    refused = await world.http.get(
        f"{world.issuer}/authorize", params=world.query(purpose="FAMRQT")
    )
    assert "error=invalid_request" in refused.headers["location"], "no app chooses the purpose"
