"""Which characters JP-CLINS keeps out.

Control characters below U+0020 (but tab and line ends), DEL and C1 are refused everywhere already
(`fhir/characters.py`). Private use: JP Core, guide on character encoding (SHOULD NOT); here a strict
exchange refuses it. Half-width kana, full-width spaces, tabs and line ends: prose of the laboratory
result profile, about `display` and `text` of the test's code.
https://jpfhir.jp/fhir/core/ and https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.jp.rule import Rule
from tasuki.shared.fhir.jp.systems import ENTRY_PROFILES
from tasuki.shared.fhir.jp.walking import all_texts, texts
from tasuki.shared.text.characters import private_use

if TYPE_CHECKING:
    from collections.abc import Iterator

_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
_FULL_WIDTH_SPACE = re.compile("\u3000")
_LINE_ENDS = re.compile("[\t\n\r]")
_FULL_WIDTH_ALPHANUMERIC = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_LAB_TEXTS = ("code.coding.display", "code.text")


def _private_use(resource: dict[str, Any]) -> Iterator[str]:
    return (place for place, text in all_texts(resource) if private_use(text))


def _in_lab_texts(pattern: re.Pattern[str], resource: dict[str, Any]) -> Iterator[str]:
    for path in _LAB_TEXTS:
        yield from (place for place, text in texts(resource, path) if pattern.search(text))


CHARACTER_RULES = (
    Rule(
        "T-private-use",
        "any text",
        "holds private use characters (gaiji), which only their sender can show",
        _private_use,
    ),
    Rule(
        "T-half-width-kana",
        "Observation.code",
        "holds half-width katakana; write katakana in full width",
        lambda resource: _in_lab_texts(_HALF_WIDTH_KANA, resource),
        types=frozenset({"Observation"}),
        profile=ENTRY_PROFILES["Observation"],
    ),
    Rule(
        "T-full-width-space",
        "Observation.code",
        "holds a full-width space; write spaces in half width",
        lambda resource: _in_lab_texts(_FULL_WIDTH_SPACE, resource),
        types=frozenset({"Observation"}),
        profile=ENTRY_PROFILES["Observation"],
    ),
    Rule(
        "T-control",
        "Observation.code",
        "holds a tab or a line end",
        lambda resource: _in_lab_texts(_LINE_ENDS, resource),
        types=frozenset({"Observation"}),
        profile=ENTRY_PROFILES["Observation"],
    ),
    Rule(
        "T-full-width-letters",
        "Observation.code",
        "holds full-width digits or letters; write them in half width",
        lambda resource: _in_lab_texts(_FULL_WIDTH_ALPHANUMERIC, resource),
        types=frozenset({"Observation"}),
        profile=ENTRY_PROFILES["Observation"],
    ),
)
