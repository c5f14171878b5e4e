"""One record of a medicine read as a course with its words: the stuff that medicine lines are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.courses import Course, Standing, course_of
from tasuki.shared.clinical.dose import dose_in_words
from tasuki.shared.clinical.names import folded
from tasuki.shared.clinical.usage import usage_of

if TYPE_CHECKING:
    from datetime import date

    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.profile_lines import Fact

RECENT_DAYS: Final = 90
"""A medicine that ended this long ago is still shown; the length of most prescriptions."""

# Of two courses of one drug, the earlier in this list says where the drug stands.
ORDER: Final = (
    Standing.CURRENT,
    Standing.NOT_STARTED,
    Standing.AS_NEEDED,
    Standing.END_UNKNOWN,
    Standing.STOPPED,
    Standing.ENDED,
)
OVER: Final = frozenset({Standing.STOPPED, Standing.ENDED})


@dataclass(frozen=True)
class Taken:
    """One fact read as a course, with its words."""

    fact: Fact
    course: Course
    dose: str | None
    usage: str
    complete: bool

    @property
    def alike(self) -> tuple[str, str, str, bool]:
        """What two prescriptions must share to be shown as one."""
        strength = self.course.drug.strength or folded(self.course.drug.name)
        return (strength, self.dose or "", self.usage, self.course.standing in OVER)


def read_course(fact: Fact, today: date, language: Language) -> Taken | None:
    """Return a record as a course, or None if it is no medicine the person takes."""
    course = course_of(fact.fragment, today)
    if course is None:
        return None
    doses = [dose_in_words(dosage, language) for dosage in course.dosages]
    usages = [usage_of(dosage, language) for dosage in course.dosages] or [usage_of({}, language)]
    return Taken(
        fact=fact,
        course=course,
        dose=" / ".join(dict.fromkeys(dose for dose in doses if dose)) or None,
        usage=" / ".join(dict.fromkeys(usage.text for usage in usages)),
        complete=all(usage.complete for usage in usages),
    )


def recency(each: Taken) -> tuple[int, int, bool]:
    """Order: what runs before what does not, the newest first, providers before the person."""
    course = each.course
    newest = course.last_day or course.start
    return (
        ORDER.index(course.standing),
        -(newest.toordinal() if newest else 0),
        each.fact.origin.self_reported,
    )


def days_over(each: Taken, today: date) -> int:
    """Return how long ago a course ended; where nobody knows, it counts as just now."""
    if each.course.ended_days_ago is not None:
        return each.course.ended_days_ago
    recorded = each.fact.origin.recorded
    return max((today - recorded).days, 0) if recorded else 0
