"""For how long an answer stays the same.

Time alone changes an answer only where a moment that the request names goes by: whatever is compared
with `at` is compared as `moment <= at`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.consent.rules import ConsentRule
from tasuki.consent.times import BEGINNING, END, Stretch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tasuki.consent.decision.request import AccessRequest


def same_answer_within(request: AccessRequest) -> Stretch:
    """Return the time around `request.at` within which `decide` answers all else alike."""
    start, end = BEGINNING, END
    for moment in _moments(request):
        if moment <= request.at:
            start = max(start, moment)
        else:
            end = min(end, moment)
    return Stretch(start, end)


def _moments(request: AccessRequest) -> Iterator[datetime]:
    if request.actor.provisioned_until is not None:
        yield request.actor.provisioned_until
    if request.break_glass is not None:
        yield from (request.break_glass.start, request.break_glass.end)
    for one in request.declarations:
        yield from (one.start, one.end, *((one.closed_at,) if one.closed_at is not None else ()))
    for rule in request.consents:
        if isinstance(rule, ConsentRule):
            yield from _of_consent(rule)


def _of_consent(rule: ConsentRule) -> Iterator[datetime]:
    yield rule.dated.start
    for provision in (rule.root, *rule.nested):
        if provision.period is not None:
            yield from (provision.period.start, provision.period.end)
