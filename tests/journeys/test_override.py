"""An emergency override as three people live it: the clinician, the resident, the privacy officer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.journeys.conftest import Walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SHARE, SHARE_NOT = "別の地域にも見せる", "別の地域に見せるのをやめる"
ELSEWHERE = "ランタス"  # from the other region's records


def main(page: Page) -> str:
    return page.locator("main").inner_text()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def until(page: Page, address: str, words: str, *, there: bool) -> None:
    """Ask again until a change has come by the feed."""
    ends = time.monotonic() + 10
    page.goto(address)
    while (words in main(page)) is not there and time.monotonic() < ends:
        page.goto(address)
    assert (words in main(page)) is there


def share(walk: Walk, button: str) -> None:
    walk.page.goto(f"{walk.demo.base}/phr/sharing")
    press(walk.page, button)


def open_one(walk: Walk) -> str:
    """The clinician finds part of the record withheld, and opens an override."""
    page = walk.page
    page.goto(f"{walk.demo.base}/ehr/noto/")
    walk.sign_in("clinician", purpose="TREAT")
    walk.looks_right("override-find")
    page.fill("input[name=name]", "のと はなこ")
    page.fill("input[name=birth]", "S13.4.5")
    page.locator("main form button").first.click()
    page.get_by_role("link", name="能登 花子").first.click()
    page.wait_for_load_state()
    patient = page.url
    until(page, patient, ELSEWHERE, there=False)
    assert "開示されていません" in main(page)
    walk.looks_right("override-withheld")
    page.get_by_role("link", name="緊急閲覧へ進む").click()
    page.wait_for_load_state()
    walk.looks_right("override-form")
    press(page, "緊急閲覧を始める")
    assert "理由を選んでください" in main(page)
    walk.looks_right("override-wrong")
    page.check("input[value=life]")
    page.fill("#text", "意識がなく、家族にも連絡がつかない。内服薬の確認が必要。")
    page.check("#confirmed")
    press(page, "緊急閲覧を始める")
    assert "緊急閲覧中" in main(page)
    until(page, patient, ELSEWHERE, there=True)
    walk.looks_right("override-open")
    return patient


def read_and_object(walk: Walk) -> None:
    """The resident is told at once, while it is open; and objects."""
    page = walk.page
    page.goto(f"{walk.demo.base}/phr/")
    walk.looks_right("override-resident-home")
    assert "緊急閲覧で開かれました" in main(page)
    page.get_by_role("link", name="確認する").click()
    page.wait_for_load_state()
    walk.looks_right("override-resident-told")
    for words in ("北村 隆", "いま開いています", "未確認", "意識がなく"):
        assert words in main(page)
    page.get_by_role("link", name="異議を申し立てる").first.click()
    page.wait_for_load_state()
    walk.looks_right("override-resident-dispute")
    page.fill("#text", "意識はありました。断ったはずです。")
    press(page, "異議を送る")
    assert "異議を記録しました" in main(page)


def review(walk: Walk) -> None:
    """The privacy officer reads both sides, and does not accept it."""
    page = walk.page
    page.goto(f"{walk.demo.base}/consent/overrides")
    walk.sign_in("privacy")
    walk.looks_right("override-queue")
    for words in ("北村 隆", "断ったはずです", "生命・身体の危険", "あと 7"):
        assert words in main(page)
    assert "花子" not in page.content()
    page.get_by_role("link", name="何が見られたかを見る").click()
    page.wait_for_load_state()
    walk.looks_right("override-uses")
    for words in ("南加賀医療圏", "アレルギー", "処方", "まとめて見る"):
        assert words in main(page)
    page.get_by_role("link", name="点検待ち", exact=True).click()
    page.wait_for_load_state()
    press(page, "点検を記録する")
    assert "選んでください" in main(page)
    page.check("input[value=not-accepted]")
    page.locator("textarea").first.fill("意識があったのに、本人に尋ねていない。")
    press(page, "点検を記録する")
    assert "点検を記録しました" in main(page)
    walk.looks_right("override-reviewed")
    page.get_by_role("link", name="点検ずみ").click()
    page.wait_for_load_state()
    walk.looks_right("override-decided")
    page.get_by_role("link", name="集計").click()
    page.wait_for_load_state()
    walk.looks_right("override-figures")
    page.get_by_role("link", name="English").click()
    page.wait_for_load_state()
    walk.looks_right("override-figures-en")


def test_opened_told_disputed_reviewed(walk: Walk) -> None:
    page = walk.page
    page.goto(f"{walk.demo.base}/phr/sharing")
    walk.sign_in("resident")
    share(walk, SHARE_NOT)
    try:
        patient = open_one(walk)
        read_and_object(walk)
        page.goto(patient)
        press(page, "緊急閲覧を終える")
        assert "緊急閲覧中" not in main(page)
        until(page, patient, ELSEWHERE, there=False)
        review(walk)
        page.goto(f"{walk.demo.base}/phr/looked?lang=ja")
        walk.looks_right("override-resident-after")
        assert "認められませんでした" in main(page)
        assert "本人に尋ねていない" in main(page)
    finally:
        share(walk, SHARE)


def test_somebody_not_found_and_a_code_nobody_has(walk: Walk) -> None:
    page = walk.page
    page.goto(f"{walk.demo.base}/ehr/noto/override")
    walk.sign_in("clinician", purpose="TREAT")
    page.goto(f"{walk.demo.base}/ehr/noto/override?lang=en")
    walk.looks_right("override-hidden-en")
    page.goto(f"{walk.demo.base}/ehr/noto/override?lang=ja")
    page.fill("#name", "だれも いない")
    page.fill("#birth", "1950-01-01")
    page.check("input[value=life]")
    page.fill("#text", "身元の確認")
    page.check("#confirmed")
    press(page, "緊急閲覧を始める")
    assert "1人に決まりません" in main(page)
    walk.looks_right("override-nobody")
    page.goto(f"{walk.demo.base}/ehr/noto/override/second")
    page.fill("#code", "ABCD1234")
    press(page, "内容を見る")
    walk.looks_right("override-second")
    assert "開いていません" in main(page)
