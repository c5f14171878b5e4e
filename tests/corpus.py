"""The published resources of `tests/data`, and JSON compared lexeme by lexeme.

Comparing does not use the parser under test: the standard library's keeps each number as it is
written.
"""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent / "data"
_WHERE = (
    "fhir/hl7-r4/*.json*",
    "fhir/jp-core/*.json",
    "fhir/jp-clins/*.json",
    "fhir/synthea/*.json.bz2",
    "jp-clinical/*.json",
    "ips/*.json",
    "ips/connectathon/*.json.gz",
)
FILES = [path for pattern in _WHERE for path in sorted(DATA.glob(pattern))]
_OPENERS = {".gz": gzip.decompress, ".bz2": bz2.decompress}


def name_of(path: Path) -> str:
    """Return the name of a file without its suffixes."""
    return path.name.partition(".json")[0]


def content_of(path: Path) -> bytes:
    """Return the JSON of a file as it was published."""
    return _OPENERS.get(path.suffix, bytes)(path.read_bytes())


def lexemes(data: bytes) -> Any:
    """Return JSON with every number as (its text,), for comparison: white space and order are free."""
    return json.loads(data, parse_float=lambda text: (text,), parse_int=lambda text: (text,))


def written(value: Any) -> str:
    """Return the JSON of what `lexemes` gave, numbers as they were."""
    if isinstance(value, tuple):
        return str(value[0])
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, dict):
        return (
            f"{{{','.join(f'{json.dumps(key)}:{written(item)}' for key, item in value.items())}}}"
        )
    return json.dumps(value, ensure_ascii=False)


def resources_of(value: Any) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """Yield (entry index, resource): the entries of a Bundle, or the resource itself with None."""
    if value["resourceType"] != "Bundle":
        yield None, value
        return
    for index, entry in enumerate(value.get("entry", [])):
        if "resource" in entry:
            yield index, entry["resource"]
