"""References to records that a summary does not hold become words; none is blanked or left dangling.

https://hl7.org/fhir/R4/references.html#Reference
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasuki.shared.clinical.ips.raw import text


def worded(value: Any) -> Any:
    """Return a copy of a JSON value in which every literal reference is display or identifier only.

    A reference without either is replaced by its type in words, so that nobody reads an absence
    where the source named somebody.
    """
    if isinstance(value, Mapping):
        if isinstance(value.get("reference"), str):
            return _worded_reference(value)
        return {name: worded(child) for name, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [worded(child) for child in value]
    return value


def _worded_reference(reference: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in reference.items() if name in ("type", "identifier")}
    kind = text(reference.get("type")) or text(reference["reference"]).rpartition("/")[0]
    kind = kind.rpartition("/")[2]
    named = text(reference.get("display"))
    if named or "identifier" not in kept:
        kept["display"] = named or (f"{kind} (not included)" if kind else "not included")
    return kept
