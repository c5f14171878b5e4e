"""Conditions as shown today: active ones, the confirmed before the suspected; the rest is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical import view_words as words
from tasuki.shared.clinical.conditions import Status, read_condition
from tasuki.shared.clinical.view_lines import ConditionsView, ConditionView
from tasuki.shared.clinical.view_sources import Reader, all_self_reported
from tasuki.shared.clinical.view_words import said

if TYPE_CHECKING:
    from tasuki.shared.clinical.profile_lines import Line, Section

# What nobody says is over may still be there.
_RANK: Final[dict[Status, int]] = {"active": 0, "unknown": 1, "inactive": 2, "resolved": 3}
_SHOWN: Final = frozenset({"active", "unknown"})


def view_conditions(section: Section, reader: Reader) -> ConditionsView:
    """Return the conditions that may be active, and how many are over."""
    views = [view for line in section.lines if (view := _condition(line, reader)) is not None]
    shown = [view for view in views if view.status in _SHOWN]
    shown.sort(key=lambda view: (view.suspected, view.status != "active", view.name))
    return ConditionsView(
        head=reader.head(section, shown),
        lines=tuple(shown),
        resolved=section.older + len(views) - len(shown),
    )


def _condition(line: Line, reader: Reader) -> ConditionView | None:
    """Return one condition; any source that says it is active keeps it active."""
    read = [
        (fact, condition)
        for fact in line.facts
        if (condition := read_condition(fact.fragment, reader.today)) is not None
    ]
    if not read:
        return None
    read.sort(key=lambda pair: _RANK[pair[1].status])
    facts, conditions = [fact for fact, _ in read], [condition for _, condition in read]
    first = conditions[0]
    name = first.name or said(words.NAMELESS, reader.language)
    if first.suspected and not _says_so(name):
        name = said(words.SUSPECTED, reader.language).format(name)
    onset = next((each.onset for each in conditions if each.onset), "")
    return ConditionView(
        name=name,
        suspected=first.suspected,
        status=first.status,
        status_words=said(
            words.CLINICAL_STATUS.get(first.status, words.STATUS_UNKNOWN), reader.language
        ),
        onset=onset,
        self_reported=all_self_reported(facts),
        origins=reader.origins(facts),
        facts=tuple(facts),
    )


def _says_so(name: str) -> bool:
    """Tell whether a recorded name already says that it is suspected."""
    return "疑" in name or "suspected" in name.lower()
