"""Passkeys: what is refused, in which words, and that a good one stands for two factors.

https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import select
from tests.integration.auth.authenticator import PRESENT, Authenticator, asked, text, unpadded
from tests.integration.auth.world import (
    CLINICIAN,
    NURSE,
    SHELTER,
    Person,
    World,
    read_page,
    redirect_query,
)

from tasuki.auth.one_time_codes import code_at
from tasuki.auth.passkeys.ceremony import read_assertion, read_attestation
from tasuki.auth.provisioning import disable_account
from tasuki.auth.settings import AuthSettings
from tasuki.auth.tables import PASSKEY
from tasuki.shared.access.tokens import key_id

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

pytestmark = pytest.mark.anyio


async def account_page(world: World, person: Person) -> httpx2.Response:
    """Sign in to the account pages with a fresh browser and return the first."""
    world.http.cookies.clear()
    world.clock.advance(timedelta(seconds=30))
    page = read_page(await world.http.get(f"{world.issuer}/account"))
    form = {
        "csrf": page.csrf,
        "username": person.username,
        "password": person.password,
        "code": code_at(person.totp_secret, world.clock.now()),
    }
    answer = await world.http.post(page.action, data=form)
    assert answer.status_code == 303, answer.text
    return await world.http.get(answer.headers["location"])


async def add(
    world: World, page: httpx2.Response, answer: str, label: str = "見本の端末"
) -> httpx2.Response:
    form = {"csrf": read_page(page).csrf, "passkey": answer, "label": label}
    sent = await world.http.post(f"{world.issuer}/account/passkeys", data=form)
    assert sent.status_code == 303
    return await world.http.get(sent.headers["location"])


async def registered(world: World, person: Person = NURSE) -> Authenticator:
    device = Authenticator()
    page = await account_page(world, person)
    assert "登録しました" in (await add(world, page, device.create(asked(page)))).text
    return device


async def sign_in(world: World, device: Authenticator, **odd: Any) -> httpx2.Response:
    world.clock.advance(timedelta(seconds=1))
    page = await world.open_page(aud=SHELTER)
    answer = device.get(asked(page.response), **odd)
    form = {"csrf": page.csrf, "passkey": answer, "purpose": "DISASTER", "username": ""}
    return await world.http.post(page.action, data=form)


async def last_outcome(world: World) -> tuple[str, str]:
    last = [one for one in await world.sign_ins() if one["client"] == "demo"][-1]
    return last["ended"], last["method"]


async def kept(world: World) -> int:
    async with world.engine.connect() as connection:
        return len((await connection.execute(select(PASSKEY.c.credential))).all())


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "the holder was not checked": ({"flags": PRESENT}, "wrong-passkey"),
    "nobody was present": ({"flags": 0}, "wrong-passkey"),
    "another origin": ({"origin": "http://localhost.evil.example:8765"}, "wrong-passkey"),
    "another port": ({"origin": "http://localhost:8766"}, "wrong-passkey"),
    "another domain": ({"domain": "evil.example"}, "wrong-passkey"),
    "in a frame": ({"framed": True}, "unreadable-passkey"),
    "made, not used": ({"what": "webauthn.create"}, "wrong-passkey"),
    "a signature of something else": ({"signed": b"something else"}, "wrong-passkey"),
    "another owner": ({"owner": "somebody"}, "wrong-passkey"),
    "a challenge of one's own": ({"challenge": text(b"c" * 56)}, "stale-challenge"),
    "a short challenge": ({"challenge": text(b"c")}, "stale-challenge"),
    "the counter stands still": ({"count": 1}, "copied-passkey"),
    "the counter goes back to nothing": ({"count": 0}, "copied-passkey"),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_a_refused_passkey_is_told_in_the_words_of_a_wrong_password(
    by_name: World, why: str
) -> None:
    odd, outcome = REFUSED[why]
    device = await registered(by_name)
    refused = await sign_in(by_name, device, **odd)
    assert refused.status_code == 403
    assert "サインインできませんでした" in refused.text
    assert await last_outcome(by_name) == (outcome, "passkey")
    assert (await sign_in(by_name, device, count=5)).status_code == 303, "nothing was harmed"


async def test_a_passkey_stands_for_two_factors(by_name: World) -> None:
    device = await registered(by_name)
    answer = await sign_in(by_name, device)
    assert answer.status_code == 303
    tokens = await by_name.redeem(redirect_query(answer)["code"])
    assert tokens.status_code == 200
    assert key_id(tokens.json()["access_token"])
    claims = json.loads(_payload(tokens.json()["id_token"]))
    assert claims["amr"] == ["pop", "user", "mfa"]
    assert await last_outcome(by_name) == ("signed-in", "passkey")


async def test_an_answer_is_good_once(by_name: World) -> None:
    device = await registered(by_name)
    page = await by_name.open_page(aud=SHELTER)
    options = asked(page.response)
    form = {"csrf": page.csrf, "purpose": "DISASTER"}
    first = await by_name.http.post(page.action, data=form | {"passkey": device.get(options)})
    by_name.clock.advance(timedelta(seconds=1))
    again = await by_name.http.post(page.action, data=form | {"passkey": device.get(options)})
    assert (first.status_code, again.status_code) == (303, 403)
    assert await last_outcome(by_name) == ("replayed-challenge", "passkey")


async def test_a_challenge_is_good_on_its_page_and_for_half_an_hour(by_name: World) -> None:
    device = await registered(by_name)
    options = asked((await by_name.open_page(aud=SHELTER)).response)
    other = await by_name.open_page(aud=SHELTER, state="another page, another request")
    form = {"csrf": other.csrf, "purpose": "DISASTER", "passkey": device.get(options)}
    assert (await by_name.http.post(other.action, data=form)).status_code == 403
    assert await last_outcome(by_name) == ("stale-challenge", "passkey")

    by_name.clock.advance(timedelta(minutes=31))
    page = await by_name.open_page(aud=SHELTER)
    late = {"csrf": page.csrf, "purpose": "DISASTER", "passkey": device.get(options)}
    assert (await by_name.http.post(page.action, data=late)).status_code == 403


async def test_a_challenge_is_good_in_its_browser_only(by_name: World) -> None:
    device = await registered(by_name)
    options = asked((await by_name.open_page(aud=SHELTER)).response)
    by_name.http.cookies.clear()
    page = await by_name.open_page(aud=SHELTER)
    form = {"csrf": page.csrf, "purpose": "DISASTER", "passkey": device.get(options)}
    assert (await by_name.http.post(page.action, data=form)).status_code == 403
    assert await last_outcome(by_name) == ("stale-challenge", "passkey")


async def test_an_unknown_passkey_and_one_of_a_disabled_account_are_refused(
    by_name: World,
) -> None:
    assert (await sign_in(by_name, Authenticator(owner="x"))).status_code == 403
    assert await last_outcome(by_name) == ("unknown-passkey", "passkey")
    device = await registered(by_name)
    async with by_name.engine.begin() as connection:
        await disable_account(connection, by_name.means, by_name.accounts[NURSE.username])
    assert (await sign_in(by_name, device)).status_code == 403
    assert await last_outcome(by_name) == ("disabled", "passkey")


async def test_wrong_passwords_of_a_stranger_do_not_keep_a_passkey_out(by_name: World) -> None:
    device = await registered(by_name)
    for _ in range(6):
        page = await by_name.open_page(aud=SHELTER)
        assert (await by_name.submit(page, NURSE, password="guess")).status_code == 403
    assert (await sign_in(by_name, device)).status_code == 303


NOT_MADE: dict[str, dict[str, Any]] = {
    "the holder was not checked": {"flags": PRESENT},
    "another origin": {"origin": "https://evil.example"},
    "another domain": {"domain": "evil.example"},
    "in a frame": {"framed": True},
    "used, not made": {"what": "webauthn.get"},
    "a challenge of one's own": {"challenge": text(b"c" * 56)},
}


@pytest.mark.parametrize("why", NOT_MADE)
async def test_a_passkey_made_otherwise_is_not_kept(by_name: World, why: str) -> None:
    page = await account_page(by_name, NURSE)
    answer = Authenticator().create(asked(page), **NOT_MADE[why])
    assert "登録できませんでした" in (await add(by_name, page, answer)).text
    assert await kept(by_name) == 0


async def test_a_creation_answer_is_good_once_and_a_credential_belongs_to_one(
    by_name: World,
) -> None:
    device, page = Authenticator(), await account_page(by_name, NURSE)
    answer = device.create(asked(page))
    after = await add(by_name, page, answer)
    assert "登録しました" in after.text
    assert "登録できませんでした" in (await add(by_name, after, answer)).text
    theirs = await account_page(by_name, CLINICIAN)
    assert "登録できませんでした" in (await add(by_name, theirs, device.create(asked(theirs)))).text
    assert await kept(by_name) == 1


async def test_only_ones_own_passkey_can_be_removed(by_name: World) -> None:
    await registered(by_name)
    mine = await by_name.http.get(f"{by_name.issuer}/account")
    credential = re.search(r'name="credential" value="([^"]+)"', mine.text)
    assert credential is not None
    assert "見本の端末" in mine.text
    theirs = await account_page(by_name, CLINICIAN)
    assert credential[1] not in theirs.text
    remove = f"{by_name.issuer}/account/passkeys/remove"
    form = {"csrf": read_page(theirs).csrf, "credential": credential[1]}
    await by_name.http.post(remove, data=form)
    await by_name.http.post(remove, data=form | {"credential": "not base64é"})
    assert await kept(by_name) == 1

    own = await account_page(by_name, NURSE)
    form = {"csrf": "none of ours", "credential": credential[1]}
    await by_name.http.post(remove, data=form)
    assert await kept(by_name) == 1, "a form of another site does nothing"
    await by_name.http.post(remove, data=form | {"csrf": read_page(own).csrf})
    assert await kept(by_name) == 0


async def test_no_form_does_anything_without_a_session(by_name: World) -> None:
    page = await account_page(by_name, NURSE)
    answer = Authenticator().create(asked(page))
    by_name.clock.advance(timedelta(minutes=11))
    form = {"csrf": read_page(page).csrf, "passkey": answer}
    sent = await by_name.http.post(f"{by_name.issuer}/account/passkeys", data=form)
    assert 'name="username"' in (await by_name.http.get(sent.headers["location"])).text
    assert await kept(by_name) == 0


async def test_the_account_pages_refuse_like_the_sign_in_page(by_name: World) -> None:
    page = read_page(await by_name.http.get(f"{by_name.issuer}/account"))
    wrong = {"csrf": page.csrf, "username": NURSE.username, "password": "wrong", "code": "1"}
    refused = await by_name.http.post(page.action, data=wrong)
    assert refused.status_code == 403
    assert "サインインできませんでした" in refused.text
    stranger = await by_name.http.post(page.action, data=wrong | {"csrf": "none"})
    assert stranger.status_code == 403
    assert "時間がたちすぎ" in stranger.text


async def test_signing_out_ends_the_session_also_for_who_kept_the_cookie(by_name: World) -> None:
    page = await account_page(by_name, NURSE)
    cookie = by_name.http.cookies["tasuki-account"]
    form = {"csrf": read_page(page).csrf}
    await by_name.http.post(f"{by_name.issuer}/account/sign-out", data=form)
    by_name.http.cookies.set("tasuki-account", cookie, domain="localhost.local", path="/")
    assert 'name="username"' in (await by_name.http.get(f"{by_name.issuer}/account")).text


async def test_the_one_script_is_a_file_of_ours_and_nothing_else_may_run(by_name: World) -> None:
    page = (await by_name.open_page()).response
    script = f"{by_name.issuer}/passkey.js"
    policy = page.headers["content-security-policy"]
    assert f"script-src {script};" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<script[^>]*>", page.text) == [f'<script src="{script}" defer>']
    served = await by_name.http.get(script)
    assert served.headers["content-type"].startswith("text/javascript")
    assert served.headers["x-content-type-options"] == "nosniff"


async def test_on_an_address_there_are_no_passkeys_and_no_script(world: World) -> None:
    page = await account_page(world, NURSE)
    assert "パスキーを使えません" in page.text
    assert "<script" not in page.text
    sign_in = (await world.open_page()).response
    assert "data-options" not in sign_in.text


@pytest.mark.parametrize("domain", ["example.jp", "host", "evil.auth.example.jp", "jp"])
def test_passkeys_of_somebody_elses_domain_are_not_ours(domain: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="passkeys"):
        AuthSettings(
            issuer="https://auth.localhost" if domain == "host" else "https://auth.example.or.jp",
            database_url=SecretStr("x"),
            signing_keys=tmp_path,
            passkey_domain=domain,
        )


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "[]",
        "{}",
        "null",
        "9" * 20_000,
        "[" * 9_000,
        '{"id": 1}',
        json.dumps(
            {
                "id": "aa",
                "rawId": "aa",
                "type": "public-key",
                "response": {
                    "clientDataJSON": text(b'{"type":1,"challenge":2,"origin":[]}'),
                    "authenticatorData": "é",
                    "signature": "a",
                    "attestationObject": "a",
                    "userHandle": "_w",
                },
            }
        ),
    ],
)
def test_what_is_no_answer_is_read_as_none(sent: str) -> None:
    assert read_assertion(sent) is None
    assert read_attestation(sent) is None


def _payload(token: str) -> bytes:
    return unpadded(token.split(".")[1])


async def test_the_account_page_is_found_from_where_people_sign_in(world: World) -> None:
    page = (await world.open_page()).response.text
    link = re.search(r'<a href="([^"]+/account[^"]*)">', page)
    assert link is not None
    account = await world.http.get(link[1])
    assert account.status_code == 200
    assert "/account/invited?" in account.text
