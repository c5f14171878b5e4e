"""The officer, in the night of the rain: a warning proposes, a person decides, signs, and ends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.journeys.conftest import Walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DATA = Path(__file__).parents[1] / "data"


def hand_in(walk: Walk, *names: str) -> str:
    said = walk.demo.command("warning", *(str(DATA / f"{name}.xml") for name in names))
    assert said.returncode == 0, said.stderr + said.stdout
    return said.stdout


def test_from_a_warning_to_a_declaration_and_its_end(walk: Walk) -> None:
    drill = "jma-xml/32-39_12_02_250206_VTSE41"
    said = hand_in(walk, "jma-xml/62_01_01_130412_VPNO50", "warnings/lalert-evacuation", drill)
    assert [line.partition(": ")[2] for line in said.splitlines()] == [
        "proposes (grave)",
        "proposes (grave)",
        "nothing (not-real)",
    ]
    page = walk.page
    page.goto(f"{walk.demo.consent}/officer/")
    walk.sign_in("officer")
    walk.looks_right("officer-home")
    shown = page.locator("main").inner_text()
    assert "奈良地方気象台が大雨特別警報を発表" in shown
    assert "輪島市（見本）が避難指示を発表" in shown
    assert "訓練です" not in shown
    page.locator("article", has_text="避難指示").get_by_role("link").click()
    walk.looks_right("officer-draft")
    assert page.input_value("#areas") == "172049 石川県輪島市"
    page.fill("#areas", "172049 石川県輪島市\n石川県珠洲市\nどこにもない市")
    page.fill("#authority", "石川県")
    page.fill("#legal_basis", "災害救助法の適用（見本）")
    page.select_option("#days", "3")
    page.get_by_role("button", name="内容を確かめる").click()
    walk.looks_right("officer-wrong")
    assert "「どこにもない市」という市町村は見つかりません" in page.locator("main").inner_text()
    page.fill("#areas", "172049 石川県輪島市\n石川県珠洲市\n173444")
    page.get_by_role("button", name="内容を確かめる").click()
    walk.looks_right("officer-confirm")
    shown = page.locator("main").inner_text()
    assert "これは" not in shown
    assert "実際の災害の宣言です" in shown
    assert "173444 は今の 石川県野々市市 として扱います" in shown
    page.get_by_role("button", name="署名して宣言する").click()
    walk.looks_right("officer-declared")
    card = page.locator("article.open", has_text="見本）").filter(has_text="野々市市")
    assert card.count() == 1
    assert hand_in(walk, "warnings/lalert-evacuation-cancelled").endswith("withdraws (cancelled)\n")
    page.goto(f"{walk.demo.consent}/officer/")
    assert card.count() == 1, "a cancellation ends no declaration"
    page.get_by_text("取り消された提案・済んだ提案").click()
    walk.looks_right("officer-cancelled")
    assert "取り消されても宣言は終わりません" in page.locator("main").inner_text()
    card.get_by_text("終了する…").click()
    card.get_by_role("button", name="いま終了する").click()
    assert card.count() == 0
    assert "終了しました" in page.locator("main").inner_text()
    page.goto(f"{walk.demo.consent}/officer/?lang=en")
    walk.looks_right("officer-home-en")
    assert "Proposed by warnings" in page.locator("main").inner_text()
    page.goto(f"{walk.demo.consent}/officer/open?lang=en")
    walk.looks_right("officer-draft-en")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{walk.demo.consent}/officer/")
    assert "/auth/" in page.url
