"""One document of a warning feed, as far as declarations are concerned; nothing about persons is in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MAX_TEXT = 500  # characters of any text that is kept and shown


class Source(StrEnum):
    """Whose documents are read."""

    JMA = "jma"  # 気象庁防災情報XML
    LALERT = "lalert"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Place:
    """A place as a document names it.

    Attributes:
        name: As written.
        code: 6-digit code of the municipality it is today; None where it is none, or could be
            several: such a place stays a text.
        part: Whether the document means only a part of that municipality.
    """

    name: str
    code: str | None = None
    part: bool = False


@dataclass(frozen=True, slots=True)
class Hazard:
    """One thing a document warns of, and where.

    Attributes:
        kind: As written, e.g. 大雨特別警報.
        weight: What else decides whether it matters: 発令 or 解除, CAP's severity.
    """

    kind: str
    places: tuple[Place, ...]
    weight: str = ""


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One document.

    Attributes:
        document: Names this document and no other of its source.
        event: Names what it belongs to: later documents on it, and its cancellation, say the same.
        refers_to: Documents it names as its forerunners.
        sent: When it was sent.
        order: Of two documents on one event, the higher is the newer.
        status: As written: real, drill, test.
        info_type: As written: issued, corrected, cancelled.
        kind: The kind of document, e.g. 震度速報, EvacuationOrder.
        title: What stands above it.
        headline: What it says in short.
        publisher: Who says it.
    """

    source: Source
    document: str
    event: str
    refers_to: tuple[str, ...]
    sent: datetime
    order: tuple[int, int]
    status: str
    info_type: str
    kind: str
    title: str
    headline: str
    publisher: str
    hazards: tuple[Hazard, ...]


def named(*parts: str) -> str:
    """Return a name of fixed length made of parts that may be of any."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


def short(text: str) -> str:
    """Return a text as it is kept: in one line, cut with an ellipsis where it is very long."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
