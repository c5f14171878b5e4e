"""Every word the desk may need is there, in both languages, with the same places."""

from __future__ import annotations

import re
from pathlib import Path

import tasuki.shelter
from tasuki.consent.decision import DenyReason
from tasuki.shared.web.words import COMMON
from tasuki.shelter.words import WORDS

ROOM = Path(next(iter(tasuki.shelter.__path__)))


def test_places_are_the_same_in_both_languages() -> None:
    for key, (japanese, english) in WORDS.items():
        assert japanese, key
        assert english, key
        assert set(re.findall("{.*?}", japanese)) == set(re.findall("{.*?}", english)), key


def test_every_reason_of_a_denial_has_words() -> None:
    assert {f"deny.{reason.value}" for reason in DenyReason} <= set(WORDS)


def test_every_word_a_template_says_exists() -> None:
    for template in (ROOM / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        for key in re.findall(r"\bt\('([^']+)'[,)]", text):
            assert key in WORDS or key in COMMON, (template.name, key)


def test_no_template_holds_script_or_inline_style() -> None:
    for template in (ROOM / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert "<script" not in text
        assert " style=" not in text
        assert not re.search(r"\son\w+=", text)
        assert "|safe" not in text
