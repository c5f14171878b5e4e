"""What each section of a summary holds: entries, and one narrative row for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.clinical.ips import history, words
from tasuki.shared.clinical.ips.composition import Content
from tasuki.shared.clinical.ips.entries import EntryWriter
from tasuki.shared.clinical.ips.rows import allergy_row, condition_row, medicine_row, record_row
from tasuki.shared.clinical.profile_sections import allergies_of, conditions_of, medicines_of
from tasuki.shared.clinical.view_allergies import conflicts_with, view_allergies
from tasuki.shared.clinical.view_conditions import view_conditions
from tasuki.shared.clinical.view_medicines import view_medicines
from tasuki.shared.clinical.view_words import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.shared.clinical.ips.history import Record
    from tasuki.shared.clinical.ips.rows import Row
    from tasuki.shared.clinical.sources import SourceRecords
    from tasuki.shared.clinical.view_lines import OriginView, SectionHead
    from tasuki.shared.clinical.view_sources import Reader


class Contents:
    """The sections' contents for one reader; `patient` is the fullUrl of the Patient."""

    def __init__(self, sources: Sequence[SourceRecords], reader: Reader, patient: str) -> None:
        self._sources = sources
        self._reader = reader
        self._writer = EntryWriter(patient, reader.language)
        self._allergies = view_allergies(allergies_of(sources, reader.today), reader)

    def allergies(self) -> tuple[SectionHead, Content]:
        """Return the allergies, worst first."""
        lines, write, language = self._allergies.lines, self._writer, self._reader.language
        return self._allergies.head, Content(
            head=words.ALLERGY_HEAD,
            rows=[allergy_row(line, write.sources(line.origins), language) for line in lines],
            entries=[write.allergy(line) for line in lines],
            sources=_names(line.origins for line in lines),
        )

    def medicines(self) -> tuple[SectionHead, Content]:
        """Return the medicines in the order of need, one entry per strength, dose and usage."""
        reader, write = self._reader, self._writer
        section = medicines_of(self._sources, reader.today)
        found = view_medicines(section, reader, lambda drug: conflicts_with(drug, self._allergies))
        doses = [(line, dose) for line in found.shown for dose in line.doses]
        older = said(words.OLDER_ENDED, reader.language).format(found.older_ended)
        return found.head, Content(
            head=words.MEDICINE_HEAD,
            rows=[
                medicine_row(line, dose, write.sources(dose.origins), reader.language)
                for line, dose in doses
            ],
            entries=[write.medicine(line, dose) for line, dose in doses],
            notes=(older,) if found.older_ended else (),
            sources=_names(dose.origins for _, dose in doses),
        )

    def problems(self) -> tuple[SectionHead, Content]:
        """Return the conditions that may be active."""
        reader, write = self._reader, self._writer
        found = view_conditions(conditions_of(self._sources, reader.today), reader)
        resolved = said(words.RESOLVED, reader.language).format(found.resolved)
        return found.head, Content(
            head=words.PROBLEM_HEAD,
            rows=[condition_row(line, write.sources(line.origins)) for line in found.lines],
            entries=[write.condition(line) for line in found.lines],
            notes=(resolved,) if found.resolved else (),
            sources=_names(line.origins for line in found.lines),
        )

    def immunizations(self) -> Content:
        """Return the immunizations that were given."""
        return self._records(words.IMMUNIZATION_HEAD, history.immunizations(self._sources))

    def results(self) -> Content:
        """Return the newest laboratory result of each test."""
        return self._records(words.RESULT_HEAD, history.results(self._sources))

    def procedures(self) -> Content:
        """Return the procedures."""
        return self._records(words.PROCEDURE_HEAD, history.procedures(self._sources))

    def _records(self, head: tuple[Row, Row], records: Sequence[Record]) -> Content:
        origins = [self._reader.origins(record.facts) for record in records]
        pairs = list(zip(records, origins, strict=True))
        return Content(
            head=head,
            rows=[record_row(record, self._writer.sources(of)) for record, of in pairs],
            entries=[self._writer.record(record, of) for record, of in pairs],
            sources=_names(origins),
        )


def _names(origins: Iterable[Iterable[OriginView]]) -> frozenset[str]:
    return frozenset(origin.source for each in origins for origin in each)
