"""What becomes of which records under a decision, told by kind: ordinary ones, and each that is restricted.

The decision itself is asked about supposed records. Where it would depend on more than type and label
(a date, an author, what a record belongs to), that is said; it is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.consent.decision import Fate, Permit, ResourceFacts
from tasuki.consent.decision.labelling import known_labels
from tasuki.consent.resource_types import types_of
from tasuki.consent.vocabulary import DataClass, Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.consent.decision import Decision


class Told(StrEnum):
    """What becomes of the records of a kind."""

    SHOWN = "shown"
    MASKED = "masked"  # that there are some is said, and nothing else
    WITHHELD = "withheld"
    DEPENDS = "depends"  # on the record


@dataclass(frozen=True, slots=True)
class KindFate:
    """What becomes of one class of records with one label.

    Attributes:
        kind: `ordinary`, a v3-ActCode sensitivity, or `restricted` and `very-restricted` without one.
    """

    data_class: DataClass
    kind: str
    told: Told


_LEVELS: Mapping[str, Level] = MappingProxyType(
    {"ordinary": Level.N, "restricted": Level.R, "very-restricted": Level.V}
)
_TOLD = MappingProxyType(
    {Fate.RELEASE: Told.SHOWN, Fate.MASK: Told.MASKED, Fate.WITHHOLD: Told.WITHHELD}
)


def kinds() -> tuple[str, ...]:
    """Return every kind of record that is told of apart, ordinary ones first."""
    return ("ordinary", *known_labels(), "restricted", "very-restricted")


def fates_of(decisions: Sequence[Decision], classes: frozenset[DataClass]) -> tuple[KindFate, ...]:
    """Return what becomes of every kind of record of these classes.

    Args:
        decisions: Of which each opens what it opens: an override, and everyday care beside it.
        classes: As they were asked for.
    """
    return tuple(
        KindFate(data_class, kind, _told(decisions, data_class, kind))
        for data_class in sorted(classes)
        for kind in kinds()
    )


def _told(decisions: Sequence[Decision], data_class: DataClass, kind: str) -> Told:
    sensitivities = frozenset() if kind in _LEVELS else frozenset({kind})
    level = _LEVELS.get(kind, Level.R)
    found = {
        min(
            _fate(one, ResourceFacts(name, f"{name}/supposed", level, sensitivities))
            for one in decisions
        )
        for name in types_of(frozenset({data_class}))
    }
    if len(found) > 1:
        return Told.DEPENDS
    (fate,) = found
    # What is not known of a record always makes it stricter, so what is released here always is.
    if fate is not Fate.RELEASE and any(map(_asks_for_more, decisions)):
        return Told.DEPENDS
    return _TOLD[fate]


def _fate(decision: Decision, facts: ResourceFacts) -> Fate:
    return decision.residual.fate(facts) if isinstance(decision, Permit) else Fate.WITHHOLD


def _asks_for_more(decision: Decision) -> bool:
    """Tell whether some rule asks for the date of a record, its author, or which one it is."""
    voices = decision.residual.voices if isinstance(decision, Permit) else ()
    return any(
        rule.data.data or rule.data.period is not None for voice in voices for rule in voice.rules
    )
