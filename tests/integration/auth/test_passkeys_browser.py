"""Passkeys in Debian's Chromium, whose virtual authenticator plays the device.

https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn/
"""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import sync_playwright
from pydantic import SecretStr
from tests.conftest import free_port
from tests.integration.auth.world import (
    CLINICIAN,
    NURSE,
    OFFICER,
    REDIRECT,
    SHELTER,
    Person,
)

from tasuki.auth.app import create_app
from tasuki.auth.one_time_codes import code_at
from tasuki.auth.settings import AuthSettings
from tasuki.shared.clock import SystemClock
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.sync_api import CDPSession, Page

    from tasuki.auth.sealing import KeyRingBox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Serving(uvicorn.Server):
    """A server in a thread of this process."""

    @contextmanager
    def going(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        while not self.started:
            assert thread.is_alive()
            thread.join(0.05)
        try:
            yield
        finally:
            self.should_exit = True
            thread.join()


@pytest.fixture
def issuer(
    database_url: str, signing_keys: Path, accounts: dict[str, str], box: KeyRingBox
) -> Iterator[str]:
    """A served authorization server under a host name."""
    del accounts  # they are in the database
    port = free_port()
    url = f"http://localhost:{port}/auth"
    settings = AuthSettings(
        issuer=url, database_url=SecretStr(database_url), signing_keys=signing_keys
    )
    auth = create_app(settings, clock=SystemClock(), ids=RandomIds(), ring=box.ring)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with auth.router.lifespan_context(auth):
            yield

    site = FastAPI(lifespan=lifespan)
    site.mount("/auth", auth)
    config = uvicorn.Config(site, host="127.0.0.1", port=port, log_config=None)
    with Serving(config).going():
        yield url


@pytest.fixture
def page() -> Iterator[Page]:
    """A nurse's phone; `TASUKI_PICTURES=folder` keeps screenshots."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("TASUKI_REQUIRE_SLOW"):
            pytest.fail("chromium is needed for passkeys")
        pytest.skip("no chromium on this machine: passkeys were not tried in a browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        opened = chromium.new_page(viewport={"width": 390, "height": 844}, locale="ja-JP")
        yield opened
        chromium.close()


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("TASUKI_PICTURES")
    if folder is not None:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def device(page: Page) -> tuple[CDPSession, str]:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return session, made["authenticatorId"]


def type_in(page: Page, person: Person) -> None:
    page.fill("#username", person.username)
    page.fill("#password", person.password)
    page.fill("#code", code_at(person.totp_secret, SystemClock().now()))
    page.click("button[type=submit]")


def authorization(issuer: str) -> str:
    query = {
        "response_type": "code",
        "client_id": "demo",
        "redirect_uri": REDIRECT,
        "scope": "openid tasuki/desk",
        "state": "s" * 22,
        "aud": SHELTER,
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    return f"{issuer}/authorize?{urlencode(query)}"


def test_made_after_two_factors_then_signs_in_alone_and_is_removed(issuer: str, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    session, authenticator = device(page)
    page.goto(f"{issuer}/account")
    picture(page, "account-sign-in")
    type_in(page, NURSE)
    page.fill("#label", "看護師のスマートフォン")
    picture(page, "account-empty")
    page.click("#passkey")
    page.get_by_text("パスキーを登録しました").wait_for()
    picture(page, "account-one")

    page.goto(authorization(issuer))
    picture(page, "sign-in-passkey")
    page.click("#passkey")  # the browser itself asks for the purpose first
    assert page.url.startswith(issuer)
    page.select_option("#purpose", "DISASTER")
    # No app listens there: the browser's failed way back is all there is to see of it.
    with page.expect_request_finished(lambda sent: sent.method == "POST") as posted:
        page.click("#passkey")
    answer = posted.value.response()
    assert answer is not None
    assert answer.headers["location"].startswith(f"{REDIRECT}?code=")
    page.wait_for_url("chrome-error://**")

    session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False}
    )
    page.goto(authorization(issuer))
    page.select_option("#purpose", "DISASTER")
    page.click("#passkey")
    page.locator("#passkey-fault").wait_for()
    picture(page, "sign-in-passkey-fault")

    page.goto(f"{issuer}/account")
    page.get_by_role("button", name="削除 看護師のスマートフォン").click()
    page.get_by_text("パスキーを削除しました").wait_for()
    assert page.locator(".rows").count() == 0
    assert [said for said in complaints if "Content Security Policy" in said] == []


def test_a_colleague_vouches_on_a_phone(issuer: str, page: Page) -> None:
    page.goto(f"{issuer}/account")
    type_in(page, CLINICIAN)
    page.get_by_role("link", name="同僚を確かめる").click()
    picture(page, "vouch-form")
    page.fill("#username", NURSE.username)
    page.fill("#reason", "ICカードの故障")
    page.click("button[type=submit]")
    code = page.locator(".big").inner_text()
    picture(page, "vouch-code")

    page.goto(authorization(issuer))
    page.fill("#username", NURSE.username)
    page.fill("#password", NURSE.password)
    page.fill("#code", code)
    page.select_option("#purpose", "DISASTER")
    with page.expect_request_finished(lambda sent: sent.method == "POST") as posted:
        page.click("button[type=submit]")
    answer = posted.value.response()
    assert answer is not None
    assert answer.headers["location"].startswith(f"{REDIRECT}?code=")


def test_an_institution_opens_an_account_and_its_owner_takes_it_up(issuer: str, page: Page) -> None:
    page.goto(f"{issuer}/account")
    type_in(page, OFFICER)
    page.get_by_role("link", name="職員の一覧").click()
    page.fill("#display", "能登 花子")
    page.fill("#username", "noto.hanako")
    page.select_option("#qualification", "nurse")
    page.get_by_role("button", name="開く").click()
    invitation = page.locator(".said strong").inner_text()
    picture(page, "staff-opened")

    page.goto(f"{issuer}/account/invited")
    picture(page, "invited-first")
    page.fill("#invitation", invitation)
    page.click("button[type=submit]")
    secret = page.locator("p strong").nth(1).inner_text().replace(" ", "")
    picture(page, "invited-second")
    page.fill("#code", code_at(secret, SystemClock().now()))
    page.fill("#password", "鹿が三頭 雪の中を歩いていく")
    page.click("button[type=submit]")
    page.get_by_text("アカウントの準備ができました").wait_for()
    picture(page, "invited-done")
