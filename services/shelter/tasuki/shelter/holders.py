"""How far each holder's copy has come, and what that means for a profile that is shown now.

A stored profile names the sources that gave something. Whoever reads it is also told of those that
gave nothing, and of those that were never reached: partial answers say so.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.shared.clinical.profile_lines import Missing, SectionState, SourceLine
from tasuki.shared.clinical.sources import SourceState
from tasuki.shelter.copying import NEVER
from tasuki.shelter.entries import feed_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasuki.shared.access.copies import Copies
    from tasuki.shared.clinical.profile_lines import EmergencyProfile, Section
    from tasuki.shelter.settings import Holder

LOOK_EVERY = 5.0  # seconds; a copy says that it is complete every 20 seconds at most


class HolderStates:
    """When each holder's copy was last known to be complete."""

    def __init__(self, holders: Sequence[Holder], copies: Copies) -> None:
        self.holders = tuple(holders)
        self._copies = copies
        self._fresh: dict[str, datetime] = {}

    async def look(self) -> None:
        """Read how far the copies are."""
        for holder in self.holders:
            cursor = await self._copies.cursor(feed_name(holder.name))
            if cursor is not None and cursor.fresh_at > NEVER:
                self._fresh[holder.name] = cursor.fresh_at
            else:
                self._fresh.pop(holder.name, None)

    async def keep_looking(self) -> None:
        """Read again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    def fresh_at(self, holder: str) -> datetime | None:
        """Return when the copy was last known to be complete; None when it never was."""
        return self._fresh.get(holder)

    def unreached(self) -> tuple[Holder, ...]:
        """Return the holders whose copy was never complete."""
        return tuple(holder for holder in self.holders if holder.name not in self._fresh)

    def standing(self, profile: EmergencyProfile) -> EmergencyProfile:
        """Return a profile that says what it lacks: sources never reached stand in each section."""
        named = {line.source for line in profile.sources}
        lost = [holder.name for holder in self.unreached() if holder.name not in named]
        return replace(
            profile,
            sources=self.lines(profile),
            allergies=lacking(profile.allergies, lost),
            medicines=lacking(profile.medicines, lost),
            conditions=lacking(profile.conditions, lost),
        )

    def lines(self, profile: EmergencyProfile) -> tuple[SourceLine, ...]:
        """Return all sources in order, each with how it answered and as of when."""
        told = {line.source: self._as_of_now(line) for line in profile.sources}
        mine = tuple(told.get(holder.name) or self._silent(holder) for holder in self.holders)
        known = {holder.name for holder in self.holders}
        return (*mine, *(line for name, line in told.items() if name not in known))

    def _as_of_now(self, line: SourceLine) -> SourceLine:
        fresh = self._fresh.get(line.source)
        if fresh is None or line.state is not SourceState.ANSWERED or line.as_of is None:
            return line
        # Nothing changed since it was fetched, or the feed would have said so.
        return replace(line, as_of=max(line.as_of, fresh))

    def _silent(self, holder: Holder) -> SourceLine:
        fresh = self._fresh.get(holder.name)
        state = SourceState.UNREACHABLE if fresh is None else SourceState.NONE
        return SourceLine(
            holder.name, holder.title_ja, holder.title_en, holder.kind, state, as_of=fresh
        )


def lacking(section: Section, sources: Sequence[str]) -> Section:
    """Return a section that lacks sources nobody could reach."""
    if not sources:
        return section
    empty = section.state in (SectionState.NOT_ASKED, SectionState.WITHHELD)
    lost = tuple(Missing(source, SourceState.UNREACHABLE) for source in sources)
    return replace(
        section,
        state=SectionState.UNREACHABLE if empty else section.state,
        missing=(*section.missing, *lost),
    )
