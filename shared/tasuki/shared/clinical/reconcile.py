"""The same thing from several sources becomes one line that names them all.

Grouping is careful: records join by a code that is specific, or by the same folded name; an uncoded
record joins coded ones only where its name belongs to one of them alone. Otherwise lines stay apart:
showing a drug twice is safer than showing two drugs as one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tasuki.shared.clinical.profile_lines import Fact, Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Keyed:
    """A fact with what it may be joined by.

    Attributes:
        codes: Specific codes, each with its system; any one in common joins two facts.
        name: Folded name; empty when nobody can tell.
    """

    fact: Fact
    codes: frozenset[str]
    name: str


def lines_of(facts: Sequence[Keyed]) -> tuple[Line, ...]:
    """Return one line per thing, in order of first appearance, each with all its facts."""
    coded, uncoded = [k for k in facts if k.codes], [k for k in facts if not k.codes]
    groups = _joined_by_code(coded)
    homes = _groups_by_name(groups)
    strangers: dict[str, list[Keyed]] = {}
    for keyed in uncoded:
        home = homes.get(keyed.name, []) if keyed.name else []
        if len(home) == 1:
            groups[home[0]].append(keyed)
        else:
            # A record without a name joins nothing, not even another one without a name.
            strangers.setdefault(keyed.name or f" {len(strangers)}", []).append(keyed)
    order = {id(keyed): n for n, keyed in enumerate(facts)}
    found = sorted(
        [*groups, *strangers.values()], key=lambda group: min(order[id(k)] for k in group)
    )
    return tuple(Line(tuple(ordered(keyed.fact for keyed in group))) for group in found)


def ordered(facts: Iterable[Fact]) -> list[Fact]:
    """Return facts with providers' records before the person's own, newest first in each."""
    return sorted(
        facts,
        key=lambda fact: (
            fact.origin.self_reported,
            -(fact.origin.recorded or date.min).toordinal(),
        ),
    )


def _joined_by_code(coded: Sequence[Keyed]) -> list[list[Keyed]]:
    groups: list[list[Keyed]] = []
    home: dict[str, list[Keyed]] = {}
    for keyed in coded:
        joined = [keyed]
        for group in {id(home[code]): home[code] for code in keyed.codes if code in home}.values():
            joined = [*group, *joined]
            groups = [other for other in groups if other is not group]
        groups.append(joined)
        home.update({code: joined for member in joined for code in member.codes})
    return groups


def _groups_by_name(groups: Sequence[Sequence[Keyed]]) -> dict[str, list[int]]:
    homes: defaultdict[str, list[int]] = defaultdict(list)
    for n, group in enumerate(groups):
        for name in {keyed.name for keyed in group if keyed.name}:
            homes[name].append(n)
    return homes
