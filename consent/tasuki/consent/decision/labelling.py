"""What a resource is sensitive for by its content: a labelling table, beside the labels it carries.

https://profiles.ihe.net/ITI/PCF/content.html#security-labeling-service
https://terminology.hl7.org/CodeSystem-v3-ActCode.html (sensitivity policies)

Looked at when a decision is made, so that records that were here before the table obey it too, and a
better table needs no rewriting. It only ever adds: a label that was sent stays. Words count where
there is no code: too much kept back can be asked for, and what was told cannot be taken back.

An AllergyIntolerance is not labelled by this table (ADR 21): hiding one may kill.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NEVER_LABELLED = frozenset({"AllergyIntolerance"})
_LOOKED_AT = frozenset(
    {"code", "conclusion", "description", "display", "div", "text", "valueString"}
)
# How somebody is called and where they live says nothing of their health.
_PASSED_BY = frozenset({"address", "name", "telecom"})
_ICD10 = re.compile(r"icd-?10|2\.16\.840\.1\.113883\.6\.(?:3|90)$", re.IGNORECASE)
_LONGEST = 4  # characters of the longest code in the table, without its dot
_TERM = 60  # characters of a term, as against somebody's free text
_REMEMBERED = 20_000


class _Table:
    """The table, read once: labels by ICD-10 code, and one pattern for all words."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.labels = tuple(str(row["label"]) for row in rows)
        self._by_code: dict[str, str] = {
            code: row["label"] for row in rows for code in row["icd10"]
        }
        named = []
        for row in rows:
            words = [*row["words"], *map(re.escape, row.get("medicines", ()))]
            named.append(f"(?P<{row['label']}>{'|'.join(words)})")
        self._words = re.compile("|".join(named), re.IGNORECASE)

    def of_code(self, code: str) -> str | None:
        """Return the label of an ICD-10 code, by its longest beginning that is in the table."""
        plain = code.replace(".", "").upper()
        for length in range(min(_LONGEST, len(plain)), 0, -1):
            if plain[:length] in self._by_code:
                return self._by_code[plain[:length]]
        return None

    def of_text(self, text: str) -> frozenset[str]:
        """Return the labels of all words in a text."""
        return frozenset(str(match.lastgroup) for match in self._words.finditer(text))


def known_labels() -> tuple[str, ...]:
    """Return every sensitivity the table knows, in its order."""
    return _table("labels").labels


def is_kept_from_proxies(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource is of what a proxy is not shown though everyday care must see it.

    Contraception: a daughter's parent is not told of it, and her physician has to know.
    """
    return bool(labels_of(resource, "from_proxies"))


def labels_of(resource: Mapping[str, Any], table: str = "labels") -> frozenset[str]:
    """Return the v3-ActCode sensitivities of a resource by its codes and words, wherever they are."""
    if resource.get("resourceType") in NEVER_LABELLED:
        return frozenset()
    found: set[str] = set()
    pending: list[Any] = [resource]
    while pending:  # for every resource of a search, so a loop of few words
        value = pending.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                if isinstance(inner, str):
                    if name in _LOOKED_AT:
                        found |= _of_one(table, name, inner, value)
                elif isinstance(inner, (dict, list)) and name not in _PASSED_BY:
                    pending.append(inner)
        else:
            pending += [inner for inner in value if isinstance(inner, (dict, list))]
    return frozenset(found)


def _of_one(table: str, name: str, value: str, beside: Mapping[str, Any]) -> frozenset[str]:
    if name == "code":
        return _of_coding(table, str(beside.get("system")), value)
    is_term = "coding" in beside or "system" in beside
    if is_term and len(value) <= _TERM:
        return _of_term(table, value)
    return _table(table).of_text(value)


# The same few terms and codes stand in most resources. Nothing but the words of a coding is
# remembered: a name or a note is somebody's.
@lru_cache(maxsize=_REMEMBERED)
def _of_term(table: str, text: str) -> frozenset[str]:
    return _table(table).of_text(text)


@lru_cache(maxsize=_REMEMBERED)
def _of_coding(table: str, system: str, code: str) -> frozenset[str]:
    label = _table(table).of_code(code) if _ICD10.search(system) else None
    return frozenset() if label is None else frozenset({label})


@cache
def _table(name: str) -> _Table:
    told = resources.files("tasuki.consent.decision").joinpath("labelling.json").read_text("utf-8")
    return _Table(json.loads(told)[name])
