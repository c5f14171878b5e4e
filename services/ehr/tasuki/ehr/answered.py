"""Reading another region's `$everything` answer: its records, and what it says it lacks.

https://hl7.org/fhir/R4/patient-operation-everything.html; the notes are those of
`tasuki.shared.rest.everything`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import MAX_DEPTH, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasuki.shared.fhir.json import Resource

BUNDLE_DEPTH = MAX_DEPTH + 4  # Bundle, entry, its object, and the resource as deep as it may be


@dataclass(frozen=True, slots=True)
class Answered:
    """What another region gave.

    Attributes:
        unreadable: How many records it holds that could not be read.
        withheld_types: Types of which it held something back.
    """

    resources: tuple[Resource, ...]
    unreadable: int
    withheld_types: frozenset[str]


def read_everything(content: bytes) -> Answered:
    """Return what a searchset Bundle says.

    Raises:
        Fault: UNAVAILABLE where it is no such Bundle.
    """
    try:
        bundle = parse(content, max_depth=BUNDLE_DEPTH)
    except Fault as error:
        raise _not_understood() from error
    if bundle.get("resourceType") != "Bundle":
        raise _not_understood()
    resources = list(_resources(bundle))
    unreadable, withheld = 0, frozenset[str]()
    for note in _notes(resources):
        name, _, value = note.partition(": ")
        if name == "unreadable" and value.isdecimal():
            unreadable += int(value)
        elif name == "withheld":
            withheld |= {part.strip() for part in value.split(",") if part.strip()}
    return Answered(
        tuple(one for one in resources if one["resourceType"] != "OperationOutcome"),
        unreadable,
        withheld,
    )


def _resources(bundle: Mapping[str, Any]) -> Iterator[Resource]:
    entries = bundle.get("entry") or []
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise _not_understood()
        yield resource


def _notes(resources: list[Resource]) -> Iterator[str]:
    for resource in resources:
        if resource["resourceType"] == "OperationOutcome":
            for issue in resource.get("issue") or ():
                yield str(issue.get("diagnostics", ""))


def _not_understood() -> Fault:
    return Fault(Category.UNAVAILABLE, "the other region's answer is not understood")
