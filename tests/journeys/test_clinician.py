"""The clinician: find a patient in the own region, read what every region holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tasuki.shared.clinical.ips.check import check_ips

if TYPE_CHECKING:
    from tests.journeys.conftest import Walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_summary_across_regions(walk: Walk) -> None:
    page = walk.page
    page.goto(f"{walk.demo.base}/ehr/noto")
    walk.sign_in("clinician", purpose="TREAT")
    walk.looks_right("clinician-find")
    page.fill("input[name=name]", "のと はなこ")
    page.fill("input[name=birth]", "S13.4.5")
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    walk.looks_right("clinician-found")
    page.get_by_role("link", name="能登 花子").first.click()
    page.wait_for_load_state()
    walk.looks_right("clinician-summary")
    text = page.locator("main").inner_text()
    assert "ワルファリン" in text
    assert "ランタス" in text
    assert "能登北部医療圏" in text
    assert "南加賀医療圏" in text
    assert "疑い" in text
    with page.expect_download() as download:
        page.get_by_role("link", name="IPS").first.click()
    with open(download.value.path(), "rb") as file:  # noqa: PTH123 - a path of the browser's
        assert check_ips(json.load(file)) == ()


def test_a_birth_date_that_does_not_exist(walk: Walk) -> None:
    page = walk.page
    page.goto(f"{walk.demo.base}/ehr/noto/")
    walk.sign_in("clinician", purpose="TREAT")
    page.fill("input[name=name]", "のと はなこ")
    page.fill("input[name=birth]", "2001-02-30")
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    walk.looks_right("clinician-no-such-day")
    assert "花子" not in page.locator("main ul, main ol").all_inner_texts()
