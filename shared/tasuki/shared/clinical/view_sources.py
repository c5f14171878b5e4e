"""Naming sources, and what a section lacks, in a reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.clinical import view_words as words
from tasuki.shared.clinical.fhirjson import child
from tasuki.shared.clinical.person import concept_words
from tasuki.shared.clinical.profile_lines import SectionState
from tasuki.shared.clinical.view_lines import MissingView, OriginView, SectionHead, SourceView
from tasuki.shared.clinical.view_words import joined, said
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.profile_lines import Fact, Origin, Section, SourceLine


@dataclass(frozen=True)
class Reader:
    """Who reads, and when.

    Attributes:
        today: Calendar day in Japan.
        sources: Every source of the profile, for its title.
    """

    today: date
    language: Language
    sources: tuple[SourceLine, ...]

    def title(self, source: str) -> str:
        """Return a source's title in the reader's language; its name if it has none."""
        for line in self.sources:
            if line.source == source:
                return (line.title_ja if self.language == "ja" else line.title_en) or source
        return source

    def origin(self, origin: Origin) -> OriginView:
        """Return an origin with its title and age."""
        recorded = origin.recorded
        return OriginView(
            source=origin.source,
            title=self.title(origin.source),
            self_reported=origin.self_reported,
            recorded=recorded,
            age_days=None if recorded is None else (self.today - recorded).days,
        )

    def origins(self, facts: Iterable[Fact]) -> tuple[OriginView, ...]:
        """Return the sources of some facts, each once with its newest record."""
        newest: dict[tuple[str, bool], Origin] = {}
        for fact in facts:
            key = (fact.origin.source, fact.origin.self_reported)
            held = newest.get(key)
            if held is None or _is_newer(fact.origin, held):
                newest[key] = fact.origin
        return tuple(self.origin(origin) for origin in newest.values())

    def head(self, section: Section, shown: Sequence[object]) -> SectionHead:
        """Return what a section says about itself, given the lines of it that are shown."""
        none_known = tuple(self.origin(origin) for origin in section.none_known)
        missing = tuple(
            MissingView(
                each.source,
                self.title(each.source),
                each.state,
                said(words.MISSING[each.state], self.language).format(self.title(each.source)),
            )
            for each in section.missing
        )
        return SectionHead(
            state=section.state,
            words=said(_state_words(section, shown), self.language),
            none_known=none_known,
            missing=missing,
            notes=tuple(self._notes(section, none_known, missing)),
        )

    def source_views(self) -> tuple[SourceView, ...]:
        """Return every source, how it answered and as of when."""
        return tuple(
            SourceView(
                source=line.source,
                title=self.title(line.source),
                kind=line.kind,
                state=line.state,
                state_words=said(words.SOURCE_STATE[line.state], self.language),
                as_of=line.as_of,
                age_days=self._age(line),
                unreadable=line.unreadable,
            )
            for line in self.sources
        )

    def _age(self, line: SourceLine) -> int | None:
        return (
            None if line.as_of is None else (self.today - line.as_of.astimezone(TOKYO).date()).days
        )

    def _notes(
        self, section: Section, none_known: Sequence[OriginView], missing: Sequence[MissingView]
    ) -> Iterable[str]:
        if none_known:
            named = joined((dated(origin) for origin in none_known), self.language)
            template = words.DISAGREEMENT if section.lines else words.NONE_KNOWN_BY
            yield said(template, self.language).format(named)
        for fact in section.none_in_part:
            name = concept_words(child(fact.fragment, "code"))
            title = dated(self.origin(fact.origin))
            yield said(words.NONE_IN_PART, self.language).format(name, title)
        if missing:
            yield said(words.INCOMPLETE, self.language)


def dated(origin: OriginView) -> str:
    """Return a source's title with the day of its record."""
    return f"{origin.title} ({origin.recorded.isoformat()})" if origin.recorded else origin.title


def _state_words(section: Section, shown: Sequence[object]) -> words.Words:
    if section.state is SectionState.RECORDED and not shown:
        return words.ONLY_PAST
    return words.SECTION_STATE[section.state]


def all_self_reported(facts: Iterable[Fact]) -> bool:
    """Tell whether no provider stands behind a line."""
    return all(fact.origin.self_reported for fact in facts)


def _is_newer(one: Origin, other: Origin) -> bool:
    if one.recorded is None:
        return False
    return other.recorded is None or one.recorded > other.recorded
