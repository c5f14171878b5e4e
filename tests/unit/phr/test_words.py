from __future__ import annotations

import re
from pathlib import Path

import pytest

from tasuki.phr.pages import web
from tasuki.phr.pages.allergy import CATEGORIES, SEVERITIES
from tasuki.phr.pages.wishes import ACTIONS
from tasuki.phr.pages.words import WORDS
from tasuki.shared.web.words import COMMON

SAID = re.compile(r"\bt\('([a-z_.-]+)'[,)]")


@pytest.mark.parametrize("key", sorted(WORDS))
def test_both_languages_have_the_same_places(key: str) -> None:
    ja, en = WORDS[key]
    assert ja.strip()
    assert en.strip()
    assert set(re.findall(r"{\w+}", ja)) == set(re.findall(r"{\w+}", en))


def test_templates_say_only_what_there_are_words_for() -> None:
    used = {
        key
        for template in Path(web.TEMPLATES).glob("*.html")
        for key in SAID.findall(template.read_text(encoding="utf-8"))
    }
    assert len(used) > 30
    assert used <= set(WORDS) | set(COMMON)


def test_every_choice_and_button_has_words() -> None:
    keys = {
        *(f"category.{one}" for one in CATEGORIES),
        *(f"severity.{one}" for one in SEVERITIES),
        *(f"sharing.{one}" for one in ACTIONS),
        *(f"sharing.done.{one}" for one in (*ACTIONS, "still")),
        *(f"problem.{one}.empty" for one in ("systolic", "diastolic", "what", "choice")),
    }
    assert keys <= set(WORDS)


def test_nothing_is_scripted_or_fetched() -> None:
    for template in Path(web.TEMPLATES).glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script|<iframe|\son\w+=|\sstyle=|src=", text), template.name
        # Every form that changes something carries the session's token.
        assert text.count("<form") <= text.count("hidden()") + text.count("session.csrf")
