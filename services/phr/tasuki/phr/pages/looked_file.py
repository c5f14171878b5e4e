"""Who looked, as one file: the events, what proves them, and what is missing from it.

https://hl7.org/fhir/R4/bundle.html: a collection has no total and no search, so what they said is
said in an OperationOutcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.outcome import warning

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource


def looked_file(found: Resource) -> Resource:
    """Return the collection of what a search gave, each signed head once."""
    entries: list[Resource] = []
    heads: set[Any] = set()
    for entry in found.get("entry", ()):
        kept = {name: value for name, value in entry.items() if name != "search"}
        note = kept["resource"].get("data") if _is_head(kept) else None
        if note is None or note not in heads:
            entries.append(kept)
        heads.add(note)
    events = sum(entry["resource"]["resourceType"] == "AuditEvent" for entry in entries)
    total = found.get("total", events)
    if isinstance(total, int) and total > events:
        entries.append({"resource": warning(f"events not in this file: {total - events}")})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _is_head(entry: Resource) -> bool:
    return bool(entry["resource"]["resourceType"] == "Binary")
