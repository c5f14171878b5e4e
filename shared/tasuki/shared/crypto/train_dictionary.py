"""Make a compression dictionary from synthetic resources, and say what it saves.

    python -m tasuki.shared.crypto.train_dictionary --out 2.zdict FOLDER...
    python -m tasuki.shared.crypto.train_dictionary --measure 1 FOLDER...

A dictionary ships in clear, so it is trained from published synthetic resources only, and from
audit events made up here. A shipped dictionary never changes: a better one gets the next number
in `packing`. What number 1 was made from stands in `dictionaries/SOURCES.md`.

Left out of the samples: narrative (it is not stored), SNOMED CT codes and displays (Japan is no
member), tags, conformance resources. The same samples and zstandard version give the same bytes.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import json
import sys
import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard

from tasuki.shared.audit.events import AuditRecord, Outcome, to_audit_event
from tasuki.shared.audit.leaf import canonical
from tasuki.shared.audit.shapes import Action
from tasuki.shared.crypto.packing import dictionary_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

DICTIONARY_BYTES = 32 * 1024
LONGEST_SAMPLE = 16_000  # bytes; a dictionary helps the beginning of a text, and short ones most
PER_KIND = 250  # samples of one type from one folder, so that no source drowns the others
AUDIT_EVENTS = 400

_CONFORMANCE = frozenset(
    {"StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter", "OperationDefinition"}
    | {"ImplementationGuide", "CapabilityStatement", "CompartmentDefinition", "Parameters"}
)
_READERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    "": lambda raw: raw,
}
_SNOMED = "http://snomed.info/sct"


def resources(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the resources of every JSON or NDJSON file below a folder, Bundles opened."""
    for file in sorted(folder.rglob("*")):
        packed = file.suffix if file.suffix in {".gz", ".bz2"} else ""
        kind = Path(file.name.removesuffix(packed)).suffix
        if not file.is_file() or kind not in {".json", ".ndjson"}:
            continue
        text = _READERS[packed](file.read_bytes()).decode()
        documents = text.splitlines() if kind == ".ndjson" else [text]
        for document in filter(None, map(str.strip, documents)):
            yield from _opened(json.loads(document))


def _opened(document: object) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict) or document.get("resourceType") in {None, *_CONFORMANCE}:
        return
    if document["resourceType"] != "Bundle":
        yield document
    for entry in document.get("entry", ()):
        yield from _opened(entry.get("resource"))


def samples(folders: Iterable[Path]) -> list[bytes]:
    """Return texts as they would be sealed, a capped number per folder and type."""
    kept: dict[tuple[Path, str], dict[bytes, bytes]] = defaultdict(dict)
    for folder in folders:
        for resource in resources(folder):
            text = _text(resource)
            if len(text) > LONGEST_SAMPLE:
                continue
            kept[folder, resource["resourceType"]][sha256(text).digest()] = text
    # Ordered by hash: a choice that is even, and the same on every run.
    chosen = [sorted(texts.items())[:PER_KIND] for texts in kept.values()]
    return [text for texts in chosen for _, text in texts]


def _text(resource: dict[str, Any]) -> bytes:
    kept = {name: value for name, value in resource.items() if name != "text"}
    if isinstance(kept.get("meta"), dict):
        kept["meta"] = {name: value for name, value in kept["meta"].items() if name != "tag"}
    return json.dumps(_cleared(kept), ensure_ascii=False, separators=(",", ":")).encode()


def _cleared(value: Any) -> Any:
    if isinstance(value, list):
        return [_cleared(member) for member in value]
    if not isinstance(value, dict):
        return value
    dropped = {"code", "display"} if value.get("system") == _SNOMED else frozenset()
    return {name: _cleared(member) for name, member in value.items() if name not in dropped}


def audit_samples() -> list[bytes]:
    """Return made-up audit events, as they are sealed."""
    actions = [Action.READ, Action.SEARCH, Action.PROFILE, Action.DECISION, Action.MATCH, *Action]
    start = datetime(2026, 1, 5, tzinfo=UTC)
    return [
        canonical(to_audit_event(_record(n, actions[n % len(actions)], start)))
        for n in range(AUDIT_EVENTS)
    ]


def _record(n: int, action: Action, start: datetime) -> AuditRecord:
    ids = [str(uuid.uuid5(uuid.NAMESPACE_OID, f"{n}/{part}")) for part in range(5)]
    asked = action in {Action.SEARCH, Action.MATCH}
    return AuditRecord(
        action=action,
        outcome=Outcome.DENIED if n % 10 == 0 else Outcome.PERMITTED,
        at=start + timedelta(milliseconds=n * 7919),
        service=("ehr", "phr", "shelter", "consent")[n % 4],
        region=("chuo", "minato", "kita")[n % 3],
        actor=ids[0],
        actor_role=("clinician", "nurse", "resident", "officer")[n % 4],
        client_id=("clinician-viewer", "shelter-desk", "resident-app")[n % 3],
        purpose=("TREAT", "DISASTER", "PATRQT", "BTG")[n % 4],
        patient=f"Patient/{ids[1]}",
        entities=(f"{('Observation', 'MedicationRequest', 'Consent')[n % 3]}/{ids[2]}",),
        query="Observation?category=laboratory&_count=50" if asked else None,
        basis=f"Consent/{ids[3]}",
        request_id=ids[4],
        on_behalf_of="Organization/hospital-1" if action is Action.DECISION else None,
        address=f"192.0.2.{n % 250}",
        event_id=str(uuid.uuid5(uuid.NAMESPACE_OID, str(n))),
        sequence=n,
    )


def trained(texts: Sequence[bytes]) -> bytes:
    """Return a dictionary of 32 KiB."""
    made = zstandard.train_dictionary(
        DICTIONARY_BYTES, list(texts), d=6, steps=40, split_point=1.0, level=3, dict_id=1
    )
    return made.as_bytes()


def measured(texts: Sequence[bytes], dictionary: bytes) -> str:
    """Return how many times smaller the texts become, without and with a dictionary."""
    plain = zstandard.ZstdCompressor(level=3)
    loaded = zstandard.ZstdCompressionDict(dictionary)
    helped = zstandard.ZstdCompressor(level=3, dict_data=loaded, write_dict_id=False)
    size = sum(map(len, texts))
    without = size / sum(len(plain.compress(text)) for text in texts)
    with_it = size / sum(len(helped.compress(text)) for text in texts)
    mean = size / len(texts)
    return f"{len(texts)} texts, mean {mean:.0f} bytes: {without:.2f}x without, {with_it:.2f}x with"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write a dictionary, or measure one; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, help="write the trained dictionary here")
    parser.add_argument("--measure", type=int, help="number of a shipped dictionary to measure")
    chosen = parser.parse_args(arguments)
    texts = samples(chosen.folders)
    if chosen.measure:
        dictionary = dictionary_bytes(chosen.measure)
    else:
        dictionary = trained([*texts, *audit_samples()])
    sys.stdout.write(f"{measured(texts, dictionary)}\nsha256 {sha256(dictionary).hexdigest()}\n")
    if chosen.out:
        with chosen.out.open("xb") as file:  # a shipped dictionary is never overwritten
            file.write(dictionary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
