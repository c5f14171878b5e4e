"""The nurse at the desk, at night, on a phone: from a name and a birth date to the medicines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasuki.deploy.sample.sample import open_sample

if TYPE_CHECKING:
    from tests.journeys.conftest import Walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def open_desk(walk: Walk) -> None:
    walk.page.goto(walk.demo.shelter)
    walk.sign_in("nurse")
    assert "人をさがす" in walk.page.title()


def search(walk: Walk, name: str, birth: str, *, sex: str | None = None) -> str:
    walk.page.goto(f"{walk.demo.shelter}/")
    walk.page.fill("input[name=name]", name)
    walk.page.fill("input[name=birth]", birth)
    if sex is not None:
        walk.page.check(f"input[name=sex][value={sex}]")
    walk.page.locator("main form button").first.click()
    walk.page.wait_for_load_state()
    return walk.page.locator("main").inner_text()


def test_from_a_name_to_the_medicines(walk: Walk) -> None:
    open_desk(walk)
    walk.looks_right("desk-search")
    for name, birth in (
        ("ノト ハナコ", "S13.4.5"),
        ("ﾉﾄ ﾊﾅｺ", "1938-04-05"),
        ("のと はなこ", "昭和13年4月5日"),
        ("能登花子", "19380405"),
    ):
        shown = search(walk, name, birth)
        assert "ノト ハ＊＊" in shown, (name, birth)
        assert "ハナコ" not in shown, "candidates are masked"
        assert "まつかぜ町" not in shown, "no address before a choice"
    walk.looks_right("desk-candidates")
    walk.page.locator("main form button").first.click()
    walk.page.wait_for_load_state()
    walk.looks_right("desk-profile")
    text = walk.page.locator("main").inner_text()
    assert "ノト ハナコ" in text
    order = [text.index(word) for word in ("そば", "ワルファリン", "メトホルミン", "心房細動")]
    assert order == sorted(order), "allergies, then do-not-interrupt, then others, then diseases"
    assert "ペニシリン" in text
    assert "抗凝固薬" in text
    assert "インスリン" in text
    assert "本人の申告" in text
    assert "能登さくら総合病院" in text
    assert "080-0000-0007" in text


def test_the_print_view_fits_a6(walk: Walk) -> None:
    open_desk(walk)
    search(walk, "ノト ハナコ", "S13.4.5")
    walk.page.locator("main form button").first.click()
    walk.page.wait_for_load_state()
    walk.page.get_by_role("link", name="A6").first.click()
    walk.page.wait_for_load_state()
    walk.looks_right("desk-print")
    pdf = walk.page.pdf(prefer_css_page_size=True)
    boxes = pdf.count(b"/MediaBox [0 0 298") + pdf.count(b"/MediaBox [0 0 297")
    assert boxes >= 1, "the page is A6: 105 x 148 mm"
    assert "ワルファリン" in walk.page.locator("body").inner_text()


def test_in_english(walk: Walk) -> None:
    open_desk(walk)
    walk.page.goto(f"{walk.demo.shelter}/?lang=en")
    assert walk.page.locator("html").get_attribute("lang") == "en"
    search(walk, "ノト ハナコ", "S13.4.5")
    walk.page.locator("main form button").first.click()
    walk.page.wait_for_load_state()
    walk.looks_right("desk-profile-en")
    text = walk.page.locator("main").inner_text()
    assert "Buckwheat" in text
    assert "nticoagulant" in text


def test_what_a_tired_person_types_wrong(walk: Walk) -> None:
    open_desk(walk)
    assert "ハ＊＊" not in search(walk, "ノト ハナコ", "")
    walk.looks_right("desk-asks-for-more")
    assert "ハ＊＊" not in search(walk, "ノト ハナコ", "S64.1.8"), "a day that never was"
    walk.looks_right("desk-no-such-day")
    nobody = search(walk, "ダレモ イナイ", "S13.4.5")
    walk.looks_right("desk-nobody")
    assert "＊＊" not in nobody
    many = search(walk, "タナカ ヒロシ", "1950", sex="male")
    walk.looks_right("desk-count")
    assert "＊＊" not in many, "a year alone gives a number, not a list"


def test_one_who_withholds(walk: Walk) -> None:
    """The sample's Kobayashi wishes shelters not to see: a clear no, and no clinical word."""
    open_desk(walk)
    kobayashi = open_sample().person("kobayashi")
    search(walk, kobayashi.kana, kobayashi.birth_date.isoformat())
    walk.page.locator("main form button").first.click()
    walk.page.wait_for_load_state()
    walk.looks_right("desk-withheld")
    text = walk.page.locator("main").inner_text()
    assert "見せない" in text or "ご本人" in text
    assert "錠" not in text
    assert "アレルギー・禁忌" not in text
