"""A real browser without JavaScript, at the size of a phone, on the running demo."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from tests.conftest import Demo

PHONE = {"width": 390, "height": 844}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LARGEST_PAGE = 100_000  # bytes


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; loudly skipped where there is none, except in CI."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("TASUKI_REQUIRE_SLOW"):
            pytest.fail("chromium is needed for the journeys")
        pytest.skip("no chromium on this machine: the browser journeys did not run")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh person at a phone: no cookies, no JavaScript, Japanese."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="ja-JP")  # type: ignore[arg-type]  # a plain dict is what it takes
    yield context.new_page()
    context.close()


class Walk:
    """Steps every journey takes."""

    def __init__(self, page: Page, demo: Demo, pictures: Path | None) -> None:
        self.page = page
        self.demo = demo
        self._pictures = pictures

    def sign_in(self, role: str, *, purpose: str | None = None) -> None:
        account = self.demo.account(role)
        self.page.fill("#username", account["username"])
        self.page.fill("#password", account["password"])
        self.page.fill("#code", self.demo.fresh_code(role))
        if purpose is not None:
            self.page.select_option("#purpose", purpose)
        self.page.click("button[type=submit]")
        self.page.wait_for_load_state()

    def looks_right(self, name: str) -> None:
        """What every page must be: small, not wider than the phone, in order; and a picture."""
        assert len(self.page.content().encode()) <= LARGEST_PAGE
        assert self.page.locator("h1").count() == 1
        assert self.page.locator("html").get_attribute("lang") in ("ja", "en")
        unlabelled = [
            field.get_attribute("name")
            for field in self.page.locator(
                "input:not([type=hidden]):not([type=radio]), select, textarea"
            ).all()
            if not self.page.locator(f"label[for='{field.get_attribute('id')}']").count()
        ]
        assert unlabelled == []
        box = self.page.locator("body").bounding_box()
        assert box is not None
        assert box["width"] <= (self.page.viewport_size or {"width": 0})["width"]
        if self._pictures is not None:
            self.page.screenshot(path=self._pictures / f"{name}.png", full_page=True)


@pytest.fixture
def walk(page: Page, demo: Demo) -> Walk:
    """`TASUKI_PICTURES=folder` keeps a screenshot of every page looked at."""
    folder = os.environ.get("TASUKI_PICTURES")
    return Walk(page, demo, Path(folder) if folder else None)
