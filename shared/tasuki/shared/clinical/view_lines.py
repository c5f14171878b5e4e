"""The emergency profile as one reader sees it on one day: words, standing, order.

Made by `profile_view.view`; every line names its sources, and every section its state.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from tasuki.shared.clinical.courses import Standing
    from tasuki.shared.clinical.flags import Flag
    from tasuki.shared.clinical.profile_lines import Contact, Fact, Person, SectionState
    from tasuki.shared.clinical.sources import SourceKind, SourceState


@dataclass(frozen=True)
class OriginView:
    """Where a line comes from.

    Attributes:
        title: The source in the reader's language.
        self_reported: Whether the person said it, rather than a provider.
        recorded: Day of recording, if known.
        age_days: Days since then; None if unknown.
    """

    source: str
    title: str
    self_reported: bool
    recorded: date | None
    age_days: int | None


@dataclass(frozen=True)
class MissingView:
    """A source this section lacks, or lacks in part, in words."""

    source: str
    title: str
    state: SourceState
    words: str


@dataclass(frozen=True)
class SectionHead:
    """What every section says about itself.

    Attributes:
        state: One of five.
        words: The state in words.
        none_known: Who recorded that there is none.
        missing: What the section lacks.
        notes: Sentences to show with it: disagreement, incompleteness.
    """

    state: SectionState
    words: str
    none_known: tuple[OriginView, ...]
    missing: tuple[MissingView, ...]
    notes: tuple[str, ...]

    @property
    def incomplete(self) -> bool:
        """Whether a source could not be drawn on."""
        return bool(self.missing)


@dataclass(frozen=True)
class AllergyView:
    """One allergen.

    Attributes:
        name: In the reader's language where the code has a name in it, else as recorded.
        other_name: As recorded, or in the other language; empty when the same.
        also: Other names the same allergen was recorded by.
        category: FHIR categories, as recorded.
        criticality: FHIR code, or empty.
        severity: The worst recorded, FHIR code, or empty.
        severity_words: Criticality and severity in words.
        active: False where every record says resolved or inactive.
        status_words: The clinical status in words.
        suspected: Whether it is unconfirmed.
        older_than_5_years: Whether every record of it is.
    """

    name: str
    other_name: str
    also: tuple[str, ...]
    category: tuple[str, ...]
    criticality: str
    severity: str
    severity_words: str
    reactions: tuple[str, ...]
    active: bool
    status_words: str
    suspected: bool
    self_reported: bool
    older_than_5_years: bool
    origins: tuple[OriginView, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class AllergiesView:
    """The allergies, worst first."""

    head: SectionHead
    lines: tuple[AllergyView, ...]

    @property
    def disagreement(self) -> bool:
        """Whether one source recorded an allergy where another recorded none."""
        return bool(self.lines and self.head.none_known)


class MedicineGroup(Enum):
    """Where a medicine stands on the page."""

    DO_NOT_INTERRUPT = "do-not-interrupt"
    CURRENT = "current"
    AS_NEEDED = "as-needed"
    END_UNKNOWN = "end-unknown"
    RECENTLY_ENDED = "recently-ended"
    ENDED = "ended"


@dataclass(frozen=True)
class DoseView:
    """One strength, dose and usage of a drug; several are shown, never added up.

    Attributes:
        name: The product as recorded, with its strength.
        dose: In words, or None if not recorded.
        usage: In words.
        usage_complete: False if somebody has to be asked.
        start: First day, if known.
        last_day: Last day, if known.
        days_left: Days of supply after today, if known.
        ended_days_ago: Days since the last day, if ended.
    """

    name: str
    dose: str | None
    usage: str
    usage_complete: bool
    standing: Standing
    standing_words: str
    start: date | None
    last_day: date | None
    days_left: int | None
    ended_days_ago: int | None
    origins: tuple[OriginView, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class MedicineView:
    """One drug, by whatever brand.

    Attributes:
        also: Other names the same drug was recorded by.
        flags: Why it must not be interrupted; each says whether known by code or by name only.
        flag_labels: The same in words.
        conflicts: Recorded allergies it may conflict with, by name.
    """

    name: str
    also: tuple[str, ...]
    group: MedicineGroup
    flags: tuple[Flag, ...]
    flag_labels: tuple[str, ...]
    conflicts: tuple[str, ...]
    doses: tuple[DoseView, ...]
    self_reported: bool
    origins: tuple[OriginView, ...]


@dataclass(frozen=True)
class MedicinesView:
    """The medicines by group, in the order of need.

    Attributes:
        older_ended: How many ended longer ago than `RECENT_DAYS`; they are only counted.
    """

    head: SectionHead
    do_not_interrupt: tuple[MedicineView, ...]
    current: tuple[MedicineView, ...]
    as_needed: tuple[MedicineView, ...]
    end_unknown: tuple[MedicineView, ...]
    recently_ended: tuple[MedicineView, ...]
    older_ended: int

    @property
    def shown(self) -> tuple[MedicineView, ...]:
        """Every medicine that is shown, in the order of the groups."""
        return (
            *self.do_not_interrupt,
            *self.current,
            *self.as_needed,
            *self.end_unknown,
            *self.recently_ended,
        )


@dataclass(frozen=True)
class ConditionView:
    """One condition.

    Attributes:
        name: As recorded; a suspected one is labelled in it.
        status: active, inactive (also remission), resolved or unknown.
        onset: As recorded, or empty.
    """

    name: str
    suspected: bool
    status: str
    status_words: str
    onset: str
    self_reported: bool
    origins: tuple[OriginView, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class ConditionsView:
    """The active conditions, confirmed before suspected.

    Attributes:
        resolved: How many are over; they are only counted.
    """

    head: SectionHead
    lines: tuple[ConditionView, ...]
    resolved: int


@dataclass(frozen=True)
class SourceView:
    """A source, how it answered and as of when, in words."""

    source: str
    title: str
    kind: SourceKind
    state: SourceState
    state_words: str
    as_of: datetime | None
    age_days: int | None
    unreadable: int


@dataclass(frozen=True)
class ProfileView:
    """The whole profile for one reader on one day.

    Attributes:
        age_years: None if the birth date does not tell.
        as_of: The oldest moment the answering sources' data describe.
    """

    person: Person
    age_years: int | None
    allergies: AllergiesView
    medicines: MedicinesView
    conditions: ConditionsView
    contacts: tuple[Contact, ...]
    sources: tuple[SourceView, ...]
    built_at: datetime
    as_of: datetime | None
    unreadable: int
