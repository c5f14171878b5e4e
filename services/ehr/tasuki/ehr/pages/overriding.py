"""What the pages say of an open override, and how a form asks for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.overrides.override import CODE_LENGTH, MOST_TEXT, SafetyGround
from tasuki.shared.access.purposes import CARE
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fastapi import Request

    from tasuki.consent.overrides.grant import Grant
    from tasuki.ehr.overriding import Overriding
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.service import FhirService

REASONS: Final = tuple(
    one.value
    for one in (
        *(BreakGlassReason.LIFE, BreakGlassReason.ORAL_CONSENT),
        *(BreakGlassReason.FAMILY, BreakGlassReason.LAW),
    )
)
GROUNDS: Final = tuple(one.value for one in SafetyGround)
MINUTES: Final = ("60", "30", "15")
HOURS: Final = ("24", "72", "168")
CONFIRMED: Final = "yes"


@dataclass(frozen=True, slots=True)
class Bar:
    """An open override, as every page of the patient shows it.

    Attributes:
        until: Its end, hours and minutes in Japan.
        code: To read out to a second person; empty once there was one.
    """

    until: str
    minutes: int
    reason: str
    code: str
    restricted: bool


def overriding_of(request: Request) -> Overriding:
    """Return what knows the overrides of the app."""
    found: Overriding = request.app.state.overriding
    return found


async def own_override(
    request: Request, caller: Caller, service: FhirService, patient: str
) -> Grant | None:
    """Return the override under which a page is read; None for none, and for other purposes."""
    if caller.principal.purpose not in CARE:
        return None
    return await overriding_of(request).own(service.store, caller, patient)


def bar_of(grant: Grant | None, now: datetime) -> Bar | None:
    """Return what is said of an override; None for none."""
    if grant is None:
        return None
    return Bar(
        until=f"{grant.ends_at.astimezone(TOKYO):%H:%M}",
        minutes=-(-(grant.ends_at - now) // timedelta(minutes=1)),
        reason=grant.reason.value,
        code="" if grant.second else grant.id[:CODE_LENGTH].upper(),
        restricted=grant.second is not None,
    )


def draft_of(form: Mapping[str, str]) -> dict[str, object] | str:
    """Return what a form asks the consent service for, or the key of the words on what is missing."""
    if form.get("reason") not in REASONS:
        return "reason"
    text = form.get("text", "").strip()
    if not text or len(text) > MOST_TEXT:
        return "text"
    if form.get("minutes") not in MINUTES:
        return "minutes"
    draft: dict[str, object] = {
        "reason": form["reason"],
        "text": text,
        "minutes": int(form["minutes"]),
    }
    if form.get("ground"):
        delay = _delay(form)
        if isinstance(delay, str):
            return delay
        draft["delay"] = delay
    elif form.get("delay_text", "").strip():
        return "ground"  # words without a ground: it is not clear what is wanted
    return draft if form.get("confirmed") == CONFIRMED else "confirmed"


def _delay(form: Mapping[str, str]) -> dict[str, object] | str:
    words = form.get("delay_text", "").strip()
    if form["ground"] not in GROUNDS:
        return "ground"
    if not words or len(words) > MOST_TEXT:
        return "delay_text"
    if form.get("hours") not in HOURS:
        return "hours"
    return {"ground": form["ground"], "text": words, "hours": int(form["hours"])}
