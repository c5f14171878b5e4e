"""A resident's own log as lines to read: blood pressure and pulse, allergies, medicines.

What a line cannot tell is left out of it, never guessed; no entry is left out of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasuki.phr.pages.blood_pressure import DIASTOLIC, LOINC, PANEL, PULSE, SYSTOLIC
from tasuki.phr.pages.moments import order_of, said_moment
from tasuki.shared.clinical.fhirjson import child, children, codings, first_code, lexeme, string

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tasuki.shared.access.reading import Opened
    from tasuki.shared.clinical.fhirjson import Node
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.web.words import Words

TYPES: Final = ("AllergyIntolerance", "MedicationStatement", "Observation")
AUTHORS: Final = ("performer", "recorder", "asserter", "informationSource")
_DATES: Final = {
    "AllergyIntolerance": ("recordedDate", "onsetDateTime"),
    "MedicationStatement": ("dateAsserted", "effectiveDateTime"),
    "Observation": ("effectiveDateTime", "effectiveInstant", "issued"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry.

    Attributes:
        type: Resource type.
        version: The version shown; what deleting it must still be.
        own: Whether the resident wrote it, or a proxy for them: then they may delete it here.
        by: The proxy who wrote it.
        tags: Short words on how it stands.
    """

    type: str
    id: str
    version: int
    own: bool
    date: str | None
    when: str
    title: str
    details: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """A whole log, newest first in each part; `others` counts what no part shows."""

    readings: tuple[Line, ...]
    allergies: tuple[Line, ...]
    medicines: tuple[Line, ...]
    others: int


def log_of(entries: Iterable[Opened], patient: str, words: Words) -> Log:
    """Return the log of `patient` (`Patient/…`)."""
    by_type: dict[str, list[Line]] = {type_: [] for type_ in TYPES}
    others = 0
    for entry in entries:
        if entry.stored.type == "Observation" and not is_reading(entry.resource):
            others += 1
            continue
        by_type[entry.stored.type].append(line_of(entry, patient, words))
    for lines in by_type.values():
        lines.sort(key=lambda line: order_of(line.date), reverse=True)
    return Log(
        readings=tuple(by_type["Observation"]),
        allergies=tuple(by_type["AllergyIntolerance"]),
        medicines=tuple(by_type["MedicationStatement"]),
        others=others,
    )


def line_of(entry: Opened, patient: str, words: Words) -> Line:
    """Return one entry as a line."""
    resource = entry.resource
    titles = {"Observation": _reading, "AllergyIntolerance": _name, "MedicationStatement": _name}
    details = {"AllergyIntolerance": _about_allergy, "MedicationStatement": _about_medicine}
    read = details.get(entry.stored.type)
    date = _date(resource)
    return Line(
        type=entry.stored.type,
        id=entry.stored.id,
        version=entry.stored.version,
        own=is_own(resource, patient),
        date=date,
        when=said_moment(date, words.language),
        title=titles[entry.stored.type](resource, words) or words("log.unnamed"),
        details=tuple(read(resource, words)) if read else (),
        tags=tuple(_tags(resource, words)),
        by=written_for(resource),
    )


def is_own(resource: Resource, patient: str) -> bool:
    """Return whether the resource says that the resident or their proxy wrote it, and nobody else."""
    authors = list(_authors(resource))
    return bool(authors) and all(
        string(one, "reference") == patient or _is_proxy(one) for one in authors
    )


def written_for(resource: Resource) -> str:
    """Return the proxy who wrote it for the resident; empty for none."""
    proxies = (one for one in _authors(resource) if _is_proxy(one))
    return next((string(one, "display") or "" for one in proxies), "")


def _authors(resource: Resource) -> Iterator[Node]:
    for name in AUTHORS:
        for one in (child(resource, name), *children(resource, name)):
            if one:
                yield one


def _is_proxy(author: Node) -> bool:
    """Return whether an author is said as `acting.Acting.author` says it."""
    return string(author, "type") == "RelatedPerson" and not string(author, "reference")


def is_reading(resource: Resource) -> bool:
    """Return whether an Observation is a blood pressure or a pulse."""
    return any(
        one.system == LOINC and one.code in (PANEL, PULSE)
        for one in codings(child(resource, "code"))
    )


def _date(resource: Resource) -> str | None:
    names = _DATES[str(resource["resourceType"])]
    return next((text for name in names if (text := string(resource, name))), None)


def _reading(resource: Resource, words: Words) -> str:
    codes = {one.code for one in codings(child(resource, "code"))}
    if PANEL not in codes:
        value = _value(resource)
        return words("log.pulse", value=value) if value else ""
    found = {
        one.code: _value(part)
        for part in children(resource, "component")
        for one in codings(child(part, "code"))
        if one.system == LOINC
    }
    high, low = found.get(SYSTOLIC), found.get(DIASTOLIC)
    return words("log.pressure", high=high or "?", low=low or "?") if high or low else ""


def _value(node: Mapping[str, object]) -> str:
    quantity = child(node, "valueQuantity")
    written = lexeme(quantity.get("value")) or ""
    unit = string(quantity, "unit") or string(quantity, "code") or ""
    # The usual units are in the words of the line; another one is said.
    usual = unit in ("mmHg", "mm[Hg]", "/min", "回/分", "bpm", "")
    return written if usual or not written else f"{written} {unit}"


def _name(resource: Resource, _: Words) -> str:
    for element in ("code", "medicationCodeableConcept"):
        concept = child(resource, element)
        named = string(concept, "text") or next(
            (one.display for one in codings(concept) if one.display), None
        )
        if named:
            return named
    return string(child(resource, "medicationReference"), "display") or ""


def _about_allergy(resource: Resource, words: Words) -> Iterator[str]:
    coded = [one.display for one in codings(child(resource, "code")) if one.display]
    if coded and coded != [_name(resource, words)]:
        yield words("log.term", term="、".join(coded))
    for reaction in children(resource, "reaction"):
        for manifestation in children(reaction, "manifestation"):
            yield string(manifestation, "text") or ""
        severity = string(reaction, "severity")
        if severity and words.has(f"severity.{severity}"):
            yield words(f"severity.{severity}")


def _about_medicine(resource: Resource, words: Words) -> Iterator[str]:
    for dosage in children(resource, "dosage"):
        yield string(dosage, "text") or ""
    period = child(resource, "effectivePeriod")
    start, end = string(period, "start"), string(period, "end")
    if start:
        yield words("log.since", day=said_moment(start, words.language))
    if end:
        yield words("log.until", day=said_moment(end, words.language))


def _tags(resource: Resource, words: Words) -> Iterator[str]:
    kinds: tuple[tuple[str, str | None], ...] = (("status", string(resource, "status")),)
    if resource["resourceType"] == "AllergyIntolerance":
        kinds = (
            ("category", next(iter(resource.get("category") or ()), None)),
            ("clinical", first_code(child(resource, "clinicalStatus"))),
            ("verification", first_code(child(resource, "verificationStatus"))),
        )
    for kind, code in kinds:
        if words.has(f"{kind}.{code}"):
            yield words(f"{kind}.{code}")
