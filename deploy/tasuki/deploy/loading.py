"""`tasuki load`: sends files chunk by chunk, shows how far it is, and lists what was quarantined."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
from rich.console import Console
from rich.progress import Progress

from tasuki.deploy.demo_token import demo_token
from tasuki.deploy.folder import read_json
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tasuki.deploy.folder import DataFolder

CHUNK_LINES = 500
CHUNK_BYTES = 8 * 1024 * 1024


async def load_files(folder: DataFolder, region: str, source: str, files: Sequence[Path]) -> int:
    """Load files into a region of the demo and return how many lines were quarantined.

    A load that was cut off is simply run again: lines that are there already change nothing.

    Raises:
        Fault: NOT_FOUND for an unknown region; whatever the server refuses a whole chunk with.
    """
    if not folder.demo.exists():
        raise Fault(Category.NOT_FOUND, "there is no demo in this data folder")
    base = read_json(folder.demo)["services"]["ehr"].get(region)
    if base is None:
        raise Fault(Category.NOT_FOUND, "there is no such region")
    console = Console()
    to = Destination(folder, base, region, source)
    totals: dict[str, int] = {}
    async with httpx2.AsyncClient(timeout=120.0, trust_env=False) as http:
        with Progress(console=console, transient=True) as progress:
            for path in files:
                task = progress.add_task(path.name, total=None)
                for chunk in _chunks(path):
                    await _send(http, to, path, chunk, totals, console)
                    progress.update(task, advance=chunk[1].count(b"\n"))
    console.print(", ".join(f"{name} {count:,}" for name, count in totals.items()))
    return totals.get("quarantined", 0)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a load goes, and under which name of the sending system."""

    folder: DataFolder
    base: str
    region: str
    source: str


async def _send(
    http: httpx2.AsyncClient,
    to: Destination,
    path: Path,
    chunk: tuple[int, bytes],
    totals: dict[str, int],
    console: Console,
) -> None:
    first, lines = chunk
    token = await demo_token(
        to.folder,
        "hospital",
        scope="system/*.cruds",
        purpose="HOPERAT",
        patient=None,
        region=to.region,
    )
    answer = await http.post(
        f"{to.base}/$load",
        params={"source": to.source, "firstLine": str(first)},
        content=lines,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+ndjson"},
    )
    body = parse_resource(answer.content)
    if not answer.is_success:
        raise Fault(Category.INVALID, str(body["issue"][0].get("diagnostics", "refused")))
    for parameter in body["parameter"]:
        if parameter["name"] == "issue":
            parts = parameter["part"]
            line = next(part["valueInteger"] for part in parts if part["name"] == "line")
            reasons = [part["valueString"] for part in parts if part["name"] == "reason"]
            kept = any(part.get("valueCode") == "warning" for part in parts)
            what = "kept" if kept else "quarantined"
            console.print(f"{path.name}:{line}: {what}: {'; '.join(reasons)}", highlight=False)
        else:
            name = parameter["name"]
            totals[name] = totals.get(name, 0) + parameter["valueInteger"]


def _chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (first line, bytes) of a file."""
    chunk: list[bytes] = []
    first, size = 1, 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if chunk and (len(chunk) >= CHUNK_LINES or size + len(line) > CHUNK_BYTES):
                yield first, b"".join(chunk)
                chunk, first, size = [], number, 0
            chunk.append(line if line.endswith(b"\n") else line + b"\n")
            size += len(line)
    if chunk:
        yield first, b"".join(chunk)
