"""From reconciled lines to the resources of a summary.

Each line becomes one resource (each strength of a medicine one of its own), based on the best record:
a provider's before the person's own, then the newest. All its sources are named in an extension, for
programs, and in a note, for people. https://hl7.org/fhir/uv/ips/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.clinical.courses import Standing
from tasuki.shared.clinical.fhirjson import child, children, codings, first_code, string
from tasuki.shared.clinical.ips import words
from tasuki.shared.clinical.ips.extensions import entry_source, unknown
from tasuki.shared.clinical.ips.references import worded
from tasuki.shared.clinical.profile_lines import Origin
from tasuki.shared.clinical.view_words import joined, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.shared.clinical.ips.history import Record
    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.profile_lines import Fact
    from tasuki.shared.clinical.view_lines import (
        AllergyView,
        ConditionView,
        DoseView,
        MedicineView,
        OriginView,
    )

PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
STATUS = {
    Standing.CURRENT: "active",
    Standing.AS_NEEDED: "active",
    Standing.NOT_STARTED: "intended",
    Standing.END_UNKNOWN: "unknown",
    Standing.STOPPED: "stopped",
    Standing.ENDED: "completed",
}
_PROFILES = {"Observation": "Observation-results-laboratory-pathology"}
_OVER = frozenset({"inactive", "resolved", "remission"})
_DOSAGES = {"MedicationStatement": "dosage"}

Body = dict[str, Any]


@dataclass(frozen=True)
class EntryWriter:
    """Writes entries about one patient in one language.

    Attributes:
        patient: fullUrl of the Patient in the Bundle.
    """

    patient: str
    language: Language

    def allergy(self, line: AllergyView) -> Body:
        """Return an AllergyIntolerance; without a status it says that nobody knows it."""
        body = self._base("AllergyIntolerance", line.facts, line.origins, about="patient")
        body.setdefault("clinicalStatus", unknown())
        body["code"] = _named(body.get("code"), line.name)
        body["reaction"] = _merged(line.facts, "reaction")
        if line.criticality:
            body["criticality"] = line.criticality
        return {name: value for name, value in body.items() if value != []}

    def medicine(self, line: MedicineView, dose: DoseView) -> Body:
        """Return a MedicationStatement for one strength, dose and usage of a drug."""
        fragment = dose.facts[0].fragment
        body = self._base("MedicationStatement", (), dose.origins, about="subject")
        concept = worded(child(fragment, "medicationCodeableConcept"))
        body |= {
            "status": STATUS[dose.standing],
            "medicationCodeableConcept": _named(concept, dose.name or line.name),
            "effectivePeriod": _period(dose),
        }
        dosages = self._dosages(fragment, dose)
        return body | ({"dosage": dosages} if dosages else {})

    def condition(self, line: ConditionView) -> Body:
        """Return a Condition; a suspected one is never written as confirmed."""
        body = self._base("Condition", line.facts, line.origins, about="subject")
        body["code"] = _named(body.get("code"), line.name) | {"text": line.name}
        if line.suspected:
            body["verificationStatus"] = {
                "coding": [{"system": VERIFICATION, "code": "provisional"}]
            }
        if first_code(child(body, "clinicalStatus")) not in _OVER:  # con-4
            body = {k: v for k, v in body.items() if not k.startswith("abatement")}
        return body

    def record(self, record: Record, origins: Sequence[OriginView]) -> Body:
        """Return an immunization, procedure or result as recorded."""
        kind = str(record.facts[0].fragment["resourceType"])
        about = "patient" if kind == "Immunization" else "subject"
        return self._base(kind, record.facts, origins, about=about)

    def sources(self, origins: Iterable[OriginView]) -> str:
        """Return the sources of an entry in one line, each with its day of recording."""
        return joined((self._source(origin) for origin in origins), self.language)

    def _source(self, origin: OriginView) -> str:
        title = origin.title
        if origin.self_reported:
            title = said(words.SELF_REPORTED, self.language).format(title)
        return f"{title} {origin.recorded.isoformat()}" if origin.recorded else title

    def _base(
        self, kind: str, facts: Sequence[Fact], origins: Sequence[OriginView], *, about: str
    ) -> Body:
        """Return the first fact's elements with patient, profile and sources."""
        kept = worded(facts[0].fragment) if facts else {}
        note = said(words.ENTRY_SOURCES, self.language).format(self.sources(origins))
        return {
            "resourceType": kind,
            "meta": {"profile": [f"{PROFILE}{_PROFILES.get(kind, kind)}-uv-ips"]},
            **{name: value for name, value in kept.items() if name != "resourceType"},
            about: {"reference": self.patient},
            "extension": [*kept.get("extension", ()), *_entry_sources(origins)],
            "note": [*kept.get("note", ()), {"text": note}],
        }

    def _dosages(self, fragment: Any, dose: DoseView) -> list[Body]:
        """Return the dosages as recorded; where one has no text, our words stand in."""
        name = _DOSAGES.get(str(fragment.get("resourceType")), "dosageInstruction")
        in_words = " ".join(part for part in (dose.dose, dose.usage) if part)
        recorded = [dict(worded(dosage)) for dosage in children(fragment, name)]
        return [
            dosage if string(dosage, "text") else dosage | {"text": in_words} for dosage in recorded
        ]


def _entry_sources(origins: Iterable[OriginView]) -> list[Body]:
    return [
        entry_source(Origin(each.source, each.self_reported, each.recorded)) for each in origins
    ]


def _named(concept: Any, name: str) -> Body:
    """Return a CodeableConcept that has at least a text."""
    kept = dict(concept) if codings(concept or {}) or string(concept or {}, "text") else {}
    return kept if string(kept, "text") else kept | {"text": name}


def _merged(facts: Iterable[Fact], name: str) -> list[Any]:
    """Return the members of an array from all facts, each once."""
    found: list[Any] = []
    for fact in facts:
        found.extend(each for each in worded(children(fact.fragment, name)) if each not in found)
    return found


def _period(dose: DoseView) -> Body:
    """Return the effective period; without any day it says that nobody knows it."""
    days = {"start": dose.start, "end": dose.last_day}
    return {name: day.isoformat() for name, day in days.items() if day} or unknown()
