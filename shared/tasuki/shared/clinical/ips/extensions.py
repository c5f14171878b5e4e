"""Our extensions: where a summary, a section and an entry come from, in a form programs read.

People read the same in the narratives; the notes on entries say it to viewers that know neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.clinical.ips.bundles import DATA_ABSENT

if TYPE_CHECKING:
    from tasuki.shared.clinical.profile_lines import Origin, SectionState, SourceLine

BASE = "https://tasuki.example/fhir"
SUMMARY_SOURCE = f"{BASE}/StructureDefinition/summary-source"
ENTRY_SOURCE = f"{BASE}/StructureDefinition/entry-source"
SECTION_STATE = f"{BASE}/StructureDefinition/section-state"
SECTION_CODES = f"{BASE}/CodeSystem/summary-section"

Extension = dict[str, object]


def unknown() -> Extension:
    """Return an element that says: a value is required here, and nobody knows it."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}


def section_state(state: SectionState) -> Extension:
    """Return the extension that names one of the five states of a section."""
    return {"url": SECTION_STATE, "valueCode": state.value}


def summary_source(line: SourceLine, title: str) -> Extension:
    """Return the extension that names one source of the summary and how it answered."""
    parts: list[Extension] = [
        {"url": "source", "valueString": line.source},
        {"url": "title", "valueString": title},
        {"url": "kind", "valueCode": line.kind},
        {"url": "state", "valueCode": line.state.value},
        {"url": "unreadable", "valueUnsignedInt": line.unreadable},
    ]
    if line.as_of is not None:
        parts.append({"url": "asOf", "valueDateTime": line.as_of.isoformat(timespec="seconds")})
    return {"url": SUMMARY_SOURCE, "extension": parts}


def entry_source(origin: Origin) -> Extension:
    """Return the extension that names one source of one entry."""
    parts: list[Extension] = [
        {"url": "source", "valueString": origin.source},
        {"url": "selfReported", "valueBoolean": origin.self_reported},
    ]
    if origin.recorded is not None:
        parts.append({"url": "recorded", "valueDate": origin.recorded.isoformat()})
    return {"url": ENTRY_SOURCE, "extension": parts}
