"""Emergency overrides as they may lie in a service: one line each; and what the feed says of them.

The reference model reads these values, the product the form that is made of them.
docs/adr/0018-an-override-is-an-object.md, docs/api/consent/feed.md
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

DOCTOR, COLLEAGUE = "doctor-of-the-matrix", "colleague-of-the-matrix"
Reason = Literal["oral-consent", "life", "family", "law"]


@dataclass(frozen=True)
class Glass:
    """One override of one person.

    Attributes:
        opened: When it begins, in minutes after the world did.
        minutes: How long it was to last.
        second: Whose agreement to restricted records there is; empty for nobody's.
        stopped: Whether it was ended by hand.
    """

    reason: Reason = "oral-consent"
    by: str = DOCTOR
    second: str = ""
    opened: int = -5
    minutes: int = 60
    text: str = "no answer, and nobody to ask"
    stopped: bool = False


LIFE = Glass("life")
OVERRIDES: dict[str, tuple[Glass, ...]] = {
    "none": (),
    "oral consent": (Glass(),),
    "life": (LIFE,),
    "family": (Glass("family"),),
    "law, agreed": (Glass("law", second=COLLEAGUE),),
    "life, agreed": (Glass("life", second=COLLEAGUE),),
    "agreed by oneself": (Glass("life", second=DOCTOR),),
    "of a colleague": (Glass("life", by=COLLEAGUE, second=DOCTOR),),
    "stopped": (Glass("life", stopped=True),),
    "over": (Glass("life", opened=-61),),
    "about to end": (Glass("life", opened=-59),),
    "too long": (Glass("life", minutes=61),),
    "not begun": (Glass("life", opened=10),),
    "two, the newer weaker": (Glass("life", second=COLLEAGUE, opened=-20), Glass()),
    "two, one of a colleague": (Glass(), Glass("life", by=COLLEAGUE, second=DOCTOR)),
}


def id_of(person: int, place: int) -> str:
    """Return the id of a person's override; it bears no mark, so that it excuses none."""
    return f"override-{person}-{place}"


def grant_of(glass: Glass, id_: str, began: datetime) -> dict[str, Any]:
    """Return what the feed says of it in a world that began then."""
    form = {"form": "tasuki-override/1", "id": id_}
    if glass.stopped:
        return {**form, "closed": True}
    opened = began + timedelta(minutes=glass.opened)
    said = {
        "subject": glass.by,
        "reason": glass.reason,
        "text": glass.text,
        "opened_at": opened.isoformat(),
        "ends_at": (opened + timedelta(minutes=glass.minutes)).isoformat(),
    }
    return {**form, **said, **({"second": glass.second} if glass.second else {})}
