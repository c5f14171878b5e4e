"""The stored emergency profile: reconciled facts with their sources, and nothing computed from today.

Words, standing and order depend on the day and the reader; `profile_view` makes them. So a stored
profile grows older without growing wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime  # noqa: TC003 - profile_json reads the annotations
from enum import Enum
from typing import TYPE_CHECKING, Any

from tasuki.shared.clinical.profile_json import plain, rebuilt
from tasuki.shared.clinical.sources import (  # noqa: TC001 - profile_json reads the annotations
    Resource,
    SourceKind,
    SourceState,
)
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
"""Of the stored form. A new version needs a reader for every older one."""


class SectionState(Enum):
    """What is known about a section; the five are never rendered alike."""

    RECORDED = "recorded"  # there are lines
    NONE_KNOWN = "none-known"  # somebody asked, and recorded that there is none
    NOT_ASKED = "not-asked"  # every source answered, and none says anything
    WITHHELD = "withheld"  # something may be kept back
    UNREACHABLE = "unreachable"  # a source did not answer


@dataclass(frozen=True)
class SourceLine:
    """A source as the profile's reader sees it. See `SourceRecords`."""

    source: str
    title_ja: str
    title_en: str
    kind: SourceKind
    state: SourceState
    as_of: datetime | None = None
    unreadable: int = 0


@dataclass(frozen=True)
class Origin:
    """Where one fact comes from.

    Attributes:
        source: Name of the source; a `SourceLine` with this name is in the profile.
        self_reported: Whether the person said it, rather than a provider.
        recorded: Day of recording, or None if the record does not say.
    """

    source: str
    self_reported: bool = False
    recorded: date | None = None


@dataclass(frozen=True)
class Fact:
    """One record, cut down to the elements that readers need, and its origin."""

    origin: Origin
    fragment: Resource


@dataclass(frozen=True)
class Line:
    """What several records say about one thing: one allergen, one drug, one disease.

    Attributes:
        facts: At least one; provider records first, newest first within each kind.
    """

    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Missing:
    """A source that a section could not draw on, or not wholly."""

    source: str
    state: SourceState


@dataclass(frozen=True)
class Section:
    """One section of the profile.

    Attributes:
        state: One of five.
        lines: What is recorded.
        none_known: Who recorded that there is none; beside lines it is a disagreement.
        none_in_part: Records of less, e.g. "no drug allergy"; they settle nothing for the section.
        missing: Sources this section is incomplete without.
        older: How many more lines are over for good; they are counted and not kept.
    """

    state: SectionState
    lines: tuple[Line, ...] = ()
    none_known: tuple[Origin, ...] = ()
    none_in_part: tuple[Fact, ...] = ()
    missing: tuple[Missing, ...] = ()
    older: int = 0


@dataclass(frozen=True)
class Person:
    """Who the profile is about, as far as a desk needs it to be sure.

    Attributes:
        name: As written, mostly kanji.
        kana: Reading.
        birth_date: FHIR date, possibly partial.
        sex: FHIR administrative gender.
        address: One line.
        municipality: City, town or village, with its ward.
        language: Preferred language, BCP 47.
        phone: First phone number.
    """

    name: str = ""
    kana: str = ""
    birth_date: str = ""
    sex: str = ""
    address: str = ""
    municipality: str = ""
    language: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Contact:
    """Somebody to call.

    Attributes:
        source: The source that named this contact.
    """

    source: str
    name: str = ""
    relationship: str = ""
    phone: str = ""


@dataclass(frozen=True)
class EmergencyProfile:
    """Medicines, allergies, conditions and contacts of one person, sealed and kept ahead of need.

    Attributes:
        built_at: When it was assembled.
        sources: Every source that was asked, also those that gave nothing.
    """

    person: Person
    allergies: Section
    medicines: Section
    conditions: Section
    built_at: datetime
    contacts: tuple[Contact, ...] = ()
    sources: tuple[SourceLine, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the stored form, version 1; numbers inside fragments stay as they are."""
        return {"v": VERSION, **plain(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EmergencyProfile:
        """Return a profile from its stored form.

        Raises:
            Fault: STRUCTURE, for another version or another shape.
        """
        if data.get("v") != VERSION:
            raise Fault(Category.STRUCTURE, "the stored profile has another version")
        return rebuilt(cls, data)
