"""What a person has said, read as docs/adr/0007 has it: plainly, and sharing nothing with the product."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.access.labels import ACT_CODE, Label
from tests.access.wishes import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.access.callers import Caller
    from tests.access.wishes import Says, Wish

TODAY = "2026-01-05"


LADDER = "ULMNRV"


# A refusal of these covers the purpose that is asked for.
WIDER = {
    "TREAT": {"TREAT"},
    "ETREAT": {"TREAT", "ETREAT"},
    "BTG": {"TREAT", "ETREAT", "BTG"},
    "DISASTER": {"PUBHLTH", "DISASTER"},
    "FAMRQT": {"FAMRQT"},
    "SUPNWK": {"SUPNWK"},
    "PWATRNY": {"PWATRNY"},
}


@dataclass(frozen=True)
class Asker:
    """A caller at one holder.

    Attributes:
        patient: The resident the token is bound to.
        stale: Whether the holder has not heard of Consents for more than a minute.
        override: The emergency override that is named.
        minute: How old the world is.
    """

    caller: Caller
    holder: str
    region: str | None
    patient: str | None = None
    stale: bool = False
    override: str | None = None
    minute: int = 0

    @property
    def purpose(self) -> str:
        """What for: of the token, or the override."""
        return self.caller.purpose if self.override is None else "BTG"


@dataclass(frozen=True)
class Thing:
    """As much of a resource as a rule can ask for."""

    type: str
    label: Label


def permits_something(asker: Asker, wish: Wish, *, permits: bool) -> bool:
    """Tell whether a Consent says yes to anything at all; one that only refuses is set aside."""
    if not permits:
        return False
    base = wish.base.effect == "permit" and _grants(asker, wish.base)
    return base or any(
        says.effect == "permit" and _grants(asker, _whole(says, wish)) for says in wish.but
    )


def _whole(says: Says, wish: Wish) -> Says:
    """An exception reaches no further than its rule."""
    base = wish.base
    return replace(says, to=says.to or base.to, purposes=says.purposes or base.purposes)


def in_force(wishes: tuple[Wish, ...]) -> Iterator[tuple[Wish, bool]]:
    """Yield what stands, with whether its permits count; of one policy the later supersedes."""
    spoken = [
        wish
        for wish in wishes
        if wish.status in ("active", "inactive", "rejected")
        and not (wish.base.begins and wish.base.begins > TODAY)
    ]
    for wish in filter(_runs, spoken):
        others = [one for one in spoken if one.policy == wish.policy and one is not wish]
        if any(_runs(other) and wish.dated < other.dated <= TODAY for other in others):
            continue
        # What ended on the same day, or may have ended later, silences a permit, but no refusal.
        silenced = any(not _runs(other) and wish.dated <= other.dated for other in others)
        yield wish, not silenced and wish.dated <= TODAY


def _runs(wish: Wish) -> bool:
    return wish.status == "active" and _holds(wish.base)


def _holds(says: Says) -> bool:
    begun = not says.begins or says.begins <= TODAY
    return begun and (not says.until or says.until >= TODAY)


def said_of(asker: Asker, wish: Wish, thing: Thing, *, permits: bool) -> str:
    """Return what one Consent says of a resource: yes, no, or nothing."""
    for says in wish.but:
        if says.effect == "deny" and _refuses(asker, says) and _might_be(says, thing):
            return "no"
    for says in wish.but if permits else ():
        fits = says.effect == "permit" and _grants(asker, _whole(says, wish))
        if fits and _surely_is(says, thing):
            return "yes"
    if wish.base.effect == "deny":
        return "no" if _refuses(asker, wish.base) and _might_be(wish.base, thing) else ""
    if not permits or not _grants(asker, wish.base):
        return ""
    return "yes" if _surely_is(wish.base, thing) else "no"


def _names(asker: Asker) -> set[str]:
    found = {asker.caller.organization or "", f"{REGION}|{asker.region}"}
    return found - {"", f"{REGION}|None"}


def _grants(asker: Asker, says: Says) -> bool:
    named = not says.to or not _names(asker).isdisjoint(says.to)
    purposes = not says.purposes or asker.caller.purpose in says.purposes
    return _holds(says) and named and purposes


def _refuses(asker: Asker, says: Says) -> bool:
    """A refusal counts where it might: staff who show no organisation may be of the refused one."""
    kinds = {"Organization/": asker.caller.organization, f"{REGION}|": asker.region}
    hides = asker.caller.role != "proxy" and any(
        name.startswith(kind) and shown is None for name in says.to for kind, shown in kinds.items()
    )
    named = not says.to or hides or not _names(asker).isdisjoint(says.to)
    wider = WIDER[asker.caller.purpose]
    return _holds(says) and named and (not says.purposes or not wider.isdisjoint(says.purposes))


def secrecy(label: Label) -> tuple[str, set[str]]:
    """Without a label N; with a sensitivity, R."""
    kinds = {code for _, code in label.kinds}
    levels = sorted(label.levels, key=LADDER.index)
    return (levels[-1] if levels else "R" if kinds else "N"), kinds


def _surely_is(says: Says, thing: Thing) -> bool:
    if says.types and thing.type not in says.types:
        return False
    level, kinds = secrecy(thing.label)
    if not says.labels:
        return True
    if any(LADDER.index(level) <= LADDER.index(up) for up in says.labels if up in LADDER):
        return True
    return bool(kinds) and kinds <= set(says.labels) and level != "V"


def _might_be(says: Says, thing: Thing) -> bool:
    if says.types and thing.type not in says.types:
        return False
    level, kinds = secrecy(thing.label)
    if not says.labels:
        return True
    from_ = [letter for letter in says.labels if letter in LADDER]
    above = any(LADDER.index(level) >= LADDER.index(letter) for letter in from_)
    return above or bool(kinds & set(says.labels))


def thinkable(type_: str) -> Iterator[Thing]:
    """Every resource there could be, as far as a rule can tell: openly closed is closed to all."""
    for level in ("", *LADDER):
        for kind in ("", "HIV", "PSY", "ODD"):
            kinds = ((ACT_CODE, kind),) if kind else ()
            yield Thing(type_, Label(levels=(level,) if level else (), kinds=kinds))
