"""Who a profile is about, read from Patient resources of several sources.

https://jpfhir.jp/fhir/core/1.1.2/StructureDefinition-jp-patient.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.shared.clinical.fhirjson import (
    child,
    children,
    codings,
    extensions,
    first_code,
    string,
    strings,
)
from tasuki.shared.clinical.names import folded
from tasuki.shared.clinical.profile_lines import Contact, Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasuki.shared.clinical.fhirjson import Node
    from tasuki.shared.clinical.sources import SourceRecords

REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


def person_of(sources: Sequence[SourceRecords]) -> Person:
    """Return the person; providers are believed first, later sources only fill what is missing."""
    found = Person()
    for _, patient in _patients(sources):
        other = read_person(patient)
        gaps = {name: value for name, value in vars(other).items() if not getattr(found, name)}
        found = replace(found, **gaps)
    return found


def contacts_of(sources: Sequence[SourceRecords]) -> tuple[Contact, ...]:
    """Return everybody to call, each once, in the order of the sources."""
    found: dict[tuple[str, str], Contact] = {}
    for source, patient in _patients(sources):
        for raw in children(patient, "contact"):
            contact = _contact(source.source, raw)
            if contact.name or contact.phone:
                found.setdefault((folded(contact.name), _digits(contact.phone)), contact)
    return tuple(found.values())


def read_person(patient: Node) -> Person:
    """Return what one Patient resource says."""
    address = _preferred(children(patient, "address"))
    return Person(
        name=_name(patient, "IDE"),
        kana=_name(patient, "SYL"),
        birth_date=_text(patient, "birthDate"),
        sex=_text(patient, "gender"),
        address=_text(address, "text") or "".join(_address_parts(address)),
        municipality=_text(address, "city"),
        language=_language(patient),
        phone=_phone(children(patient, "telecom")),
    )


def _text(node: Node, key: str) -> str:
    return string(node, key) or ""


def _patients(sources: Sequence[SourceRecords]) -> Iterator[tuple[SourceRecords, Node]]:
    for source in sorted(sources, key=lambda each: each.kind != "hospital"):
        for patient in source.of_type("Patient"):
            yield source, patient


def _name(patient: Node, representation: str) -> str:
    """Return the name written in one way: IDE (ideographs) or SYL (kana)."""
    names = children(patient, "name")
    marked = [name for name in names if _representation(name) == representation]
    unmarked = [name for name in names if not _representation(name)]
    chosen = marked or (unmarked if representation == "IDE" else [])
    return written_name(_preferred(chosen))


def _representation(name: Node) -> str:
    found = extensions(name, REPRESENTATION)
    return _text(found[0], "valueCode") if found else ""


def written_name(name: Node) -> str:
    """Return a HumanName in one line, family name first."""
    parts = (_text(name, "family"), *strings(name, "given"))
    return _text(name, "text") or " ".join(part for part in parts if part)


def _preferred(values: Sequence[Node]) -> Node:
    """Return the first that is not marked old, or an empty object."""
    return next((value for value in values if value.get("use") != "old"), {})


def _address_parts(address: Node) -> Iterator[str]:
    state = _text(address, "state")
    yield "" if state.isdigit() else state  # JP Core also allows the prefecture's number
    yield _text(address, "city")
    yield from strings(address, "line")


def _language(patient: Node) -> str:
    spoken = sorted(
        children(patient, "communication"), key=lambda each: each.get("preferred") is not True
    )
    return next((code for each in spoken if (code := first_code(child(each, "language")))), "")


def _phone(telecom: Sequence[Node]) -> str:
    phones = [
        each for each in telecom if each.get("system") == "phone" and each.get("use") != "old"
    ]
    return _text(phones[0], "value") if phones else ""


def _contact(source: str, raw: Node) -> Contact:
    relationships = children(raw, "relationship")
    return Contact(
        source=source,
        name=written_name(child(raw, "name")),
        relationship=concept_words(relationships[0]) if relationships else "",
        phone=_phone(children(raw, "telecom")),
    )


def concept_words(concept: Node) -> str:
    """Return a CodeableConcept's text, or else the first display of its codings."""
    displays = (coding.display for coding in codings(concept) if coding.display)
    return _text(concept, "text") or next(displays, "")


def _digits(phone: str) -> str:
    return "".join(character for character in phone if character.isdigit())
