"""The form that declares: what was typed, what it means, and what is wrong with it, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tasuki.consent.declaring import Draft
from tasuki.consent.places import places_of_today
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole, DataClass
from tasuki.shared.faults import Fault
from tasuki.shared.text import municipality, resolve_municipality, successor_codes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.consent.places import Places
    from tasuki.consent.warnings.held import HeldProposal

MOST_DAYS = 7
ROLES = (ActorRole.NURSE, ActorRole.CLINICIAN)
CLASSES = tuple(one for one in DataClass if one in EMERGENCY_CLASSES)
_BREAK = re.compile(r"[\r\n,;、，；]+")
_CODE = re.compile(r"([0-9]{6})(?![0-9])")
LONGEST_AUTHORITY = 200
LONGEST_BASIS = 500


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form.

    Attributes:
        areas: One municipality a line: a code, with or without a name, or a name.
        days: How long, from now; 1 to 7.
        proposal: The proposal it was filled from; empty for none.
    """

    areas: str = ""
    authority: str = ""
    legal_basis: str = ""
    days: str = str(MOST_DAYS)
    roles: frozenset[str] = frozenset(ROLES)
    classes: frozenset[str] = frozenset(CLASSES)
    drill: bool = False
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form means.

    Attributes:
        problems: (field, key of the words, value) of what is wrong; nothing else counts then.
    """

    places: Places | None = None
    problems: tuple[tuple[str, str, str], ...] = field(default=())


def typed_in(form: Mapping[str, str]) -> Typed:
    """Return what was typed."""
    return Typed(
        areas=form.get("areas", ""),
        authority=form.get("authority", ""),
        legal_basis=form.get("legal_basis", ""),
        days=form.get("days", ""),
        roles=frozenset(role for role in ROLES if form.get(f"role-{role}")),
        classes=frozenset(one for one in CLASSES if form.get(f"class-{one}")),
        drill=bool(form.get("drill")),
        proposal=form.get("proposal", ""),
    )


def typed_from(held: HeldProposal) -> Typed:
    """Return the form as a proposal fills it: its municipalities. A warning is no legal basis."""
    return Typed(areas="\n".join(map(line_of, held.areas)), proposal=held.id)


def line_of(code: str) -> str:
    """Return a municipality as a line of the form."""
    return f"{code} {name_of(code)}".strip()


def name_of(code: str) -> str:
    """Return the name of a municipality of today with its prefecture; empty where there is none."""
    place = municipality(code)
    return "" if place is None else place.prefecture + place.name


def understood(typed: Typed) -> Filled:
    """Return what the form means, or everything that is wrong with it."""
    problems: list[tuple[str, str, str]] = []
    codes: list[str] = []
    for line in filter(None, (line.strip() for line in _BREAK.split(typed.areas))):
        code, wrong = _code_of(line)
        if wrong:
            problems.append(("areas", wrong, line[:60]))
        else:
            codes.append(code)
    if not codes and not problems:
        problems.append(("areas", "wrong.areas.none", ""))
    problems += [(name, key, "") for name, key in _missing(typed)]
    if problems:
        return Filled(problems=tuple(problems))
    return Filled(places=places_of_today(codes))


def draft_of(typed: Typed, filled: Filled, now: datetime) -> Draft:
    """Return the declaration a form without problems means."""
    areas = [] if filled.places is None else sorted(filled.places.areas)
    return Draft(
        areas=areas,
        start=now,
        end=now + timedelta(days=int(typed.days)),
        roles=frozenset(ActorRole(role) for role in typed.roles),
        classes=frozenset(DataClass(one) for one in typed.classes),
        authority=typed.authority,
        legal_basis=typed.legal_basis,
        drill=typed.drill,
    )


def days_of(text: str) -> int | None:
    """Return a number of days from 1 to 7, or None."""
    return int(text) if text in {str(n) for n in range(1, MOST_DAYS + 1)} else None


def _code_of(line: str) -> tuple[str, str]:
    found = _CODE.match(line)
    if found is None:
        place = resolve_municipality(line)
        return (place.code, "") if place is not None else ("", "wrong.areas.unknown")
    code = found[1]
    try:
        places_of_today([code])
    except Fault:
        return "", "wrong.areas.divided" if successor_codes(code) else "wrong.areas.unknown"
    return code, ""


def _missing(typed: Typed) -> list[tuple[str, str]]:
    wrong = {
        "authority": not 0 < len(typed.authority) <= LONGEST_AUTHORITY,
        "legal_basis": not 0 < len(typed.legal_basis) <= LONGEST_BASIS,
        "days": days_of(typed.days) is None,
        "roles": not typed.roles,
        "classes": not typed.classes,
    }
    return [(name, f"wrong.{name}") for name, is_wrong in wrong.items() if is_wrong]
