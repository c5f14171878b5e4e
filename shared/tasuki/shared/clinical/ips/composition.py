"""Composing sections: code, state, sources, narrative, and entries or the reason why there are none.

https://hl7.org/fhir/uv/ips/StructureDefinition-Composition-uv-ips.html

Decisions. "None known" is the empty reason `nilknown`, not a resource with a SNOMED CT "no known ..."
code: Japan is not a SNOMED member, and an AllergyIntolerance with nothing but a text would read as an
allergy. `nilknown` is only said when every source was heard; with one missing, the empty reason is why
it is missing, and the narrative says who recorded none. Our five states stand in an extension.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.clinical.ips import words, xhtml
from tasuki.shared.clinical.ips.extensions import SECTION_CODES, section_state
from tasuki.shared.clinical.ips.rows import moment, source_row
from tasuki.shared.clinical.ips.sections import LOINC
from tasuki.shared.clinical.profile_lines import SectionState
from tasuki.shared.clinical.sources import SourceState
from tasuki.shared.clinical.view_words import joined, said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.clinical.ips.rows import Row
    from tasuki.shared.clinical.ips.sections import SectionRule
    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.view_lines import SectionHead, SourceView

EMPTY_REASONS = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
_REASON = {
    SectionState.RECORDED: "unavailable",  # recorded, but nothing of it belongs in this section
    SectionState.NONE_KNOWN: "nilknown",
    SectionState.NOT_ASKED: "notasked",
    SectionState.WITHHELD: "withheld",
    SectionState.UNREACHABLE: "unavailable",
}

Body = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """What one section holds.

    Attributes:
        head: Column heads in both languages.
        rows: One per entry.
        entries: Resources without id, in the order of the rows.
        notes: Sentences below the table.
        sources: Names of the sources that contributed.
    """

    head: tuple[Row, Row]
    rows: Sequence[Row]
    entries: Sequence[Body]
    notes: Sequence[str] = ()
    sources: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SectionWriter:
    """Writes sections in one language.

    Attributes:
        sources: Every source that was asked.
    """

    language: Language
    sources: tuple[SourceView, ...]

    def stated(
        self, rule: SectionRule, head: SectionHead, content: Content, urls: Sequence[str]
    ) -> Body:
        """Return one of the three required sections, in one of five states, with its entries' fullUrls."""
        sentences = [] if urls else [head.words]
        sentences += [*content.notes, *head.notes, *(each.words for each in head.missing)]
        section = self._section(rule, content, sentences, urls)
        section["extension"] = [section_state(head.state)]
        if not urls:
            section["emptyReason"] = {
                "coding": [{"system": EMPTY_REASONS, "code": _empty_reason(head)}],
                "text": "; ".join([head.words, *(each.words for each in head.missing)]),
            }
        return section

    def plain(self, rule: SectionRule, content: Content, urls: Sequence[str]) -> Body:
        """Return an optional section, which stands only when it has entries."""
        return self._section(rule, content, content.notes, urls)

    def source_section(self) -> Body:
        """Return the section that names every source; it has no entries and is none of the guide's."""
        title = said(words.SOURCES, self.language)
        rows = [source_row(source, self.language) for source in self.sources]
        table = xhtml.table(said_head(words.SOURCE_HEAD, self.language), rows)
        return {
            "title": title,
            "code": {"coding": [{"system": SECTION_CODES, "code": "sources"}], "text": title},
            "text": self._text([table]),
        }

    def _section(
        self, rule: SectionRule, content: Content, sentences: Sequence[str], urls: Sequence[str]
    ) -> Body:
        parts = [xhtml.table(said_head(content.head, self.language), content.rows)] if urls else []
        parts += [xhtml.paragraph(sentence) for sentence in sentences]
        as_of = self._as_of(content.sources)
        if as_of:
            parts.append(xhtml.paragraph(said(words.AS_OF, self.language).format(as_of)))
        section: Body = {
            "title": rule.title_ja if self.language == "ja" else rule.title_en,
            "code": {"coding": [{"system": LOINC, "code": rule.loinc, "display": rule.display}]},
            "text": self._text(parts),
        }
        return section | ({"entry": [{"reference": url} for url in urls]} if urls else {})

    def _as_of(self, names: frozenset[str]) -> str:
        """Return how old the data are, for the sources that contributed or, without any, for all."""
        heard = (SourceState.ANSWERED, SourceState.NONE)
        ages = (
            f"{source.title} {moment(source.as_of, self.language)}"
            for source in self.sources
            if (source.source in names if names else source.state in heard)
        )
        return joined(ages, self.language)

    def _text(self, parts: Sequence[str]) -> Body:
        return {"status": "generated", "div": xhtml.division(parts, self.language)}


def said_head(head: tuple[Row, Row], language: Language) -> Row:
    """Return the column heads in one language."""
    return head[0] if language == "ja" else head[1]


def _empty_reason(head: SectionHead) -> str:
    states = {each.state for each in head.missing}
    if SourceState.UNREACHABLE in states:
        return "unavailable"
    return "withheld" if SourceState.WITHHELD in states else _REASON[head.state]
