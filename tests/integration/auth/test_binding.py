"""A resident binds their own account: insurer identity, birth date and a code, all three or nothing.

With the real PHR beside it. docs/api/auth/account.md
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text, update
from tests.integration.auth import test_represented
from tests.integration.auth.acting import claims
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.test_represented import CHILD, ELSEWHERE, code_on
from tests.integration.auth.world import (
    BIRTH_DATE,
    CLINICIAN,
    NURSE,
    OFFICER,
    RESIDENT,
    UNBOUND,
    World,
    read_page,
)

from tasuki.auth.tables import ACCOUNT, METADATA, PERSON_LINK

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio

office = test_represented.office
PARTS = ("insurer", "symbol", "number", "branch")
ME = {**dict(zip(PARTS, CHILD, strict=True)), "birth_date": "2015-08-20"}
OTHER = {**dict(zip(PARTS, ELSEWHERE, strict=True)), "birth_date": "2015-08-20"}


async def sent(world: World, by: Any, path: str, **form: str) -> httpx2.Response:
    await account_page(world, by)
    page = await world.http.get(f"{world.issuer}/account/{path}")
    csrf = "" if page.status_code == 303 else read_page(page).csrf
    return await world.http.post(f"{world.issuer}/account/{path}", data={"csrf": csrf} | form)


async def code_for(world: World, by: Any = OFFICER, **changes: str) -> str:
    return code_on(await sent(world, by, "codes", **ME | changes))


async def bound(world: World, code: str, by: Any = UNBOUND, **changes: str) -> bool:
    answer = await sent(world, by, "record", **ME | changes, code=code)
    return "said_bound" in answer.headers.get("location", "")


async def links(world: World) -> list[Any]:
    made = select(PERSON_LINK).where(PERSON_LINK.c.account == world.accounts[UNBOUND.username])
    async with world.engine.connect() as connection:
        return list((await connection.execute(made)).mappings())


async def test_all_three_bind_and_the_next_token_says_who(office: World) -> None:
    assert "自分の記録につなぐ" in (await account_page(office, UNBOUND)).text
    assert await bound(office, await code_for(office))
    (link,) = await links(office)
    tokens = await office.tokens(UNBOUND)
    assert claims(tokens["access_token"])["patient"] == link["patient"]
    evidence = json.loads(
        office.box.unseal(link["evidence_sealed"], bound_to=f"auth/person_link/{link['id']}")
    )
    assert (evidence["birth_date"], evidence["code"]) == ("2015-08-20", "confirmed")
    assert "自分の記録につなぐ" not in (await account_page(office, UNBOUND)).text


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_date": "2015-08-21"},
        {"branch": "01"},
        {"number": "9999"},
        {"insurer": "x"},
        {"birth_date": ""},
        OTHER,
    ],
)
async def test_whatever_does_not_agree_reads_the_same(
    office: World, changes: dict[str, str]
) -> None:
    code = await code_for(office)

    def bare(answer: httpx2.Response) -> str:
        return re.sub(r'nonce="[^"]+"|name="csrf" value="[^"]+"', "", answer.text)

    wrong = await sent(office, UNBOUND, "record", **ME | changes, code=code)
    wrong_code = await sent(office, UNBOUND, "record", **ME, code="0000000000")
    assert (wrong.status_code, bare(wrong)) == (422, bare(wrong_code))
    assert await links(office) == []


async def test_a_code_is_burned_after_three_attempts_that_do_not_agree(office: World) -> None:
    code = await code_for(office)
    for _ in range(3):
        assert not await bound(office, code, birth_date="2015-08-21")
    assert not await bound(office, code)
    assert await bound(office, await code_for(office))


async def test_an_account_waits_after_five(office: World) -> None:
    for number in range(5):
        assert not await bound(office, f"000000000{number}")
    code = await code_for(office)
    assert not await bound(office, code)
    office.clock.advance(timedelta(minutes=61))
    assert await bound(office, code)


async def test_a_code_lives_a_week_and_a_newer_one_ends_it(office: World) -> None:
    first = await code_for(office)
    second = await code_for(office)
    assert not await bound(office, first)
    office.clock.advance(timedelta(days=7))
    assert not await bound(office, second)
    assert await bound(office, await code_for(office))


async def test_one_account_for_one_person(office: World) -> None:
    assert await bound(office, await code_for(office))
    assert not await bound(office, await code_for(office, CLINICIAN, **OTHER), **OTHER), "again"
    assert len(await links(office)) == 1
    page = await sent(office, RESIDENT, "record", **ME, code=await code_for(office))
    assert page.status_code == 303, "bound already"


async def test_who_is_bound_elsewhere_is_bound_by_nobody_else(office: World) -> None:
    code = await code_for(office)
    taken = update(PERSON_LINK).where(PERSON_LINK.c.account == office.accounts[RESIDENT.username])
    assert await bound(office, code)
    (link,) = await links(office)
    async with office.engine.begin() as connection:
        mine = PERSON_LINK.c.account == office.accounts[UNBOUND.username]
        await connection.execute(update(PERSON_LINK).where(mine).values(ended_at=link["bound_at"]))
        await connection.execute(taken.values(patient=link["patient"]))
    assert not await bound(office, await code_for(office))


async def test_an_office_gives_codes_for_its_own_residents_alone(office: World) -> None:
    for by, whom in ((OFFICER, OTHER), (CLINICIAN, ME)):
        page = await sent(office, by, "codes", **whom)
        assert (page.status_code, "住民として見つかりません" in page.text) == (422, True)
    async with office.engine.begin() as connection:
        plain = update(ACCOUNT).where(ACCOUNT.c.id == office.accounts[CLINICIAN.username])
        await connection.execute(plain.values(organization="urn:tasuki:institution|1"))
    for by in (NURSE, CLINICIAN, RESIDENT):
        assert (await sent(office, by, "codes", **ME)).status_code == 303
    for by in (NURSE, OFFICER):
        assert (await sent(office, by, "record", **ME, code="1")).status_code == 303


async def test_nothing_of_it_is_stored_in_the_clear(office: World) -> None:
    code = await code_for(office)
    await bound(office, code, birth_date=BIRTH_DATE.isoformat())
    await bound(office, code)
    stored = []
    async with office.engine.connect() as connection:
        for table in METADATA.sorted_tables:
            query = text(f'SELECT string_agg(t::text, chr(10)) FROM "{table.name}" t')
            stored.append(await connection.scalar(query) or "")
    everything = "\n".join(stored)
    for secret in (code.replace(" ", ""), "2015-08-20", ":1234:", "00170012"):
        assert secret not in everything
        assert secret.encode().hex() not in everything
