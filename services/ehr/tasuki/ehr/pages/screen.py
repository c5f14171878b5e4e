"""What the patient page shows: the profile in words, lists of recent records, and what is missing.

A clinician sees what the patient was not told; prints and documents, which travel, leave it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tasuki.ehr.hearing import patient_in
from tasuki.shared.access.derived import network_keys
from tasuki.shared.clinical.disclosure import Audience, for_audience
from tasuki.shared.clinical.ips.history import immunizations, procedures, results
from tasuki.shared.clinical.ips.rows import moment
from tasuki.shared.clinical.person import contacts_of, person_of
from tasuki.shared.clinical.profile import source_line
from tasuki.shared.clinical.profile_lines import EmergencyProfile
from tasuki.shared.clinical.profile_sections import allergies_of, conditions_of, medicines_of
from tasuki.shared.clinical.profile_view import view
from tasuki.shared.clinical.sources import SourceState
from tasuki.shared.clinical.view_sources import Reader
from tasuki.shared.clock import TOKYO
from tasuki.shared.faults import Fault
from tasuki.shared.text import in_era

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tasuki.shared.clinical.ips.history import Record
    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.sources import SourceRecords
    from tasuki.shared.clinical.view_lines import OriginView, ProfileView

SHOWN = 20  # rows of a list of records; older ones are counted
LOST = (SourceState.WITHHELD, SourceState.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a list; `value` is a result in words, empty for the others."""

    name: str
    value: str
    when: str
    origins: tuple[OriginView, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of records, newest first.

    Attributes:
        key: Of its heading's words.
        more: How many older ones are not shown.
        lacks: Titles of the sources it could not draw on, or not wholly.
    """

    key: str
    rows: tuple[Row, ...]
    more: int
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source, how it answered and as of when, in words."""

    title: str
    state: str
    state_words: str
    as_of: str
    unreadable: int
    partly_withheld: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is shown of one patient to one audience.

    Attributes:
        born: The birth date with its era, or as recorded.
    """

    profile: ProfileView
    born: str
    lists: tuple[Listed, ...]

    @property
    def ended_flagged(self) -> tuple[str, ...]:
        """Names of medicines not to be interrupted whose supply ended recently."""
        return tuple(
            line.name
            for line in self.profile.medicines.recently_ended
            if any(flag.kind.do_not_interrupt for flag in line.flags)
        )


@dataclass(frozen=True, slots=True)
class Screen:
    """The patient page.

    Attributes:
        told: The sheet without what the patient was not told; the same one where there is no such.
        gaps: (key of words, title of the source, number) of everything that is missing.
        unlinked: Whether the patient lacks the identity other regions are asked by.
    """

    full: Sheet
    told: Sheet
    sources: tuple[SourceRow, ...]
    gaps: tuple[tuple[str, str, int], ...]
    unlinked: bool
    made: str

    @property
    def withheld(self) -> bool:
        """Whether something is held back by somebody's wish or a rule."""
        return any(key in {SourceState.WITHHELD.value, "types"} for key, _, _ in self.gaps)

    @property
    def untold(self) -> bool:
        """Whether something must stay off paper."""
        return self.full is not self.told


def screen_of(sources: Sequence[SourceRecords], *, now: datetime, language: Language) -> Screen:
    """Return the page of what was heard about one patient."""
    told = for_audience(sources, Audience.PERSON)
    full = _sheet(sources, now, language)
    complete = all(one.resources == two.resources for one, two in zip(sources, told, strict=True))
    return Screen(
        full=full,
        told=full if complete else _sheet(told, now, language),
        sources=tuple(_source_rows(sources, full.profile, language)),
        gaps=tuple(_gaps(sources, language)),
        unlinked=not network_keys(patient_in(sources)),
        made=moment(now, language),
    )


def _sheet(sources: Sequence[SourceRecords], now: datetime, language: Language) -> Sheet:
    today = now.astimezone(TOKYO).date()
    # Not `build_profile`, which is made for the person and drops what they were not told.
    profile = EmergencyProfile(
        person=person_of(sources),
        allergies=allergies_of(sources, today),
        medicines=medicines_of(sources, today),
        conditions=conditions_of(sources, today),
        built_at=now,
        contacts=contacts_of(sources),
        sources=tuple(source_line(source) for source in sources),
    )
    reader = Reader(today, language, profile.sources)
    found = (
        ("results", "Observation", results),
        ("immunizations", "Immunization", immunizations),
        ("procedures", "Procedure", procedures),
    )
    return Sheet(
        profile=view(profile, today, language),
        born=with_era(profile.person.birth_date, language),
        lists=tuple(_listed(key, kind, find, sources, reader) for key, kind, find in found),
    )


def _listed(
    key: str,
    kind: str,
    find: Callable[[Sequence[SourceRecords]], tuple[Record, ...]],
    sources: Sequence[SourceRecords],
    reader: Reader,
) -> Listed:
    records = find(sources)
    lacking = [one.source for one in sources if one.state in LOST or kind in one.withheld_types]
    return Listed(
        key=key,
        rows=tuple(
            Row(one.name, one.value, one.when[:10], reader.origins(one.facts))
            for one in records[:SHOWN]
        ),
        more=max(0, len(records) - SHOWN),
        lacks=tuple(dict.fromkeys(reader.title(source) for source in lacking)),
    )


def _source_rows(
    sources: Sequence[SourceRecords], profile: ProfileView, language: Language
) -> Iterator[SourceRow]:
    for source, seen in zip(sources, profile.sources, strict=True):
        yield SourceRow(
            title=_title(source, language),
            state=source.state.value,
            state_words=seen.state_words,
            as_of=moment(source.as_of, language),
            unreadable=source.unreadable,
            partly_withheld=bool(source.withheld_types),
        )


def _gaps(sources: Sequence[SourceRecords], language: Language) -> Iterator[tuple[str, str, int]]:
    for source in sources:
        title = _title(source, language)
        if source.state in LOST:
            yield source.state.value, title, 0
        if source.withheld_types:
            yield "types", title, 0
        if source.unreadable:
            yield "unreadable", title, source.unreadable


def _title(source: SourceRecords, language: Language) -> str:
    return source.title_ja if language == "ja" else source.title_en


def with_era(birth_date: str, language: Language) -> str:
    """Return a birth date with its era in Japanese; a partial one, and in English, as recorded."""
    try:
        born = date.fromisoformat(birth_date)
        return f"{birth_date}（{in_era(born)}）" if language == "ja" else birth_date
    except (ValueError, Fault):
        return birth_date
