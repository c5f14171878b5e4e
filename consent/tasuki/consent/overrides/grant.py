"""What of an override the services need in order to obey it: its form in the consent feed.

    {"form": "tasuki-override/1", "id": …, "subject": …, "reason": …, "text": …, "opened_at": …,
     "ends_at": …, "second": "…"}
    {"form": "tasuki-override/1", "id": …, "closed": true}

What is over carries nothing but its id, so that readers let go of the rest. Append-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.consent.decision.request import BreakGlass, BreakGlassReason
from tasuki.consent.reading import Element, as_element, refuse
from tasuki.consent.times import stretch_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tasuki.consent.overrides.override import Override

FORM = "tasuki-override/1"
_OPEN = ("form", "id", "subject", "reason", "text", "opened_at", "ends_at", "second")


@dataclass(frozen=True, slots=True)
class Grant:
    """An override as a service holds it.

    Attributes:
        subject: The only account it opens anything for.
        second: Subject of the colleague who agreed to restricted records.
    """

    id: str
    subject: str
    reason: BreakGlassReason
    text: str
    opened_at: datetime
    ends_at: datetime
    second: str | None = None

    def of_person(self, person: str) -> BreakGlass:
        """Return it as a decision takes it, under the handle the person has here."""
        return BreakGlass(
            patient=person,
            reason=self.reason,
            text=self.text,
            start=self.opened_at,
            end=self.ends_at,
            second_person=self.second,
            id=self.id,
        )


def write_grant(override: Override) -> dict[str, object]:
    """Return what the feed says of an override."""
    if override.stopped_at is not None:
        return {"form": FORM, "id": override.id, "closed": True}
    written: dict[str, object] = {
        "form": FORM,
        "id": override.id,
        "subject": override.subject,
        "reason": override.reason.value,
        "text": override.text,
        "opened_at": override.opened_at.isoformat(),
        "ends_at": override.ends_at.isoformat(),
    }
    if override.second is not None:
        written["second"] = override.second.subject
    return written


def read_grant(document: Mapping[str, object]) -> Grant | None:
    """Return what the feed says of an override; None for one that is over.

    Raises:
        Fault: STRUCTURE with the path of what is not understood.
    """
    read = as_element("override", document)
    if read.text("form") != FORM:
        raise refuse("override.form", "This form is not known here.")
    if read.members.get("closed") is True:
        read.only("form", "closed")
        read.text("id")
        return None
    read.only(*_OPEN)
    return Grant(
        id=read.text("id"),
        subject=read.text("subject"),
        reason=_reason(read),
        text=read.text("text"),
        opened_at=_moment(read, "opened_at"),
        ends_at=_moment(read, "ends_at"),
        second=read.optional_text("second"),
    )


def _reason(read: Element) -> BreakGlassReason:
    try:
        return BreakGlassReason(read.text("reason"))
    except ValueError:
        raise refuse(read.at("reason"), "This reason is not known here.") from None


def _moment(read: Element, name: str) -> datetime:
    text = read.text(name)
    stretch = stretch_of(text) if "T" in text else None
    if stretch is None:
        raise refuse(read.at(name), "A date and time with an offset is needed here.")
    return stretch.start
