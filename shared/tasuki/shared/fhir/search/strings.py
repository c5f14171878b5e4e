"""String search with Japanese folding.

https://hl7.org/fhir/R4/search.html#string
https://jpfhir.jp/fhir/core/guide-stringSearch.html

A normal search compares folded forms (width, case, accents, kana, old and new kanji, spaces,
punctuation) and matches at the start of any part; `:exact` compares the characters as they are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tasuki.shared.text.kana import fold_kana
from tasuki.shared.text.kanji import fold_kanji

Matcher = Callable[[Any], bool]

# Parts of HumanName and Address that are text; the second line is read together as well,
# for Japanese is written without spaces between them.
_PARTS = ("text", "family", "given", "prefix", "suffix", "line", "city", "district", "state")
_MORE_PARTS = ("country", "postalCode", "display")
_TOGETHER = (("family", "given"), ("state", "city", "line"))
_VOICED = frozenset({"\u3099", "\u309a"})
# The accents of Latin, Greek and Cyrillic letters; not the marks that voice a kana, nor selectors.
_ACCENTS = dict.fromkeys(range(0x300, 0x370))


def fold(text: str) -> str:
    """Return the form in which two texts are the same to a search."""
    if text.isascii():
        return "".join(filter(str.isalnum, text)).upper()
    apart = unicodedata.normalize("NFD", fold_kanji(text)).translate(_ACCENTS)
    return fold_kana(apart).upper()


def texts_of(value: Any) -> Iterator[str]:
    """Yield the searchable texts of a string, HumanName, Address, CodeableConcept or Coding."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in (*_PARTS, *_MORE_PARTS):
            yield from _strings(value.get(part))
        for parts in _TOGETHER:
            yield "".join(text for part in parts for text in _strings(value.get(part)))
        for coding in value.get("coding", ()):
            yield from _strings(coding.get("display") if isinstance(coding, dict) else None)


def _strings(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, str):
            yield item


def starts(*asked: str) -> Matcher:
    """Return the normal match: a part starts with one of what is asked, folded.

    One matcher for all values: each text is folded once, however many are asked for.
    """
    folded = _folded(asked)
    return lambda value: any(fold(text).startswith(folded) for text in texts_of(value))


def contains(*asked: str) -> Matcher:
    """Return the `:contains` match: a part has one of them anywhere, folded."""
    folded = _folded(asked)

    def matches(value: Any) -> bool:
        held = [fold(text) for text in texts_of(value)]
        return any(one in text for text in held for one in folded)

    return matches


def exactly(*asked: str) -> Matcher:
    """Return the `:exact` match: a part is one of these texts, character for character."""
    wanted = frozenset(asked)
    return lambda value: any(text in wanted for text in texts_of(value))


def _folded(asked: tuple[str, ...]) -> tuple[str, ...]:
    # What folds to nothing (a lone hyphen) must not match everybody.
    return tuple(one for one in map(fold, asked) if one)


STRING_MATCHES: Mapping[str | None, Callable[..., Matcher]] = MappingProxyType(
    {None: starts, "contains": contains, "exact": exactly}
)


def sort_text(value: Any) -> tuple[str, str]:
    """Return a key that puts kana in gojuon order: by sound first, then by voicing."""
    text = next((folded for text in texts_of(value) if (folded := fold(text))), "")
    apart = unicodedata.normalize("NFD", text)
    return "".join(c for c in apart if c not in _VOICED), text
