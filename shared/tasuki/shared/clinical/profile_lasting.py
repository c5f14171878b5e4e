"""Leaving out of a stored profile what can never be shown again: time only moves on.

A profile viewed on this or any later day reads the same with and without what is left out, except that
older records of the same prescription no longer add their dates to its sources.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.shared.clinical.conditions import read_condition
from tasuki.shared.clinical.courses import Standing
from tasuki.shared.clinical.fragments import stored
from tasuki.shared.clinical.profile_lines import Line, Section
from tasuki.shared.clinical.reconcile import ordered
from tasuki.shared.clinical.taken import (
    OVER,
    RECENT_DAYS,
    Taken,
    days_over,
    read_course,
    recency,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from datetime import date

_GONE = frozenset({"resolved", "inactive"})
_MAY_CHANGE = frozenset({Standing.CURRENT, Standing.NOT_STARTED})


def lasting_medicines(section: Section, today: date) -> Section:
    """Return the section without drugs that ended long ago and without superseded prescriptions."""
    kept = (_lasting_line(line, today) for line in section.lines)
    lines = [line for line in kept if line is not None]
    return _slim(section, lines)


def lasting_conditions(section: Section, today: date) -> Section:
    """Return the section without conditions that every source calls over."""
    return _slim(section, tuple(line for line in section.lines if not _is_over(line, today)))


def _slim(section: Section, lines: Sequence[Line]) -> Section:
    """Return the section with these lines only, cut down, and the others counted."""
    slim = tuple(
        Line(tuple(replace(fact, fragment=stored(fact.fragment)) for fact in line.facts))
        for line in lines
    )
    return replace(section, lines=slim, older=section.older + len(section.lines) - len(lines))


def _lasting_line(line: Line, today: date) -> Line | None:
    taken = [read for fact in line.facts if (read := read_course(fact, today, "ja")) is not None]
    if all(each.course.standing in OVER for each in taken) and (
        min((days_over(each, today) for each in taken), default=RECENT_DAYS + 1) > RECENT_DAYS
    ):
        return None
    kept: dict[Hashable, Taken] = {}
    for n, each in enumerate(sorted(taken, key=recency)):
        same = _same(each)
        kept.setdefault(n if same is None else same, each)
    return Line(tuple(ordered(each.fact for each in kept.values())))


def _same(each: Taken) -> Hashable | None:
    """Return what makes an older record superfluous beside a newer one, or None if nothing does."""
    standing, source = each.course.standing, each.fact.origin.source
    if standing in _MAY_CHANGE:
        return None
    return (standing, source) if standing in OVER else (standing, source, each.alike)


def _is_over(line: Line, today: date) -> bool:
    read = [read_condition(fact.fragment, today) for fact in line.facts]
    return all(each is not None and each.status in _GONE for each in read)
