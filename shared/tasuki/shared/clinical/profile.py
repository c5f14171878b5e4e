"""Building the emergency profile: reduced, reconciled, and honest about what is missing.

The profile is ours, so named apart from the International Patient Summary (`clinical.ips`). It is
made for shelters, prints and the person; what the person was not told never enters it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.clinical.disclosure import Audience, for_audience
from tasuki.shared.clinical.person import contacts_of, person_of
from tasuki.shared.clinical.profile_lasting import lasting_conditions, lasting_medicines
from tasuki.shared.clinical.profile_lines import EmergencyProfile, SourceLine
from tasuki.shared.clinical.profile_sections import allergies_of, conditions_of, medicines_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from tasuki.shared.clinical.sources import SourceRecords


def build_profile(
    sources: Sequence[SourceRecords], *, today: date, built_at: datetime
) -> EmergencyProfile:
    """Return the profile of the one person all these records are about.

    Args:
        sources: Every source that was asked, in the order to be named; those that did not answer too.
        today: Calendar day in Japan; what is over for good on this day is only counted.
        built_at: The moment of building, aware.
    """
    told = for_audience(sources, Audience.PERSON)
    return EmergencyProfile(
        person=person_of(told),
        allergies=allergies_of(told, today),
        medicines=lasting_medicines(medicines_of(told, today), today),
        conditions=lasting_conditions(conditions_of(told, today), today),
        built_at=built_at,
        contacts=contacts_of(told),
        sources=tuple(source_line(source) for source in told),
    )


def source_line(source: SourceRecords) -> SourceLine:
    """Return how a source is named in a profile or summary."""
    return SourceLine(
        source=source.source,
        title_ja=source.title_ja,
        title_en=source.title_en,
        kind=source.kind,
        state=source.state,
        as_of=source.as_of,
        unreadable=source.unreadable,
    )
