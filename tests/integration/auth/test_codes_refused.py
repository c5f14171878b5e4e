"""Authorization codes that give no token, and what their misuse ends.

https://www.rfc-editor.org/rfc/rfc7636, https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.integration.auth.world import CLINICIAN, EHR_A, OTHER_REDIRECT, RESIDENT, World

from tasuki.auth.provisioning import disable_account, unbind_resident

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": None}, 400, "invalid_request"),
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": "short"}, 400, "invalid_request"),
        ({"redirect_uri": OTHER_REDIRECT}, 400, "invalid_grant"),
        ({"redirect_uri": None}, 400, "invalid_grant"),
        ({"client_id": "other"}, 400, "invalid_grant"),
        ({"client_id": "viewer"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": None}, 401, "invalid_client"),
        ({"client_secret": "x"}, 200, None),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"code": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "unsupported_grant_type"),
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_a_code_is_good_for_exactly_what_it_was_made_for(
    world: World, changes: dict[str, str | None], status: int, error: str | None
) -> None:
    code = await world.code()
    response = await world.redeem(**{"code": code} | changes)  # type: ignore[arg-type]  # None leaves a field out

    assert response.status_code == status, response.text
    assert response.json().get("error") == error
    assert response.headers["cache-control"] == "no-store"
    if error is not None:
        assert "access_token" not in response.text


async def test_a_code_lives_a_minute(world: World) -> None:
    code = await world.code()
    world.clock.advance(timedelta(seconds=60))
    assert (await world.redeem(code)).json()["error"] == "invalid_grant"


async def test_a_code_tried_with_a_wrong_verifier_is_spent(world: World) -> None:
    code = await world.code()
    await world.redeem(code, code_verifier="w" * 43)
    assert (await world.redeem(code)).json()["error"] == "invalid_grant"


async def test_a_replayed_code_ends_everything_it_gave(world: World) -> None:
    code = await world.code(CLINICIAN, aud=EHR_A)
    answer = (await world.redeem(code)).json()
    assert await world.is_active(answer["access_token"])

    assert (await world.redeem(code)).json()["error"] == "invalid_grant"

    assert not await world.is_active(answer["access_token"])
    again = await world.ask(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert again.json()["error"] == "invalid_grant"


async def test_of_sixteen_redemptions_at_once_exactly_one_gets_a_token(world: World) -> None:
    for _ in range(3):
        code = await world.code()
        answers = await asyncio.gather(*(world.redeem(code) for _ in range(16)))
        assert sorted(answer.status_code for answer in answers) == [200, *[400] * 15]


async def test_another_client_s_attempt_does_not_spend_the_code(world: World) -> None:
    code = await world.code()
    await world.redeem(code, client_id="other")
    assert (await world.redeem(code)).status_code == 200


async def test_a_disabled_account_gets_no_token_for_its_code(world: World) -> None:
    code = await world.code()
    async with world.engine.begin() as connection:
        await disable_account(connection, world.means, world.accounts[RESIDENT.username])
    assert (await world.redeem(code)).json()["error"] == "invalid_grant"


async def test_a_resident_unbound_meanwhile_gets_a_token_without_a_person(world: World) -> None:
    code = await world.code()
    async with world.engine.begin() as connection:
        account = world.accounts[RESIDENT.username]
        await unbind_resident(connection, world.means, account)
    answer = (await world.redeem(code)).json()
    assert answer["scope"] == "fhirUser offline_access openid"
    assert "patient" not in answer


@pytest.mark.parametrize("path", ["token", "introspect", "revoke"])
async def test_only_a_form_is_read(world: World, path: str) -> None:
    url = f"http://127.0.0.1:8765/auth/{path}"
    for body, kind in (
        (b'{"grant_type": "authorization_code"}', "application/json"),
        (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"a=%00", "application/x-www-form-urlencoded"),
        (b"\xff=1", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % n for n in range(61)), "application/x-www-form-urlencoded"),
        (b"a=" + b"1" * 65_536, "application/x-www-form-urlencoded"),
    ):
        response = await world.http.post(url, content=body, headers={"Content-Type": kind})
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_request"
