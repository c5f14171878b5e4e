"""Which of a person's Consents stand at a moment: of each policy the latest.

1. Drafts, proposals and errors say nothing; one not yet begun says nothing yet.
2. Of one policy the latest that is active and within its period speaks. Two whose dates cannot be
   told apart (dated to the day, say) both speak; a refusal then wins.
3. A later one that was withdrawn or has run out silences an older permit, but not an older refusal:
   nothing a person took back comes back, and what they refused stays refused.
4. One dated after the moment cannot be ordered: its refusals count, its permits do not.

https://hl7.org/fhir/R4/consent-definitions.html#Consent.status
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tasuki.consent.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tasuki.consent.rules import ConsentRule

_SPOKEN = frozenset({Status.ACTIVE, Status.INACTIVE, Status.REJECTED})


class Standing(NamedTuple):
    """A Consent that speaks, and whether only its refusals do."""

    rule: ConsentRule
    refusals_only: bool


def standing(rules: Iterable[ConsentRule], at: datetime) -> tuple[Standing, ...]:
    """Return the Consents that stand at a moment, of all policies."""
    by_policy: dict[str, list[ConsentRule]] = {}
    for rule in rules:
        if rule.status in _SPOKEN and not _to_come(rule, at):
            by_policy.setdefault(rule.policy, []).append(rule)
    return tuple(one for group in by_policy.values() for one in _of_policy(group, at))


def _to_come(rule: ConsentRule, at: datetime) -> bool:
    return rule.root.period is not None and at < rule.root.period.start


def _in_force(rule: ConsentRule, at: datetime) -> bool:
    return rule.status is Status.ACTIVE and (rule.root.period is None or rule.root.period.holds(at))


def _of_policy(group: list[ConsentRule], at: datetime) -> Iterable[Standing]:
    for rule in group:
        if not _in_force(rule, at):
            continue
        if len(group) == 1:  # nearly always
            yield Standing(rule, refusals_only=rule.dated.start > at)
            return
        later = [other for other in group if _supersedes(other, rule, at)]
        if any(_in_force(other, at) for other in later):
            continue
        # A withdrawal dated the same day may be the later one: it silences too.
        over = any(not _in_force(other, at) and not _before(other, rule, at) for other in group)
        yield Standing(rule, refusals_only=over or rule.dated.start > at)


def _supersedes(other: ConsentRule, rule: ConsentRule, at: datetime) -> bool:
    """Tell whether the other is surely later, and not from the future."""
    return other.dated.start >= rule.dated.end and other.dated.start <= at


def _before(other: ConsentRule, rule: ConsentRule, at: datetime) -> bool:
    return _supersedes(rule, other, at)
