"""Medicines as shown today: one line per drug, in the order of need, nothing added up.

Standing comes from dates (promise P7). Within a drug, every strength, dose and usage that runs is a line
of its own, so that two prescriptions that differ are seen to differ.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical import view_words as words
from tasuki.shared.clinical.courses import Course, Standing
from tasuki.shared.clinical.flags import FlagKind, flags_of
from tasuki.shared.clinical.taken import (
    ORDER,
    OVER,
    RECENT_DAYS,
    Taken,
    days_over,
    read_course,
    recency,
)
from tasuki.shared.clinical.view_lines import (
    DoseView,
    MedicineGroup,
    MedicinesView,
    MedicineView,
)
from tasuki.shared.clinical.view_sources import Reader, all_self_reported
from tasuki.shared.clinical.view_words import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from tasuki.shared.clinical.drugs import Drug
    from tasuki.shared.clinical.flags import Flag
    from tasuki.shared.clinical.profile_lines import Line, Section

    Conflicts = Callable[[Drug], tuple[str, ...]]

_GROUP: Final = {
    Standing.CURRENT: MedicineGroup.CURRENT,
    Standing.NOT_STARTED: MedicineGroup.CURRENT,
    Standing.AS_NEEDED: MedicineGroup.AS_NEEDED,
    Standing.END_UNKNOWN: MedicineGroup.END_UNKNOWN,
}
_KINDS: Final = tuple(FlagKind)  # most urgent first


def view_medicines(section: Section, reader: Reader, conflicts: Conflicts) -> MedicinesView:
    """Return the medicines by group; `conflicts` names the recorded allergies a drug may fall under."""
    groups: defaultdict[MedicineGroup, list[MedicineView]] = defaultdict(list)
    for line in section.lines:
        view = _medicine(line, reader, conflicts)
        if view is not None:
            groups[view.group].append(view)
    ordered = {group: tuple(sorted(found, key=_urgency)) for group, found in groups.items()}
    return MedicinesView(
        head=reader.head(section, [group for group in ordered if group is not MedicineGroup.ENDED]),
        do_not_interrupt=ordered.get(MedicineGroup.DO_NOT_INTERRUPT, ()),
        current=ordered.get(MedicineGroup.CURRENT, ()),
        as_needed=ordered.get(MedicineGroup.AS_NEEDED, ()),
        end_unknown=ordered.get(MedicineGroup.END_UNKNOWN, ()),
        recently_ended=ordered.get(MedicineGroup.RECENTLY_ENDED, ()),
        older_ended=section.older + len(ordered.get(MedicineGroup.ENDED, ())),
    )


def _medicine(line: Line, reader: Reader, conflicts: Conflicts) -> MedicineView | None:
    taken = [
        read
        for fact in line.facts
        if (read := read_course(fact, reader.today, reader.language)) is not None
    ]
    if not taken:
        return None
    shown = _shown(taken)
    drugs = [each.course.drug for each in (*shown, *taken)]
    flags = _flags(drugs)
    names = list(dict.fromkeys(drug.name for drug in drugs if drug.name))
    facts = [each.fact for each in taken if each.course.standing not in OVER]
    facts = facts or [each.fact for each in shown]
    return MedicineView(
        name=names[0] if names else said(words.NAMELESS, reader.language),
        also=tuple(names[1:]),
        group=_group(shown, flags, reader.today),
        flags=flags,
        flag_labels=tuple(flag.kind.label(reader.language) for flag in flags),
        conflicts=tuple(dict.fromkeys(name for drug in drugs for name in conflicts(drug))),
        doses=tuple(_doses(shown, taken, reader)),
        self_reported=all_self_reported(facts),
        origins=reader.origins(facts),
    )


def _shown(taken: Sequence[Taken]) -> list[Taken]:
    """Return one per strength, dose and usage that may be running; if none may, the last that did.

    A course without an end says nothing new beside a running one of the same strength.
    """
    running = {each.alike[0] for each in taken if each.course.standing is Standing.CURRENT}
    best: dict[tuple[str, str, str, bool], Taken] = {}
    for each in sorted(taken, key=recency):
        standing = each.course.standing
        redundant = standing is Standing.END_UNKNOWN and each.alike[0] in running
        if standing not in OVER and not redundant:
            best.setdefault(each.alike, each)
    latest_over = sorted((each for each in taken if each.course.standing in OVER), key=recency)
    stopped = [each for each in latest_over[:1] if each.course.standing is Standing.STOPPED]
    return [*best.values(), *stopped] or latest_over[:1]


def _group(shown: Sequence[Taken], flags: Sequence[Flag], today: date) -> MedicineGroup:
    best = min((each.course.standing for each in shown), key=ORDER.index)
    if best in OVER:
        recent = min(days_over(each, today) for each in shown) <= RECENT_DAYS
        return MedicineGroup.RECENTLY_ENDED if recent else MedicineGroup.ENDED
    if any(flag.kind.do_not_interrupt for flag in flags):
        return MedicineGroup.DO_NOT_INTERRUPT
    return _GROUP[best]


def _flags(drugs: Iterable[Drug]) -> tuple[Flag, ...]:
    """Return the marks of all names and codes of one drug; a code is believed before a name."""
    found: dict[str, Flag] = {}
    for flag in (flag for drug in drugs for flag in flags_of(drug)):
        held = found.get(flag.kind.value)
        if held is None or held.by == "name":
            found[flag.kind.value] = flag
    return tuple(sorted(found.values(), key=lambda flag: _KINDS.index(flag.kind)))


def _doses(shown: Sequence[Taken], taken: Sequence[Taken], reader: Reader) -> Iterable[DoseView]:
    for each in shown:
        facts = [each.fact, *(o.fact for o in taken if o.alike == each.alike and o is not each)]
        course = each.course
        yield DoseView(
            name=course.drug.name or said(words.NAMELESS, reader.language),
            dose=each.dose,
            usage=each.usage,
            usage_complete=each.complete,
            standing=course.standing,
            standing_words=_standing_words(course, reader),
            start=course.start,
            last_day=course.last_day,
            days_left=course.days_left,
            ended_days_ago=course.ended_days_ago,
            origins=reader.origins(facts),
            facts=tuple(facts),
        )


def _standing_words(course: Course, reader: Reader) -> str:
    language, standing = reader.language, course.standing
    ended = None
    if course.ended_days_ago is not None:
        ended = said(words.ENDED, language).format(course.ended_days_ago)
    if standing is Standing.CURRENT:
        return _left_words(course, reader)
    if standing is Standing.NOT_STARTED:
        start = course.start.isoformat() if course.start else ""
        return said(words.NOT_STARTED, language).format(start)
    if standing is Standing.ENDED and ended:
        return ended
    if standing is Standing.AS_NEEDED:
        needed = said(words.AS_NEEDED, language)
        supply = said(words.SUPPLY_ENDED, language).format(course.ended_days_ago)
        return f"{needed} ({supply})" if ended else needed
    return said(words.STOPPED if standing is Standing.STOPPED else words.END_UNKNOWN, language)


def _left_words(course: Course, reader: Reader) -> str:
    if course.days_left is None:
        return said(words.CURRENT, reader.language)
    if course.days_left == 0:
        return said(words.LAST_DAY, reader.language)
    return said(words.DAYS_LEFT, reader.language).format(course.days_left)


def _urgency(line: MedicineView) -> tuple[int, int, str]:
    """Order within a group: most urgent mark first, then what runs out first, then by name."""
    kinds = [_KINDS.index(flag.kind) for flag in line.flags]
    left = [dose.days_left for dose in line.doses if dose.days_left is not None]
    ended = [dose.ended_days_ago for dose in line.doses if dose.ended_days_ago is not None]
    return (min(kinds, default=99), min([*left, *ended], default=9999), line.name)
