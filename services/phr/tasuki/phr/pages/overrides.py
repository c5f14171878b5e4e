"""Emergency overrides as their person reads them: who, where, why, when, and what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tasuki.consent.decision.request import BreakGlassReason
from tasuki.phr.pages.looked import organization
from tasuki.phr.pages.moments import said_moment
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.phr.pages.resident import Resident
    from tasuki.phr.settings import Region
    from tasuki.shared.web.words import Words

HOME_SECONDS: Final = 2.0  # the log does not wait longer for what another service knows
STATES: Final = frozenset({"open", "pending", "accepted", "not-accepted"})


@dataclass(frozen=True, slots=True)
class Told:
    """One override.

    Attributes:
        ended: When it ended; empty while it is open.
        until: When it ends at the latest.
        late: Since when it is told, where it was put off; empty where it was told at once.
        ground: The safety ground of that, as a code.
        state: `open`, `pending`, `accepted` or `not-accepted`.
    """

    id: str
    opened: str
    ended: str
    until: str
    who: str
    region: str
    reason: str
    text: str
    restricted: bool
    late: str
    ground: str
    read: bool
    state: str
    dispute: str
    disputed: str
    review: str
    reviewed: str


def told_of(
    overrides: Sequence[Mapping[str, Any]], regions: Sequence[Region], words: Words
) -> list[Told]:
    """Return what the consent service says of overrides, in the reader's language.

    Raises:
        Fault: UNAVAILABLE where it says something that is not understood: none is left out.
    """
    titles = {one.code: (one.title_ja, one.title_en) for one in regions}
    try:
        return [_told(one, titles, words) for one in overrides]
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(Category.UNAVAILABLE, "The consent service does not answer.") from error


def _told(one: Mapping[str, Any], titles: Mapping[str, tuple[str, str]], words: Words) -> Told:
    language = words.language
    index = 0 if language == "ja" else 1
    region = str(one.get("region") or "")
    late = one.get("told_late") or {}
    dispute, review = one.get("dispute") or {}, one.get("review") or {}
    who = [str(one.get("by") or "")]
    if one.get("organization"):
        who.append(organization(str(one["organization"])))
    return Told(
        id=str(one["id"]),
        opened=said_moment(one["opened_at"], language),
        ended=said_moment(one["stopped_at"], language) if one.get("stopped_at") else "",
        until=said_moment(one["ends_at"], language),
        who=" ".join(part for part in who if part) or words("looked.role-unknown"),
        region=titles[region][index] if region in titles else region,
        reason=words(f"reason.{BreakGlassReason(one['reason']).value}"),
        text=str(one["text"]),
        restricted=one["restricted"] is True,
        late=said_moment(late["until"], language) if late else "",
        ground=str(late.get("ground", "")),
        read=one["read"] is True,
        state=one["state"] if one["state"] in STATES else "pending",
        dispute=str(dispute.get("text", "")),
        disputed=said_moment(dispute.get("at"), language) if dispute else "",
        review=str(review.get("words", "")),
        reviewed=said_moment(review.get("at"), language) if review else "",
    )


async def unread_of(resident: Resident) -> int | None:
    """Return how many overrides the resident has not read of; None where nobody can say now.

    Raises:
        Fault: UNAUTHENTICATED, which has a page of its own.
    """
    try:
        async with asyncio.timeout(HOME_SECONDS):
            token = await resident.session.access_token()
            overrides = await resident.door.consent.overrides(token)
    except TimeoutError:
        return None
    except Fault as fault:
        if fault.category is Category.UNAUTHENTICATED:
            raise
        return None
    return sum(one.get("read") is not True for one in overrides)
