"""Two factors at a gymnasium: what is refused, what a refusal tells, and what is kept.

NIST SP 800-63B-4; MHLW safety guideline 6.0, section 14
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from tests.integration.auth.world import (
    CLINICIAN,
    EHR_A,
    NURSE,
    PEOPLE,
    RESIDENT,
    SHELTER,
    Person,
    World,
    read_page,
    redirect_query,
)

from tasuki.auth.one_time_codes import code_at
from tasuki.auth.provisioning import disable_account
from tasuki.auth.routes import authorize
from tasuki.auth.routes.requests import decided
from tasuki.auth.tables import METADATA

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio

NOBODY = Person("nobody", "no password", "G" * 32, NURSE.role)


def without_secrets(response: httpx2.Response) -> str:
    page = re.sub(r'nonce="[^"]+"|name="csrf" value="[^"]+"', "", response.text)
    assert "nonce" not in page
    return page


async def outcomes(world: World) -> list[str]:
    return [one["ended"] for one in await world.sign_ins()]


async def test_every_failure_looks_the_same_and_is_recorded_as_what_it_was(world: World) -> None:
    async with world.engine.begin() as connection:
        await disable_account(connection, world.means, world.accounts[CLINICIAN.username])
    pages = []
    for person, changes in (
        (NOBODY, {}),
        (NURSE, {"password": "wrong"}),
        (NURSE, {"password": "x" * 300}),
        (NURSE, {"code": "000000"}),
        (NURSE, {"code": ""}),
        (NURSE, {"code": "x" * 9_999}),
        (CLINICIAN, {"purpose": "DISASTER"}),
        (Person("a\0b\ud800", "a", "A" * 32, NURSE.role), {"username": "a\0b"}),
    ):
        world.clock.advance(timedelta(seconds=30))
        response = await world.submit(await world.open_page(), person, **changes)
        assert response.status_code == 403
        pages.append(without_secrets(response))

    assert len(set(pages)) == 1
    assert "サインインできませんでした" in pages[0]
    assert await outcomes(world) == [
        "unknown-user",
        "wrong-password",
        "wrong-password",
        "wrong-code",
        "wrong-code",
        "wrong-code",
        "disabled",
        "unknown-user",
    ]


async def test_a_one_time_code_is_good_once(world: World) -> None:
    page = await world.open_page(aud=SHELTER)
    assert (await world.submit(page, NURSE)).status_code == 303
    assert (await world.submit(page, NURSE)).status_code == 403
    world.clock.advance(timedelta(seconds=30))
    assert (await world.submit(page, NURSE)).status_code == 303
    assert await outcomes(world) == ["signed-in", "replayed-code", "signed-in"]


async def test_of_eight_uses_of_a_code_at_once_exactly_one_signs_in(world: World) -> None:
    page = await world.open_page(aud=SHELTER)
    answers = await asyncio.gather(*(world.submit(page, NURSE) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [303, *[403] * 7]


async def test_an_older_code_than_the_last_is_a_replay(world: World) -> None:
    page = await world.open_page(aud=SHELTER)
    older = code_at(NURSE.totp_secret, world.clock.now())
    world.clock.advance(timedelta(seconds=30))
    assert (await world.submit(page, NURSE)).status_code == 303
    assert (await world.submit(page, NURSE, code=older)).status_code == 403


@pytest.mark.parametrize(("seconds", "status"), [(-60, 403), (-30, 303), (30, 303), (60, 403)])
async def test_one_step_of_grace_on_either_side(world: World, seconds: int, status: int) -> None:
    code = code_at(NURSE.totp_secret, world.clock.now() + timedelta(seconds=seconds))
    response = await world.submit(await world.open_page(aud=SHELTER), NURSE, code=code)
    assert response.status_code == status


async def test_a_code_does_not_grow_too_old_while_it_waits_for_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(*given: Any) -> Any:
        world.clock.advance(timedelta(seconds=100))
        return await decided(*given)

    page, code = await world.open_page(), code_at(RESIDENT.totp_secret, world.clock.now())
    monkeypatch.setattr(authorize, "decided", late)
    assert (await world.submit(page, RESIDENT, code=code)).status_code == 303
    world.clock.advance(timedelta(seconds=40))
    again = await world.submit(await world.open_page(), RESIDENT, code=code)
    assert again.status_code == 403, "used, and too old when it came"


async def test_full_width_digits_and_user_names_are_read_as_meant(world: World) -> None:
    code = code_at(NURSE.totp_secret, world.clock.now())
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    response = await world.submit(
        await world.open_page(aud=SHELTER),
        NURSE,
        username="NURSE.Tanaka ",
        code=f"{wide[:3]} {wide[3:]}",
    )
    assert response.status_code == 303


async def attempt(world: World, **changes: str) -> int:
    world.clock.advance(timedelta(seconds=30))
    page = await world.open_page(aud=SHELTER)
    return (await world.submit(page, NURSE, **changes)).status_code


async def test_five_failures_lock_and_the_lock_grows(world: World) -> None:
    for _ in range(5):
        assert await attempt(world, password="wrong") == 403
    assert await attempt(world) == 403, "locked, though both factors are right"
    world.clock.advance(timedelta(seconds=30))
    assert await attempt(world, password="wrong") == 403, "the sixth failure locks for two minutes"
    world.clock.advance(timedelta(seconds=60))
    assert await attempt(world) == 403
    assert await attempt(world) == 303
    assert await outcomes(world) == [
        *["wrong-password"] * 5,
        "locked",
        "wrong-password",
        "locked",
        "signed-in",
    ]


async def test_a_success_forgets_earlier_failures(world: World) -> None:
    for _ in range(2):
        for _ in range(4):
            assert await attempt(world, code="000000") == 403
        assert await attempt(world) == 303


async def test_guesses_at_once_do_not_slip_past_the_lock(world: World) -> None:
    page = await world.open_page(aud=SHELTER)
    guesses = [world.submit(page, NURSE, password=f"guess {n}") for n in range(12)]
    await asyncio.gather(*guesses)
    told = await outcomes(world)
    assert sorted(told) == [*["locked"] * 7, *["wrong-password"] * 5]


async def test_the_page_is_small_works_without_scripts_and_allows_none(world: World) -> None:
    response = (await world.open_page()).response
    policy = response.headers["content-security-policy"]

    assert len(response.content) < 100_000
    assert "<script" not in response.text
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9999;" in policy
    assert response.headers["cache-control"] == "no-store"
    assert "見本のアプリ &lt;b&gt;" in response.text
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_every_field_has_a_label_and_says_what_it_is_to_password_managers(
    world: World,
) -> None:
    page = (await world.open_page(patient="Patient/1")).response.text
    fields = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', page)
    assert fields == ["username", "password", "code", "purpose", "reason"]
    assert re.findall(r'<label for="([^"]+)"', page) == fields
    for hint in ("username", "current-password", "one-time-code"):
        assert f'autocomplete="{hint}"' in page


async def test_the_page_speaks_english_when_asked_and_keeps_the_request(world: World) -> None:
    page = (await world.open_page()).response.text
    link = re.search(r'<a href="([^"]+)" hreflang="en"', page)
    assert '<html lang="ja">' in page
    assert link is not None
    response = await world.http.get(link[1].replace("&amp;", "&"))
    assert '<html lang="en">' in response.text
    assert "One-time code" in response.text
    signed_in = await world.submit(read_page(response), RESIDENT)
    assert redirect_query(signed_in)["state"] == "s" * 22


async def test_nothing_personal_or_secret_is_stored_in_the_clear(world: World) -> None:
    answer = await world.tokens()
    code = await world.code(NURSE, aud=SHELTER)
    page = await world.open_page(aud=EHR_A, patient="Patient/p9", purpose="BTG")
    await world.submit(page, CLINICIAN, reason="意識がない")
    secrets = ["意識がない", code, answer["refresh_token"], "1948-03-09", "見本 nurse"]
    for person in PEOPLE:
        secrets += [person.username, person.password, person.totp_secret]

    stored = []
    async with world.engine.connect() as connection:
        for table in METADATA.sorted_tables:
            query = text(f'SELECT string_agg(t::text, chr(10)) FROM "{table.name}" t')
            stored.append(await connection.scalar(query) or "")
    everything = "\n".join(stored).lower()
    assert "token_family" not in everything
    assert world.accounts[NURSE.username] in everything
    for secret in secrets:
        assert secret.lower() not in everything
        assert secret.encode().hex() not in everything
