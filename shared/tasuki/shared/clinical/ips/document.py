"""Assembling an International Patient Summary from every source's answer.

The Bundle is of type `document`: Composition first, then Patient, the software that assembled it, and the
entries in the order of the sections. Every reference resolves inside the Bundle or is words.
https://hl7.org/fhir/uv/ips/ version 2.0.1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.clinical.disclosure import Audience, for_audience
from tasuki.shared.clinical.ips import words
from tasuki.shared.clinical.ips.composition import SectionWriter
from tasuki.shared.clinical.ips.contents import Contents
from tasuki.shared.clinical.ips.entries import PROFILE
from tasuki.shared.clinical.ips.extensions import summary_source
from tasuki.shared.clinical.ips.people import author_resource, patient_resource
from tasuki.shared.clinical.ips.rows import moment
from tasuki.shared.clinical.ips.sections import (
    ALLERGIES,
    IMMUNIZATIONS,
    LOINC,
    MEDICINES,
    PROBLEMS,
    PROCEDURES,
    RESULTS,
    SUMMARY_TYPE,
)
from tasuki.shared.clinical.profile import source_line
from tasuki.shared.clinical.view_sources import Reader
from tasuki.shared.clinical.view_words import said
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.sources import SourceRecords
    from tasuki.shared.ids import IdSource

URI = "urn:ietf:rfc:3986"

Body = dict[str, Any]


@dataclass(frozen=True)
class SummaryOf:
    """What a summary is of, when, by what and for whom.

    Attributes:
        patient: The Patient resource of the region that answers.
        now: Moment of assembly, aware.
        identifier: The document's own, a URI such as `urn:uuid:...`.
        author: Name of the software, or a Device resource.
        language: Of the narratives.
        audience: Whether the reader may see what the patient was not told; the person by default.
    """

    patient: Mapping[str, object]
    now: datetime
    identifier: str
    author: Mapping[str, object] | str
    language: Language = "ja"
    audience: Audience = Audience.PERSON


def build_summary(sources: Sequence[SourceRecords], of: SummaryOf, ids: IdSource) -> Body:
    """Return an IPS 2.0.1 document Bundle.

    Args:
        sources: Every source that was asked, in the order to be named.
        of: Patient, moment, identifier, author, language and audience.
        ids: Makes the ids of the entries; none of the sources' ids is carried over.
    """
    allowed = for_audience(sources, of.audience)
    reader = Reader(of.now.astimezone(TOKYO).date(), of.language, tuple(map(source_line, allowed)))
    document = _Document(ids)
    patient = document.add(patient_resource(of.patient, of.language))
    author = document.add(author_resource(of.author))
    contents = Contents(allowed, reader, patient)
    composition = _composition(of, reader, patient, author)
    composition["section"] = _sections(
        contents, SectionWriter(of.language, reader.source_views()), document
    )
    at = composition["date"]
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{PROFILE}Bundle-uv-ips"]},
        "language": of.language,
        "identifier": {"system": URI, "value": of.identifier},
        "type": "document",
        "timestamp": at,
        "entry": [_entry(ids.new(), composition), *document.entries],
    }


class _Document:
    """The entries so far."""

    def __init__(self, ids: IdSource) -> None:
        self.entries: list[Body] = []
        self._ids = ids

    def add(self, resource: Body) -> str:
        """Add a resource under a fresh id and return its fullUrl."""
        entry = _entry(self._ids.new(), resource)
        self.entries.append(entry)
        return str(entry["fullUrl"])


def _entry(name: str, resource: Body) -> Body:
    kind = {"resourceType": resource["resourceType"], "id": name}
    return {"fullUrl": f"urn:uuid:{name}", "resource": kind | resource}


def _composition(of: SummaryOf, reader: Reader, patient: str, author: str) -> Body:
    return {
        "resourceType": "Composition",
        "meta": {"profile": [f"{PROFILE}Composition-uv-ips"]},
        "language": of.language,
        "extension": [summary_source(line, reader.title(line.source)) for line in reader.sources],
        "status": "final",
        "type": {"coding": [{"system": LOINC, "code": SUMMARY_TYPE}]},
        "subject": {"reference": patient},
        "date": of.now.astimezone(TOKYO).isoformat(timespec="seconds"),
        "author": [{"reference": author}],
        "title": said(words.TITLE, of.language).format(moment(of.now, of.language)),
    }


def _sections(contents: Contents, writer: SectionWriter, document: _Document) -> list[Body]:
    """Return the sections in the order of need, adding their entries to the document."""
    required = (
        (ALLERGIES, contents.allergies()),
        (MEDICINES, contents.medicines()),
        (PROBLEMS, contents.problems()),
    )
    optional = (
        (IMMUNIZATIONS, contents.immunizations()),
        (RESULTS, contents.results()),
        (PROCEDURES, contents.procedures()),
    )
    sections = [
        writer.stated(rule, head, content, [document.add(each) for each in content.entries])
        for rule, (head, content) in required
    ]
    sections += [
        writer.plain(rule, content, [document.add(each) for each in content.entries])
        for rule, content in optional
        if content.entries
    ]
    return [*sections, writer.source_section()]
