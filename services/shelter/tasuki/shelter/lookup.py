"""Finding a person without a card: candidates, a number, or what else is needed.

Tokens are truncated, so everything found is opened and compared before it counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.clock import today_in_japan
from tasuki.shared.text import fold_kanji
from tasuki.shelter.person_record import TYPE, PersonRecord
from tasuki.shelter.query import Unanswerable, read_search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import RecordStore, Unit
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clock import Clock
    from tasuki.shelter.budget import Budget
    from tasuki.shelter.query import Search, Typed
    from tasuki.shelter.settings import Limits

BASIS = "policy/desk-search"
WHOLE, YEAR = 0.9, 0.7  # score of name with birth date, and with birth year and sex
OTHER_SEX, OTHER_PLACE = 0.3, 0.1


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who fits.

    Attributes:
        person: Our id of the person.
        score: 0 to 1; never 1, since nobody showed a card.
    """

    person: str
    record: PersonRecord
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """The answer: candidates, best first; or only their number, with the words of what to add.

    Attributes:
        ask: Key of words; empty where the candidates are shown.
    """

    candidates: tuple[Candidate, ...] = ()
    count: int = 0
    ask: str = ""


class Lookup:
    """Searches for callers, within their budget, and records every search."""

    def __init__(
        self, store: RecordStore, budget: Budget, limits: Limits, desk: Desk, clock: Clock
    ) -> None:
        self._store = store
        self._budget = budget
        self._limits = limits
        self._desk = desk
        self._clock = clock

    async def find(self, caller: Caller, typed: Typed) -> Found:
        """Return who fits.

        Raises:
            Unanswerable: More is needed, something cannot be read, or the budget is used up.
        """
        try:
            await self._budget.spend(caller.principal.subject)
            search = read_search(typed, today=today_in_japan(self._clock))
        except Unanswerable as refusal:
            # What was typed may be a mistyped number that must not be kept.
            query = "" if refusal.key == "my-number" else typed.text()
            await self._record_refusal(caller, refusal.key, query)
            raise
        async with self._store.unit() as unit:
            found = judged(search, await self._matches(unit, search), self._limits)
            await self._record(unit, caller, found, typed.text())
        return found

    async def _matches(self, unit: Unit, search: Search) -> list[Candidate]:
        people: dict[str, None] = {}
        for index, parts in search.keys:
            people.update(dict.fromkeys(await unit.by_person_key(index, parts)))
        opened = await unit.by_ids(TYPE, sorted(people)) if people else []
        records = [
            (stored.id, PersonRecord.from_bytes(stored.body))
            for stored in opened
            if stored.body is not None
        ]
        return [
            Candidate(person, record, score(search, record))
            for person, record in records
            if any(key in record.keys for key in search.keys)
        ]

    async def _record(self, unit: Unit, caller: Caller, found: Found, query: str) -> None:
        entry = replace(
            self._desk.entry(caller, Action.MATCH, Outcome.PERMITTED, BASIS), query=query
        )
        # Whoever is shown, even masked, can see that somebody searched; a number names nobody.
        shown = [
            replace(entry, patient=f"Patient/{candidate.person}") for candidate in found.candidates
        ]
        await unit.record(shown or [entry])

    async def _record_refusal(self, caller: Caller, reason: str, query: str) -> None:
        entry = self._desk.entry(caller, Action.MATCH, Outcome.DENIED, f"search/{reason}")
        async with self._store.unit() as unit:
            await unit.record([replace(entry, query=query)])


def judged(search: Search, matches: Sequence[Candidate], limits: Limits) -> Found:
    """Return what the desk is told of the matches: never a list of many."""
    if search.address and not search.whole_date:
        # A year is little to go by, so a place that was given must fit.
        matches = [one for one in matches if lives_at(one.record, search.address)]
    most = limits.candidates if search.whole_date else limits.candidates_by_year
    if len(matches) > most:
        ask = "add-address" if search.whole_date else "add-birth-date"
        return Found(count=len(matches), ask=ask)
    ranked = sorted(matches, key=lambda one: (-one.score, one.person))
    return Found(candidates=tuple(ranked), count=len(ranked))


def score(search: Search, record: PersonRecord) -> float:
    """Return how well a person fits who carries the searched key."""
    value = WHOLE if search.whole_date else YEAR
    if search.sex and record.profile.person.sex not in ("", search.sex):
        value -= OTHER_SEX
    if search.address and not lives_at(record, search.address):
        value -= OTHER_PLACE
    return round(value, 2)


def lives_at(record: PersonRecord, address: str) -> bool:
    """Return whether a part of an address, as a search form, stands in the person's."""
    person = record.profile.person
    return address in fold_kanji(f"{person.address}\n{person.municipality}")
