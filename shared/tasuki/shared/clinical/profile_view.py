"""A stored profile as one reader sees it today.

`current`, days left, ages and words are computed here and never stored: a profile shown from a card or
a pack weeks later is as right as its records.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tasuki.shared.clinical.sources import SourceState
from tasuki.shared.clinical.view_allergies import conflicts_with, view_allergies
from tasuki.shared.clinical.view_conditions import view_conditions
from tasuki.shared.clinical.view_lines import ProfileView
from tasuki.shared.clinical.view_medicines import view_medicines
from tasuki.shared.clinical.view_sources import Reader

if TYPE_CHECKING:
    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.profile_lines import EmergencyProfile


def view(profile: EmergencyProfile, today: date, language: Language) -> ProfileView:
    """Return the profile in words.

    Args:
        profile: As built, or as read from its stored form.
        today: Calendar day in Japan.
        language: `ja` or `en`; what was recorded in Japanese stays so where no table translates it.
    """
    reader = Reader(today, language, profile.sources)
    allergies = view_allergies(profile.allergies, reader)
    return ProfileView(
        person=profile.person,
        age_years=age_years(profile.person.birth_date, today),
        allergies=allergies,
        medicines=view_medicines(
            profile.medicines, reader, lambda drug: conflicts_with(drug, allergies)
        ),
        conditions=view_conditions(profile.conditions, reader),
        contacts=profile.contacts,
        sources=reader.source_views(),
        built_at=profile.built_at,
        as_of=min(
            (
                line.as_of
                for line in profile.sources
                if line.state is SourceState.ANSWERED and line.as_of is not None
            ),
            default=None,
        ),
        unreadable=sum(line.unreadable for line in profile.sources),
    )


def age_years(birth_date: str, today: date) -> int | None:
    """Return the age in completed years, or None if the birth date is no full date."""
    try:
        born = date.fromisoformat(birth_date)
    except ValueError:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
