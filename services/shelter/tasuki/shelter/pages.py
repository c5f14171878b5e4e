"""What the profile pages say beside the profile itself: dates, ages, and where each line is from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tasuki.shared.clinical.ages import ago
from tasuki.shared.clock import TOKYO
from tasuki.shared.faults import Fault
from tasuki.shared.text import parse_birth_date
from tasuki.shared.text.eras import in_era
from tasuki.shelter.words import WORDS

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.shared.clinical.view_lines import OriginView
    from tasuki.shared.clock import Clock
    from tasuki.shared.web.words import Words
    from tasuki.shelter.profiles import Disclosure

MINUTE = 60  # seconds
SHORT_ID = 8  # characters; the whole id is in the audit record
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def moment(at: datetime | None) -> str:
    """Return a moment in Japan to the minute; empty for none."""
    return "" if at is None else f"{at.astimezone(TOKYO):%Y-%m-%d %H:%M}"


class ProfilePage:
    """The words around one disclosure."""

    def __init__(self, disclosure: Disclosure, words: Words, clock: Clock) -> None:
        self.disclosure = disclosure
        self._words = words
        self._clock = clock

    @property
    def japanese(self) -> bool:
        """Whether the reader reads Japanese."""
        return self._words.language == "ja"

    @property
    def birth(self) -> str:
        """The birth date, in Japanese with its era beside it."""
        written = self.disclosure.view.person.birth_date
        if self._words.language == "en":
            return written
        try:
            born = parse_birth_date(written, today=self._clock.now().astimezone(TOKYO).date())
            return f"{in_era(born)} ({written})"
        except Fault:
            return written

    @property
    def sex(self) -> str:
        """The sex in words."""
        key = f"sex.{self.disclosure.view.person.sex}"
        return self._words(key if key in WORDS else "sex.unknown")

    @property
    def restricted(self) -> list[str]:
        """Sentences about restricted records that are there and not shown."""
        kinds = set(self.disclosure.released.restricted)
        found = []
        if "AllergyIntolerance" in kinds:
            found.append(self._words("restricted.allergies"))
        if kinds - {"AllergyIntolerance"}:
            found.append(self._words("restricted.medicines"))
        return found

    @property
    def consents(self) -> str:
        """How old the consent snapshot is."""
        minutes = int(self.disclosure.consents_age.total_seconds() // MINUTE)
        if minutes < 1:
            return self._words("consents-fresh")
        return self._words("consents-age", n=minutes)

    @property
    def basis(self) -> str:
        """The declaration it rests on; empty for none."""
        found = self.disclosure.basis.declaration
        if found is None:
            return ""
        return self._words("basis.declaration", id=found[0][:SHORT_ID], version=found[1])

    def at(self, moment_: datetime | None) -> str:
        """Return a moment in Japan, or that nobody knows; this year's without the year."""
        this_year = f"{self._clock.now().astimezone(TOKYO):%Y-}"
        return moment(moment_).removeprefix(this_year) or self._words("day-unknown")

    def origins(self, origins: tuple[OriginView, ...]) -> list[tuple[str, str, str]]:
        """Return where a line is from: each source's letter and age, its title, and the day."""
        return [self._origin(origin) for origin in origins]

    @cached_property
    def letters(self) -> dict[str, str]:
        """A letter for each source: a line names its source by it, the legend says which it is."""
        names = [source.source for source in self.disclosure.view.sources]
        return {
            name: LETTERS[number] if number < len(LETTERS) else str(number)
            for number, name in enumerate(names)
        }

    def _origin(self, origin: OriginView) -> tuple[str, str, str]:
        letter = self.letters.get(origin.source, origin.title)
        if origin.recorded is None or origin.age_days is None:
            return f"{letter} {self._words('day-unknown')}", origin.title, ""
        return (
            f"{letter} {ago(origin.age_days, self._words.language)}",
            origin.title,
            origin.recorded.isoformat(),
        )
