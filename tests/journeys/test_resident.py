"""The resident: write something down, decide who may see it, and see who looked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.journeys.conftest import Walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_write_decide_and_see_who_looked(walk: Walk) -> None:
    page, base = walk.page, f"{walk.demo.base}/phr"
    page.goto(base)
    walk.sign_in("resident")
    walk.looks_right("resident-home")

    page.goto(f"{base}/blood-pressure")
    page.fill("#systolic", "12")
    page.fill("#diastolic", "80")
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    walk.looks_right("resident-wrong")
    page.fill("#systolic", "131")
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    assert "131" in page.locator("main").inner_text()

    page.goto(f"{base}/allergy")
    page.fill("#what", "えび")
    page.check("input[name=category][value=food]")
    page.check("input[name=severity][value=unknown]")
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    walk.looks_right("resident-choose-term")
    page.check("input[name=choice] >> nth=0")
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    assert "えび" in page.locator("main").inner_text()

    page.goto(f"{base}/sharing")
    walk.looks_right("resident-sharing")
    page.goto(f"{base}/sharing/try?choice=withhold")
    walk.looks_right("resident-trying")
    assert "特に慎重な扱いの記録" in page.locator("main").inner_text()
    page.goto(f"{base}/sharing")
    page.get_by_role("button", name="避難所には見せない").click()
    page.wait_for_load_state()
    walk.looks_right("resident-withheld")
    try:
        assert "見られません" in page.locator("main").inner_text()
    finally:
        page.goto(f"{base}/sharing")
        page.locator("button", has_text="避難所").first.click()
        page.wait_for_load_state()
    until = time.monotonic() + 10
    while "見られません" in page.locator("main").inner_text() and time.monotonic() < until:
        page.goto(f"{base}/sharing")

    page.goto(f"{base}/looked")
    walk.looks_right("resident-looked")
    assert "病院の記録" in page.locator("main").inner_text()


def test_keyboard_alone_reaches_the_content(walk: Walk) -> None:
    walk.page.goto(f"{walk.demo.base}/phr/")
    walk.sign_in("resident")
    walk.page.keyboard.press("Tab")
    focused = walk.page.locator(":focus")
    assert focused.count() == 1
    assert focused.get_attribute("href", timeout=1000) == "#main"
