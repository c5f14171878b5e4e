"""A file of an export as it is kept: its lines, and beside them whose each one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from tasuki.shared.fhir.json import parse_resource, render

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Line:
    """One line of NDJSON.

    Attributes:
        owner: Whom it is about, so that it can be ruled on again when it is fetched.
        body: Without a line feed.
    """

    owner: str
    type: str
    id: str
    version: int
    deleted: bool
    body: bytes


def as_line(body: bytes) -> bytes:
    """Return a resource on one line."""
    return render(parse_resource(body)) if b"\n" in body else body


def in_files(lines: Sequence[Line], most: int) -> list[list[Line]]:
    """Return the lines in files of at most so many bytes each; a longer line is a file of its own."""
    files: list[list[Line]] = []
    size = 0
    for line in lines:
        size += len(line.body)
        if not files or size > most:
            files.append([])
            size = len(line.body)
        files[-1].append(line)
    return files


def packed(lines: Sequence[Line]) -> bytes:
    """Return the lines as one body, what they are about first."""
    owners = {owner: place for place, owner in enumerate({line.owner: None for line in lines})}
    about = [[owners[line.owner], line.type, line.id, line.version, line.deleted] for line in lines]
    head = orjson.dumps({"owners": list(owners), "lines": about})
    return b"\n".join((head, *(line.body for line in lines)))


def unpacked(body: bytes) -> list[Line]:
    """Return what `packed` was given."""
    head, *bodies = body.split(b"\n")
    told = orjson.loads(head)
    return [
        Line(told["owners"][owner], type_, id_, version, deleted, line)
        for (owner, type_, id_, version, deleted), line in zip(told["lines"], bodies, strict=True)
    ]
