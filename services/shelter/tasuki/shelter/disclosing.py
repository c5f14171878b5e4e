"""What of a record a decision lets out: the stored profile whole, or one made anew of less.

The stored profile holds nothing a declaration cannot open, so that it may leave as it is unless a
Consent or the declaration holds something back; then the profile is built again without that, and
says so section by section.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasuki.consent.decision import Fate, facts_of
from tasuki.shared.clinical.profile import build_profile
from tasuki.shelter.building import OPENED, kept_if
from tasuki.shelter.entries import CLINICAL, TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from typing import Any

    from tasuki.consent.decision import Residual
    from tasuki.shared.clinical.profile_lines import EmergencyProfile
    from tasuki.shelter.entries import SourceEntry
    from tasuki.shelter.settings import Holder


@dataclass(frozen=True, slots=True)
class Released:
    """A profile that may leave.

    Attributes:
        restricted: How many restricted records are there that are not shown, by type.
        contacts_withheld: Whether address and contacts are held back.
    """

    profile: EmergencyProfile
    restricted: Mapping[str, int]
    contacts_withheld: bool


def is_whole(residual: Residual) -> bool:
    """Return whether nothing of the stored profile is held back."""
    if residual.withheld_types() & frozenset(TYPES):
        return False
    return all(rule.data.types_alone for voice in residual.voices for rule in voice.rules)


def reduced(
    entries: Sequence[SourceEntry],
    holders: Mapping[str, Holder],
    residual: Residual,
    *,
    today: date,
    built_at: datetime,
) -> EmergencyProfile:
    """Return the profile without what is held back; what lacks something says so.

    Restricted records are left out without a word here: how many there are is told apart.
    """
    closed = residual.withheld_types() & frozenset(CLINICAL)
    sources = []
    for entry in entries:
        if entry.holder not in holders:
            continue
        kept = kept_if([entry], lambda each: _released(residual, each))[0]
        lost = closed | _lost(entry, residual)
        sources.append(replace(kept, withheld=kept.withheld | lost).records(holders[entry.holder]))
    return build_profile(sources, today=today, built_at=built_at)


def without_contacts(profile: EmergencyProfile) -> EmergencyProfile:
    """Return a profile without address, phone and contacts; who it is about stays."""
    person = replace(profile.person, address="", municipality="", phone="")
    return replace(profile, person=person, contacts=())


def _released(residual: Residual, resource: Mapping[str, Any]) -> bool:
    return residual.fate(facts_of(resource)) is Fate.RELEASE


def _lost(entry: SourceEntry, residual: Residual) -> frozenset[str]:
    """Return the types of which the resident, not a label, holds back some record."""
    clinical = (each for each in entry.resources if each.get("resourceType") in CLINICAL)
    return frozenset(
        facts.type
        for facts in map(facts_of, map(entry.judged, clinical))
        if OPENED.fate(facts) is Fate.RELEASE and residual.fate(facts) is Fate.WITHHOLD
    )
