"""Reading a `$everything` answer: what of it is kept, and what it says is missing.

https://hl7.org/fhir/R4/patient-operation-everything.html; the notes are those of
`tasuki.shared.rest.everything`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tasuki.shared.clinical.sources import SourceState
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse
from tasuki.shelter.entries import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasuki.shelter.entries import SourceEntry

_DEPTH = 40


def entry_of(content: bytes, blank: SourceEntry) -> SourceEntry:
    """Return the answered entry.

    Raises:
        Fault: UNAVAILABLE where the answer is no Bundle.
    """
    try:
        bundle = parse(content, max_depth=_DEPTH)
    except Fault as error:
        raise _not_understood() from error
    if bundle.get("resourceType") != "Bundle":
        raise _not_understood()
    resources = list(_resources(bundle))
    unreadable, withheld = _notes(resources)
    return replace(
        blank,
        state=SourceState.ANSWERED,
        resources=tuple(each for each in resources if each.get("resourceType") in KEPT),
        unreadable=unreadable,
        withheld=withheld,
    )


def _resources(bundle: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in bundle.get("entry") or ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def _notes(resources: list[dict[str, Any]]) -> tuple[int, frozenset[str]]:
    unreadable, withheld = 0, frozenset[str]()
    for text in _diagnostics(resources):
        name, _, value = text.partition(": ")
        if name == "unreadable" and value.isdecimal():
            unreadable += int(value)
        elif name == "withheld":
            withheld |= {part.strip() for part in value.split(",") if part.strip()}
    return unreadable, withheld


def _diagnostics(resources: list[dict[str, Any]]) -> Iterator[str]:
    for each in resources:
        if each.get("resourceType") != "OperationOutcome":
            continue
        for issue in each.get("issue") or ():
            details = issue.get("details") or {}
            yield from (
                text
                for text in (issue.get("diagnostics"), details.get("text"))
                if isinstance(text, str)
            )


def _not_understood() -> Fault:
    return Fault(Category.UNAVAILABLE, "the holder's answer is not understood")
