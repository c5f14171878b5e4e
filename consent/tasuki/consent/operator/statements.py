"""Where each policy of a Cedar text stands: the engine tells what is wrong, but not in which line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = re.compile(r'(?P<space>//[^\n]*|\s+)|"(?:[^"\\]|\\.)*"|[^\s";/]+|.', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as written, and the line its first word stands in."""

    line: int
    text: str


def statements(text: str) -> Iterator[Statement]:
    """Yield the policies of a text in order; what is left without a `;` comes last.

    Every policy ends in a `;`; one in a string or a comment ends nothing.
    """
    start: int | None = None
    for piece in _PIECE.finditer(text):
        if piece["space"] is not None:
            continue
        start = piece.start() if start is None else start
        if piece[0] == ";":
            yield _from(text, start, piece.end())
            start = None
    if start is not None:
        yield _from(text, start, len(text))


def _from(text: str, start: int, end: int) -> Statement:
    return Statement(text.count("\n", 0, start) + 1, text[start:end])
