"""Disaster declarations: opened by a person in authority, for places and a time, and over by themselves.

A declaration is never edited: renewing and closing each make a new version, and the highest version
counts. Legal ground: disaster viewing is opened per municipality when the Disaster Relief Act
applies, for about a week, and then extended.

https://laws.e-gov.go.jp/law/322AC0000000118
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tasuki.consent.places import lies_in
from tasuki.consent.vocabulary import ActorRole, DataClass
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

LONGEST = timedelta(days=7)  # then somebody must decide again
_CODE = re.compile(r"[0-9]{6}")
_MAY_USE = frozenset({ActorRole.NURSE, ActorRole.CLINICIAN})


@dataclass(frozen=True, slots=True)
class Declaration:
    """One version of a disaster declaration.

    Attributes:
        areas: 6-digit municipality codes.
        start: From this moment (inclusive), aware.
        end: Until this moment (exclusive), aware.
        roles: Who may use it, of nurse and clinician.
        classes: Which data it opens.
        authority: Who declared it, e.g. the prefecture.
        legal_basis: The law it rests on, in words.
        drill: An exercise: it opens drill residents only, and a real one never opens those.
        opened_by: Subject of the officer who made this version.
        recorded_at: When this version was made.
        closed_at: When it was closed by hand, before its end; None while it was not.
    """

    id: str
    version: int
    areas: frozenset[str]
    start: datetime
    end: datetime
    roles: frozenset[ActorRole]
    classes: frozenset[DataClass]
    authority: str
    legal_basis: str
    drill: bool
    opened_by: str
    recorded_at: datetime
    closed_at: datetime | None = None

    def open_at(self, moment: datetime) -> bool:
        """Tell whether it is in force at a moment; it ends by itself."""
        closed = self.closed_at is not None and self.closed_at <= moment
        return self.start <= moment < self.end and not closed


def covers(declaration: Declaration, municipality: str | None, at: datetime) -> bool:
    """Tell whether a declaration is open for a municipality; an unknown place is not covered."""
    return lies_in(municipality, declaration.areas) and declaration.open_at(at)


def check_declaration(declaration: Declaration) -> Declaration:
    """Return a declaration whose parts agree with one another.

    Raises:
        Fault: STRUCTURE with the field that is wrong.
    """
    longest = max(declaration.start, declaration.recorded_at) + LONGEST
    wrong = {
        "id": not declaration.id.strip(),
        "version": declaration.version < 1,
        "areas": not declaration.areas or not all(map(_CODE.fullmatch, declaration.areas)),
        "start": declaration.start.tzinfo is None,
        "end": not declaration.start < declaration.end <= longest,
        "roles": not declaration.roles or not declaration.roles <= _MAY_USE,
        "classes": not declaration.classes,
        "authority": not declaration.authority.strip(),
        "legal_basis": not declaration.legal_basis.strip(),
        "opened_by": not declaration.opened_by.strip(),
    }
    for field, is_wrong in wrong.items():
        if is_wrong:
            raise Fault(
                Category.STRUCTURE,
                "This part of the declaration is missing or not allowed.",
                at=(f"declaration.{field}",),
            )
    return declaration


def open_declaration(
    draft: Declaration, *, by_role: ActorRole, known: Callable[[str], bool]
) -> Declaration:
    """Return the first version of a declaration, ready to be recorded.

    Args:
        draft: What the officer filled in, with a fresh id and `recorded_at` set to now.
        by_role: The role of who opens it; only an officer may.
        known: Tells whether a 6-digit code is a municipality of today.

    Raises:
        Fault: FORBIDDEN for another role; STRUCTURE for an unknown municipality, an end more than
            seven days after the start, or a missing part.
    """
    _require_officer(by_role)
    if draft.version != 1 or draft.closed_at is not None:
        raise Fault(
            Category.STRUCTURE, "A new declaration has version 1.", at=("declaration.version",)
        )
    check_declaration(draft)
    if draft.end > draft.start + LONGEST:
        raise Fault(Category.STRUCTURE, "Seven days at most.", at=("declaration.end",))
    if draft.end <= draft.recorded_at:
        raise Fault(Category.STRUCTURE, "The end has passed.", at=("declaration.end",))
    if not all(known(area) for area in draft.areas):
        raise Fault(Category.STRUCTURE, "No such municipality today.", at=("declaration.areas",))
    return draft


def renew_declaration(
    current: Declaration, *, end: datetime, at: datetime, by: str, by_role: ActorRole
) -> Declaration:
    """Return the next version, ending later: at most seven days from the renewal.

    Raises:
        Fault: FORBIDDEN for another role; CONFLICT when it is no longer open (open a new one);
            STRUCTURE when the end is too far away.
    """
    _require_officer(by_role)
    if at >= current.end or current.closed_at is not None:
        raise Fault(Category.CONFLICT, "This declaration is over; open a new one.")
    if end <= at:
        raise Fault(Category.STRUCTURE, "The end has passed.", at=("declaration.end",))
    version = current.version + 1
    return check_declaration(
        replace(current, version=version, end=end, recorded_at=at, opened_by=by)
    )


def close_declaration(
    current: Declaration, *, at: datetime, by: str, by_role: ActorRole
) -> Declaration:
    """Return the next version, closed from now on.

    Raises:
        Fault: FORBIDDEN for another role; CONFLICT when it is closed already.
    """
    _require_officer(by_role)
    if current.closed_at is not None:
        raise Fault(Category.CONFLICT, "This declaration is closed already.")
    return replace(current, version=current.version + 1, closed_at=at, recorded_at=at, opened_by=by)


def append_version(history: tuple[Declaration, ...], new: Declaration) -> tuple[Declaration, ...]:
    """Return the history with one version more.

    Raises:
        Fault: CONFLICT when it is not the next version, reopens what was closed, or changes what a
            renewal may not change (areas, roles, data, start, authority, drill).
    """
    if not history:
        fits = new.version == 1
    else:
        last = history[-1]
        same = replace(
            new,
            version=last.version,
            end=last.end,
            opened_by=last.opened_by,
            recorded_at=last.recorded_at,
            closed_at=None,
        )
        fits = same == last and new.version == last.version + 1
    if not fits:
        raise Fault(Category.CONFLICT, "This is not the next version of the declaration.")
    return (*history, new)


def latest_versions(declarations: Iterable[Declaration]) -> tuple[Declaration, ...]:
    """Return of each declaration the highest version, by id; only these count.

    Of two with the same number, which only a restored issuer could have made, the one that ends
    first.
    """
    found: dict[str, Declaration] = {}
    for one in declarations:
        if one.id not in found or _newness(found[one.id]) < _newness(one):
            found[one.id] = one
    return tuple(found[key] for key in sorted(found))


def _newness(one: Declaration) -> tuple[int, float]:
    return one.version, -min(one.end, one.closed_at or one.end).timestamp()


def _require_officer(role: ActorRole) -> None:
    if role is not ActorRole.OFFICER:
        raise Fault(Category.FORBIDDEN, "Only an officer may declare, renew or close.")
