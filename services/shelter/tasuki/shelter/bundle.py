"""A disclosure as a FHIR Bundle: the person, and one List for each section.

The five states of a section are `List.entry`, or one `List.emptyReason`: nilknown, notasked,
withheld, unavailable. What a section lacks, and what disagrees, stands in `List.note`.

https://hl7.org/fhir/R4/list.html, https://terminology.hl7.org/CodeSystem-list-empty-reason.html
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from tasuki.shared.clinical.profile_lines import SectionState
from tasuki.shelter.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasuki.shared.clinical.profile_lines import Fact, Person
    from tasuki.shared.clinical.view_lines import SectionHead
    from tasuki.shared.web.words import Language
    from tasuki.shelter.profiles import Disclosure

LOINC: Final = "http://loinc.org"
EMPTY: Final = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
FLAG: Final = "https://tasuki.example/fhir/CodeSystem/do-not-interrupt"
SOURCE: Final = "urn:tasuki:source:"
REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
REASONS: Final = {
    SectionState.NONE_KNOWN: "nilknown",
    SectionState.NOT_ASKED: "notasked",
    SectionState.WITHHELD: "withheld",
    SectionState.UNREACHABLE: "unavailable",
}
_SECTIONS: Final = {
    "allergies": ("48765-2", "Allergies and adverse reactions Document"),
    "medicines": ("10160-0", "History of Medication use Narrative"),
    "conditions": ("11450-4", "Problem list - Reported"),
}
_NAMESPACE: Final = uuid.UUID("6d6f7c2e-5f7b-5c0e-9f0e-2a3c1b7d4e55")
_SUBJECT = {"AllergyIntolerance": "patient"}

CACHED = 1_000  # profiles; about 30 kB each

Json = dict[str, Any]


class Bundles:
    """Makes Bundles; what depends on nothing but the record and the day is made once."""

    def __init__(self) -> None:
        self._made: OrderedDict[object, list[Json]] = OrderedDict()

    def of(self, disclosure: Disclosure, language: Language) -> Json:
        """Return the emergency profile as a collection Bundle."""
        entries = self._entries(disclosure, language)
        sources = _sources(disclosure, f"urn:uuid:{disclosure.person}", language)
        last = {"fullUrl": _url(disclosure, "sources", "list"), "resource": sources}
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "timestamp": disclosure.view.built_at.isoformat(),
            "entry": [*entries, last],
        }

    def _entries(self, disclosure: Disclosure, language: Language) -> list[Json]:
        if disclosure.face is None:
            return entries_of(disclosure, language)
        made = self._made.get(disclosure.face)
        if made is None:
            made = self._made[disclosure.face] = entries_of(disclosure, language)
            if len(self._made) > CACHED:
                self._made.popitem(last=False)
        return made


def entries_of(disclosure: Disclosure, language: Language) -> list[Json]:
    """Return the entries of the person and of each section."""
    patient_url = f"urn:uuid:{disclosure.person}"
    entries: list[Json] = [{"fullUrl": patient_url, "resource": patient_of(disclosure, language)}]
    for name, head, lines in _sections(disclosure):
        items = _Items(disclosure, name, patient_url)
        listed = [items.line(line) for line in lines]
        about = {"title": _said(f"section.{name}", language), **_code(name)}
        made = _list(about, head, listed, patient_url, disclosure.view.built_at.isoformat())
        _note(made, _restricted(disclosure, name, language))
        entries.append({"fullUrl": _url(disclosure, name, "list"), "resource": made})
        entries.extend(items.entries)
    return entries


def patient_of(disclosure: Disclosure, language: Language) -> Json:
    """Return the person as a Patient, with whom to call."""
    person = disclosure.view.person
    made: Json = {
        "resourceType": "Patient",
        "id": disclosure.person,
        "name": names_of(person.name, person.kana),
        "birthDate": person.birth_date,
        "gender": person.sex,
        "telecom": _phone(person.phone),
        "address": _address(person),
        "contact": [
            {
                "relationship": [{"text": contact.relationship}] if contact.relationship else None,
                "name": {"text": contact.name} if contact.name else None,
                "telecom": _phone(contact.phone),
            }
            for contact in disclosure.view.contacts
        ],
    }
    if disclosure.released.contacts_withheld:
        made["text"] = {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">'
            f"{_said('contacts-withheld', language)}</div>",
        }
    return _full(made)


def names_of(name: str, kana: str) -> list[Json]:
    """Return a name in ideographs and in kana, as JP Core marks them."""
    return [
        {
            "extension": [{"url": REPRESENTATION, "valueCode": code}],
            "use": "official",
            "text": text,
        }
        for code, text in (("IDE", name), ("SYL", kana))
        if text
    ]


class _Items:
    """The resources of one section, and how its List points to them."""

    def __init__(self, disclosure: Disclosure, section: str, patient_url: str) -> None:
        self._disclosure = disclosure
        self._section = section
        self._patient_url = patient_url
        self.entries: list[Json] = []

    def line(self, line: tuple[str, Sequence[str], Sequence[Fact]]) -> Json:
        display, flags, facts = line
        first = ""
        for fact in facts:
            url = _url(self._disclosure, self._section, str(len(self.entries)))
            first = first or url
            self.entries.append({"fullUrl": url, "resource": self._resource(url, fact)})
        item: Json = {"item": {"reference": first, "display": display}}
        if flags:
            item["flag"] = {
                "coding": [{"system": FLAG, "code": flag} for flag in flags],
            }
        return item

    def _resource(self, url: str, fact: Fact) -> Json:
        kind = str(fact.fragment["resourceType"])
        subject = {"reference": self._patient_url}
        return {
            "resourceType": kind,
            "id": url.removeprefix("urn:uuid:"),
            "meta": {"source": SOURCE + fact.origin.source},
            **{name: value for name, value in fact.fragment.items() if name != "resourceType"},
            _SUBJECT.get(kind, "subject"): subject,
        }


def _sections(
    disclosure: Disclosure,
) -> Iterator[tuple[str, SectionHead, list[tuple[str, Sequence[str], Sequence[Fact]]]]]:
    view = disclosure.view
    yield (
        "allergies",
        view.allergies.head,
        [
            (f"{line.name} {line.severity_words}".strip(), (), line.facts)
            for line in view.allergies.lines
        ],
    )
    yield (
        "medicines",
        view.medicines.head,
        [
            (
                " ".join(
                    part for part in (dose.name, dose.dose, dose.usage, dose.standing_words) if part
                ),
                [flag.kind.value for flag in medicine.flags if flag.kind.do_not_interrupt],
                dose.facts,
            )
            for medicine in view.medicines.shown
            for dose in medicine.doses
        ],
    )
    yield (
        "conditions",
        view.conditions.head,
        [(line.name, (), line.facts) for line in view.conditions.lines],
    )


def _list(about: Json, head: SectionHead, items: list[Json], patient_url: str, date: str) -> Json:
    made: Json = {
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        **about,
        "subject": {"reference": patient_url},
        "date": date,
    }
    for note in (*(missing.words for missing in head.missing), *head.notes):
        _note(made, note)
    if items:
        made["entry"] = items
    else:
        reason = REASONS.get(head.state, "unavailable")
        made["emptyReason"] = {
            "coding": [{"system": EMPTY, "code": reason}],
            "text": head.words,
        }
    return made


def _sources(disclosure: Disclosure, patient_url: str, language: Language) -> Json:
    items = []
    for source in disclosure.view.sources:
        as_of = "" if source.as_of is None else f" {source.as_of.isoformat()}"
        display = f"{source.title}: {source.state_words}{as_of}"
        named = {"system": "urn:ietf:rfc:3986", "value": SOURCE + source.source}
        items.append({"item": {"identifier": named, "display": display}})
    made: Json = {
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "title": _said("sources", language),
        "code": {"text": "sources"},
        "subject": {"reference": patient_url},
        "date": disclosure.view.built_at.isoformat(),
    }
    if disclosure.view.unreadable:
        _note(made, _said("unreadable", language).format(n=disclosure.view.unreadable))
    if not disclosure.linked:
        _note(made, _said("not-linked", language))
    return {**made, "entry": items} if items else made


def _restricted(disclosure: Disclosure, section: str, language: Language) -> str:
    kinds = set(disclosure.released.restricted)
    if section == "allergies" and "AllergyIntolerance" in kinds:
        return _said("restricted.allergies", language)
    if section == "medicines" and kinds - {"AllergyIntolerance"}:
        return _said("restricted.medicines", language)
    return ""


def _note(made: Json, text: str) -> None:
    if text:
        made.setdefault("note", []).append({"text": text})


def _code(section: str) -> Json:
    code, display = _SECTIONS[section]
    return {"code": {"coding": [{"system": LOINC, "code": code, "display": display}]}}


def _url(disclosure: Disclosure, section: str, place: str) -> str:
    name = f"{disclosure.person}/{disclosure.version}/{section}/{place}"
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, name)}"


def _phone(number: str) -> list[Json]:
    return [{"system": "phone", "value": number}] if number else []


def _address(person: Person) -> list[Json]:
    parts = {"text": person.address, "city": person.municipality}
    kept = {name: value for name, value in parts.items() if value}
    return [kept] if kept else []


def _full(value: Mapping[str, Any]) -> Json:
    """Return an object without empty members, which FHIR forbids."""
    return {
        name: [_full(each) if isinstance(each, dict) else each for each in member]
        if isinstance(member, list)
        else member
        for name, member in value.items()
        if member not in (None, "", [], {})
    }


def _said(key: str, language: Language) -> str:
    return WORDS[key][0 if language == "ja" else 1]
