"""What the officer's pages show of declarations and proposals, in plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.consent.officer.form import name_of
from tasuki.consent.signing import Standing, standing_of
from tasuki.consent.warnings.held import HeldProposal, State
from tasuki.shared.clock import TOKYO
from tasuki.shared.text import municipality

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasuki.consent.declaring import Held
    from tasuki.consent.warnings.bulletin import Place
    from tasuki.consent.warnings.held import Word

_ORDER = (Standing.OPEN, Standing.UPCOMING, Standing.CLOSED, Standing.OVER)
ENDED = frozenset({Standing.CLOSED, Standing.OVER})


@dataclass(frozen=True, slots=True)
class DeclaredLine:
    """One declaration.

    Attributes:
        counts: Whether its signature counts at the services.
        areas: Names of the municipalities.
    """

    id: str
    version: int
    standing: Standing
    counts: bool
    drill: bool
    authority: str
    legal_basis: str
    areas: tuple[str, ...]
    start: str
    end: str
    signed: str

    @property
    def is_over(self) -> bool:
        """Whether nothing can be done with it any more."""
        return self.standing in ENDED


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """One proposal.

    Attributes:
        kinds: What is grave, as written.
        areas: Names of the municipalities.
        parts: Which places of those are only a part of one.
        elsewhere: Places that are no municipality of today.
        days_old: Whole days since it was sent.
    """

    held: HeldProposal
    kinds: tuple[str, ...]
    areas: tuple[str, ...]
    parts: tuple[str, ...]
    elsewhere: tuple[str, ...]
    sent: str
    days_old: int
    cancelled: str
    lowered: str

    @property
    def word(self) -> Word:
        """What proposes it."""
        if self.held.proposed is None:
            raise ValueError("nothing was proposed")
        return self.held.proposed


def declared_lines(held: Sequence[Held], now: datetime) -> list[DeclaredLine]:
    """Return declarations, those in force first."""
    lines = [_declared(one, now) for one in held]
    return sorted(lines, key=lambda line: (_ORDER.index(line.standing), line.end, line.id))


def proposed_lines(
    proposals: Sequence[HeldProposal],
    now: datetime,
) -> tuple[list[ProposedLine], list[ProposedLine]]:
    """Return the proposals that wait for an officer, and the others."""
    waiting = [proposed_line(one, now) for one in proposals if one.state is State.OPEN]
    others = [proposed_line(one, now) for one in proposals if one.state is not State.OPEN]
    return waiting, others


def proposed_line(held: HeldProposal, now: datetime) -> ProposedLine:
    """Return a proposal."""
    hazards = () if held.proposed is None else held.proposed.hazards
    return ProposedLine(
        held=held,
        kinds=tuple(dict.fromkeys(hazard.kind for hazard in hazards)),
        areas=tuple(name_of(code) for code in held.areas),
        parts=tuple(_part(place) for place in held.places if place.part and place.code),
        elsewhere=tuple(place.name for place in held.places if not place.code),
        sent=at(held.proposed.sent) if held.proposed else "",
        days_old=max(0, (now - held.proposed.sent).days) if held.proposed else 0,
        cancelled=at(held.cancelled.sent) if held.cancelled and held.is_cancelled else "",
        lowered=at(held.lowered.sent) if held.lowered and held.is_lowered else "",
    )


def _part(place: Place) -> str:
    """Return a part with the municipality it is of, where its own name does not say so."""
    whole = municipality(place.code or "")
    return place.name if whole is None or whole.name in place.name else f"{whole.name}{place.name}"


def at(moment: datetime) -> str:
    """Return a moment as people in Japan read it."""
    return f"{moment.astimezone(TOKYO):%Y-%m-%d %H:%M}"


def _declared(held: Held, now: datetime) -> DeclaredLine:
    one = held.declaration
    return DeclaredLine(
        id=one.id,
        version=one.version,
        standing=standing_of(one, now),
        counts=held.verified is not None,
        drill=one.drill,
        authority=one.authority,
        legal_basis=one.legal_basis,
        areas=tuple(name_of(code) or code for code in sorted(one.areas)),
        start=at(one.start),
        end=at(one.closed_at or one.end),
        signed=held.signed or "",
    )
