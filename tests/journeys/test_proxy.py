"""A mother lets her son act for her; he sees and adds, she sees that he did, and ends it at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pyotp.totp import TOTP
from tests.journeys.conftest import PHONE

from tasuki.shared.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from tests.journeys.conftest import Walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

STEP = 30


def sign_in(two: Two, page: Page, *, son: bool = False) -> None:
    """Sign in on the page that is open, with a code that was not used yet."""
    account = two.walk.demo.told["proxy"] if son else two.walk.demo.account("resident")
    code = two.sons_code() if son else two.walk.demo.fresh_code("resident")
    page.fill("#username", account["username"])
    page.fill("#password", account["password"])
    page.fill("#code", code)
    page.click("button[type=submit]")
    page.wait_for_load_state()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def text_of(page: Page) -> str:
    return page.locator("main").inner_text()


@dataclass
class Two:
    """A mother and a son, each at a phone of their own."""

    walk: Walk
    mothers: Page
    sons: Page
    used: int = 0

    @property
    def account(self) -> str:
        return f"{self.walk.demo.told['services']['auth']}/account"

    @property
    def phr(self) -> str:
        return f"{self.walk.demo.base}/phr"

    def sons_code(self) -> str:
        """Return a code that was not used yet."""
        step = max(int(time.time()) // STEP, self.used + 1)
        while step > int(time.time()) // STEP + 1:
            time.sleep(0.5)
        self.used = step
        return TOTP(self.walk.demo.told["proxy"]["totp_secret"]).at(step * STEP)

    def looks_right(self, page: Page, name: str) -> None:
        self.walk.page = page
        self.walk.looks_right(name)


@pytest.fixture
def two(walk: Walk, browser: Browser) -> Iterator[Two]:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="ja-JP")  # type: ignore[arg-type]  # a plain dict is what it takes
    yield Two(walk, walk.page, context.new_page())
    context.close()


def given(two: Two) -> str:
    """Let the son act for the mother, and return the code she tells him."""
    page = two.mothers
    page.goto(two.account)
    sign_in(two, page)
    page.goto(f"{two.account}/proxies")
    two.looks_right(page, "proxy-mine")
    assert "健一" in text_of(page), "the sample has him already"
    page.fill("#name", "健一")
    page.select_option("#relationship", "adult-child")
    page.fill("#person", "母 花子")
    for box in ("class-allergies", "class-contacts", "class-other", "writes"):
        page.check(f"#{box}")
    page.fill("#until", (SystemClock().now() + timedelta(days=90)).date().isoformat())
    press(page, "コードを出す")
    two.looks_right(page, "proxy-code")
    return page.locator(".big").inner_text()


def accepted(two: Two, code: str) -> None:
    page = two.sons
    page.goto(two.account)
    sign_in(two, page, son=True)
    page.goto(f"{two.account}/proxies")
    page.fill("#code", code)
    press(page, "代理を始める")
    assert "代理を始めました" in text_of(page)
    assert "母 花子" in text_of(page)
    two.looks_right(page, "proxy-acting-for")


def acted(two: Two) -> None:
    page = two.sons
    page.goto(f"{two.phr}/")
    sign_in(two, page, son=True)
    two.looks_right(page, "proxy-for-whom")
    page.get_by_label("母 花子").check()
    press(page, "進む")
    two.looks_right(page, "proxy-home")
    assert "代理で見ています: 健一（子）" in text_of(page)
    assert "能登 花子さんの記録です" in text_of(page)
    assert "あなたには開かれていません" in text_of(page), "the medicines"
    page.goto(f"{two.phr}/blood-pressure")
    page.fill("#systolic", "127")
    page.fill("#diastolic", "76")
    page.locator("main form button", has_text="書く").click()
    page.wait_for_load_state()
    assert "127" in text_of(page)
    page.goto(f"{two.phr}/looked")
    two.looks_right(page, "proxy-closed")
    assert "認められていません" in text_of(page)


def test_giving_accepting_acting_and_ending(two: Two) -> None:
    accepted(two, given(two))
    acted(two)

    page = two.mothers
    page.goto(f"{two.phr}/looked")
    sign_in(two, page)
    two.looks_right(page, "proxy-who-looked")
    assert "代理人 健一（子）" in text_of(page)
    page.goto(f"{two.phr}/")
    assert "代理で書いた人: 健一（子）" in text_of(page)

    page.goto(f"{two.account}/proxies")
    press(page, "終わらせる")
    assert "代理を終わらせました" in text_of(page)
    two.looks_right(page, "proxy-ended")
    time.sleep(1)  # what the services promise
    two.sons.goto(f"{two.phr}/")
    assert "/auth/authorize" in two.sons.url, "signed out"
