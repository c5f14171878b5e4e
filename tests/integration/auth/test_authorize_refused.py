"""Authorization requests and forms that get no code.

https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1, https://www.rfc-editor.org/rfc/rfc9700
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from tests.integration.auth.world import (
    CLINICIAN,
    EHR_A,
    ISSUER,
    NURSE,
    REDIRECT,
    RESIDENT,
    World,
    authorize_url,
    redirect_query,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"aud": None}, "invalid_target"),
        ({"aud": "https://elsewhere.example/fhir"}, "invalid_target"),
        ({"resource": "https://elsewhere.example/fhir"}, "invalid_target"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "system/*.rs nonsense"}, "invalid_scope"),
        ({"scope": " ".join(["openid"] * 101)}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"purpose": "SALES"}, "invalid_request"),
        ({"purpose": "BTG"}, "invalid_request"),
        ({"patient": "Patient/a/../b"}, "invalid_request"),
        ({"client_id": "desk", "purpose": "TREAT"}, "invalid_request"),
        ({"client_id": "viewer"}, "invalid_target"),
        ({"nonce": "n" * 256}, "invalid_request"),
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_a_faulty_request_goes_back_to_the_app_without_a_code(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    response = await world.http.get(authorize_url(world.query(**changes)))

    assert response.status_code == 303, response.text
    assert response.headers["location"].startswith(f"{REDIRECT}?")
    told = redirect_query(response)
    assert told["error"] == error
    assert told["iss"] == ISSUER
    assert "code" not in told
    assert told.get("state") == (None if "state" in changes else "s" * 22)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{REDIRECT}/more"},
        {"redirect_uri": f"{REDIRECT}?more=1"},
        {"redirect_uri": 'https://evil.example/"<é>'},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/", "response_type": "token"},
        {"redirect_uri": "https://evil.example/", "code_challenge": None},
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "hospital"},
        {"client_id": "a\0b"},
        {"response_type": 'to"ken'},
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_a_browser_is_never_sent_to_an_address_that_is_not_registered(
    world: World, changes: dict[str, str | None]
) -> None:
    response = await world.http.get(authorize_url(world.query(**changes)))

    assert response.status_code == 400
    assert "location" not in response.headers
    assert "evil" not in response.text
    assert "form-action 'self'; " in response.headers["content-security-policy"]


async def test_a_repeated_parameter_is_refused(world: World) -> None:
    twice = [*world.query().items(), ("scope", "patient/*.r")]
    response = await world.http.get(f"{ISSUER}/authorize?{urlencode(twice)}")
    assert response.status_code == 400


@pytest.mark.parametrize("csrf", [None, "", "1.a", "9999999999.a", "x.y", "1" * 20 + ".a"])
async def test_a_form_without_its_own_token_is_refused(world: World, csrf: str | None) -> None:
    response = await world.submit(await world.open_page(), RESIDENT, csrf=csrf)
    assert response.status_code == 403
    assert "時間がたちすぎました" in response.text


async def test_a_form_of_another_browser_is_refused(world: World) -> None:
    page = await world.open_page()
    world.http.cookies.clear()
    response = await world.submit(page, RESIDENT)
    assert response.status_code == 403


async def test_a_form_for_another_request_is_refused(world: World) -> None:
    page = await world.open_page()
    page.action = authorize_url(world.query(client_id="other"))
    assert (await world.submit(page, RESIDENT)).status_code == 403


async def test_a_form_left_open_is_refused_and_offered_anew(world: World) -> None:
    page = await world.open_page()
    world.clock.advance(timedelta(minutes=30))
    response = await world.submit(page, RESIDENT)
    assert response.status_code == 403
    assert 'name="csrf"' in response.text


async def test_the_request_is_checked_again_when_the_form_comes_back(world: World) -> None:
    page = await world.open_page()
    page.action = authorize_url(world.query(redirect_uri="https://evil.example/"))
    response = await world.submit(page, RESIDENT)
    assert response.status_code == 400
    assert "location" not in response.headers


async def test_a_purpose_of_another_role_is_refused(world: World) -> None:
    response = await world.submit(await world.open_page(), RESIDENT, purpose="TREAT")
    assert response.status_code == 403
    assert "このアカウントでは" in response.text


async def test_a_purpose_must_be_chosen(world: World) -> None:
    for purpose in (None, "", "SALES"):
        response = await world.submit(await world.open_page(), RESIDENT, purpose=purpose)
        assert "利用目的を選んでください。" in response.text


async def test_an_override_without_a_reason_is_refused(world: World) -> None:
    page = await world.open_page(aud=EHR_A, patient="Patient/p9", purpose="BTG")
    response = await world.submit(page, CLINICIAN, reason="  ")
    assert response.status_code == 403
    assert "理由を記入してください" in response.text


async def test_another_role_cannot_sign_in_at_the_desk(world: World) -> None:
    page = await world.open_page(client_id="desk")
    assert (await world.submit(page, RESIDENT)).status_code == 403


async def test_a_resident_cannot_ask_for_another_person(world: World) -> None:
    page = await world.open_page(patient="Patient/somebody-else")
    response = await world.submit(page, RESIDENT)
    assert response.status_code == 403


async def test_a_role_that_may_hold_nothing_asked_for_gets_no_code(world: World) -> None:
    page = await world.open_page(scope="tasuki/declare")
    told = redirect_query(await world.submit(page, NURSE))
    assert told["error"] == "access_denied"
    assert told["state"] == "s" * 22
    assert "code" not in told


async def test_only_a_small_form_is_read(world: World) -> None:
    page = await world.open_page()
    assert (await world.submit(page, RESIDENT, reason="x" * 70_000)).status_code == 400
    response = await world.http.post(page.action, json={"csrf": page.csrf})
    assert response.status_code == 400
