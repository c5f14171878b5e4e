r"""Escapes in search values: `\,` `\|` `\$` and `\\` are the characters themselves.

https://hl7.org/fhir/R4/search.html#escaping
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def split(value: str, separator: str) -> list[str]:
    """Return the parts between unescaped separators, still escaped."""
    parts: list[str] = []
    start = at = 0
    while at < len(value):
        if value[at] == "\\":
            at += 2
        elif value[at] == separator:
            parts.append(value[start:at])
            at = start = at + 1
        else:
            at += 1
    return [*parts, value[start:]]


def unescape(value: str) -> str:
    """Return the value with its escapes undone."""
    return _ESCAPED.sub(r"\1", value)
