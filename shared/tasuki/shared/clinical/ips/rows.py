"""The rows of a summary's narratives: one row per entry, in words.

https://hl7.org/fhir/R4/narrative.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.clinical import view_words
from tasuki.shared.clinical.ips import words
from tasuki.shared.clinical.view_words import joined, said
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.shared.clinical.ips.history import Record
    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.view_lines import (
        AllergyView,
        ConditionView,
        DoseView,
        MedicineView,
        SourceView,
    )

Row = tuple[str, ...]


def allergy_row(line: AllergyView, sources: str, language: Language) -> Row:
    """Return allergen, severity, reactions, status, sources."""
    name = f"{line.name} / {line.other_name}" if line.other_name else line.name
    status = [line.status_words]
    if line.suspected:
        status.append(said(view_words.UNCONFIRMED, language))
    if line.older_than_5_years:
        status.append(said(view_words.OLDER_THAN_5_YEARS, language))
    return (
        name,
        line.severity_words,
        joined(line.reactions, language),
        joined(status, language),
        sources,
    )


def medicine_row(line: MedicineView, dose: DoseView, sources: str, language: Language) -> Row:
    """Return product, dose, usage, standing, cautions, sources."""
    cautions = []
    if line.flag_labels:
        labels = joined(line.flag_labels, language)
        cautions.append(said(words.DO_NOT_INTERRUPT, language).format(labels))
    if line.conflicts:
        cautions.append(said(words.CONFLICT, language).format(joined(line.conflicts, language)))
    return (
        dose.name or line.name,
        dose.dose or said(view_words.DOSE_UNKNOWN, language),
        dose.usage,
        _standing(dose),
        "; ".join(cautions),
        sources,
    )


def _standing(dose: DoseView) -> str:
    days = " - ".join(day.isoformat() if day else "?" for day in (dose.start, dose.last_day))
    return f"{dose.standing_words} ({days})" if dose.start or dose.last_day else dose.standing_words


def condition_row(line: ConditionView, sources: str) -> Row:
    """Return name, status, onset, sources."""
    return (line.name, line.status_words, line.onset, sources)


def record_row(record: Record, sources: str) -> Row:
    """Return name, value if it has one, date, sources."""
    value = (record.value,) if record.facts[0].fragment["resourceType"] == "Observation" else ()
    return (record.name, *value, record.when[:10], sources)


def source_row(source: SourceView, language: Language) -> Row:
    """Return title, answer, age of data, number of records not readable."""
    return (
        source.title,
        source.state_words,
        moment(source.as_of, language),
        str(source.unreadable) if source.unreadable else "",
    )


def moment(at: datetime | None, language: Language) -> str:
    """Return a moment in Japan's time, to the minute, or that nobody knows it."""
    if at is None:
        return said(words.DATE_UNKNOWN, language)
    return at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M JST")
