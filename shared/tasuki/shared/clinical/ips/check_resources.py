"""Rules on the single resources of a summary: R4 by `shared.fhir.models`, then what IPS adds.

https://hl7.org/fhir/uv/ips/ (profiles of Patient, AllergyIntolerance, MedicationStatement, ...)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.ips.bundles import (
    DATA_ABSENT,
    Document,
    Entry,
    Issue,
    is_declared_absent,
    references_in,
)
from tasuki.shared.clinical.ips.raw import Json, mapping, objects, text
from tasuki.shared.fhir.models import validate

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the IPS profiles require beyond R4; alternatives are written with a bar between them.
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "AllergyIntolerance": ("code",),
    "Condition": ("code",),
    "MedicationStatement": ("effectiveDateTime|effectivePeriod",),
    "Patient": ("birthDate", "name"),
    "Procedure": (
        "code",
        "performedDateTime|performedPeriod|performedString|performedAge|performedRange",
    ),
}
# Whose reference must be literal, since the profiles require it.
_SUBJECTS: Final = {
    "AllergyIntolerance": "patient",
    "Condition": "subject",
    "Immunization": "patient",
    "MedicationRequest": "subject",
    "MedicationStatement": "subject",
    "Procedure": "subject",
}


def resource_issues(document: Document) -> Iterator[Issue]:
    """Yield what is wrong inside the resources of a document."""
    for entry in document.entries:
        yield from _r4_issues(entry)
        yield from _missing(entry)
        yield from _loose_references(entry, document)
        yield from _foreign_subject(entry, document)
    for patient in document.of_kind("Patient"):
        yield from _unnamed(patient)


def _r4_issues(entry: Entry) -> Iterator[Issue]:
    for fault in validate(dict(entry.resource)):
        place = fault.at[0].removeprefix(entry.kind) if fault.at else ""
        yield Issue(f"{entry.at}{place}", fault.message)


def _missing(entry: Entry) -> Iterator[Issue]:
    for alternatives in REQUIRED.get(entry.kind, ()):
        names = alternatives.split("|")
        if not any(_is_there(entry.resource, name) for name in names):
            yield Issue(f"{entry.at}.{names[0]}", "this element is required")


def _is_there(resource: Json, name: str) -> bool:
    return bool(resource.get(name)) or is_declared_absent(resource, name)


def _unnamed(patient: Entry) -> Iterator[Issue]:
    """Every name has a family name, a given name or a text (ips-pat-1), or says why not."""
    for n, name in enumerate(objects(patient.resource.get("name"))):
        absent = any(e.get("url") == DATA_ABSENT for e in objects(name.get("extension")))
        if not (name.get("family") or name.get("given") or name.get("text") or absent):
            yield Issue(f"{patient.at}.name[{n}]", "a name needs family, given or text")


def _loose_references(entry: Entry, document: Document) -> Iterator[Issue]:
    contained = {f"#{child.get('id')}" for child in objects(entry.resource.get("contained"))} | {
        "#"
    }
    for path, reference in references_in(entry.resource, entry.at):
        target = text(reference["reference"])
        if target not in contained and document.resolve(target) is None:
            yield Issue(path, "this reference does not resolve inside the Bundle")


def _foreign_subject(entry: Entry, document: Document) -> Iterator[Issue]:
    """A statement about somebody else, or about nobody, has no place in this person's summary."""
    name = _SUBJECTS.get(entry.kind)
    if name is None:
        return
    target = document.resolve(text(mapping(entry.resource.get(name)).get("reference")))
    if target is None or target.kind != "Patient":
        yield Issue(f"{entry.at}.{name}", "this is not the Patient of the summary")
