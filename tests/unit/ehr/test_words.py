"""Every word the pages may say is there in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tasuki.ehr.pages as room
from tasuki.ehr.pages import asked
from tasuki.ehr.pages.words import WORDS
from tasuki.shared.web.words import COMMON

TEMPLATES = sorted((Path(next(iter(room.__path__))) / "templates").glob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_use_words_that_are_there(template: Path) -> None:
    used = re.findall(r"\bt\('([^']+)'[,)]", template.read_text(encoding="utf-8"))

    assert used
    assert [key for key in used if key not in WORDS and key not in COMMON] == []


def test_every_reason_has_words() -> None:
    keys = set(re.findall(r'Unanswerable\(\s*"([^"]+)"', Path(asked.__file__).read_text()))
    keys |= set(asked.BIRTH_FAULTS.values()) | {asked.UNREADABLE, "nothing", "name-missing"}

    assert [key for key in sorted(keys) if f"ask.{key}" not in WORDS] == []


def test_both_languages_fill_the_same_places() -> None:
    for key, (japanese, english) in WORDS.items():
        places = [set(re.findall(r"\{(\w+)\}", text)) for text in (japanese, english)]
        assert places[0] == places[1], key
