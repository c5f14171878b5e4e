"""What a choice would do, before it is made: who could see which records, everyday and in an emergency.

Every answer is the consent service's own, asked with the choice as if it were recorded.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from tasuki.phr.pages.wishes import ACTIONS, recorded, to_withdraw
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tasuki.phr.pages.consent_client import ConsentClient
    from tasuki.phr.settings import Region
    from tasuki.shared.fhir.json import Resource

AS_IS: Final = "as-is"
CHOICES: Final = (AS_IS, *ACTIONS)
ELSEWHERE: Final = "elsewhere"  # the region of a clinician where only one region is told about
ORDINARY: Final = "ordinary"
CLASSES: Final = ("allergies", "medicines", "conditions", "contacts", "other")
# Whom to call is no illness: of restricted records it is not told.
CLINICAL: Final = ("allergies", "medicines", "conditions", "other")
FATES: Final = ("shown", "masked", "withheld", "depends")
_URGENT = {"role": "clinician", "purpose": "BTG"}
ASKERS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "care": {"role": "clinician", "purpose": "TREAT"},
        "across": {"role": "clinician", "purpose": "TREAT"},
        "shelter": {"role": "nurse", "purpose": "DISASTER", "declared": True},
        "urgent": {**_URGENT, "override": {"reason": "life"}},
        "urgent-agreed": {**_URGENT, "override": {"reason": "life", "agreed": True}},
    }
)
"""Who might look, and what is supposed for it: a declaration, an emergency override."""


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of some records.

    Attributes:
        kinds: Labels of records of which the same is told; `ordinary` alone.
        fates: What is told, each with the classes it is told of.
    """

    kinds: tuple[str, ...]
    fates: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """One asker at the records of one region.

    Attributes:
        changes: Whether the choice makes it another answer than now.
    """

    asker: str
    permitted: bool
    headline: str
    lines: tuple[Line, ...]
    changes: bool


def supposed(
    choice: str, patient: str, consents: Iterable[Resource], at: datetime
) -> list[Resource]:
    """Return the Consents that a choice would record, or record anew."""
    if choice == AS_IS:
        return []
    wish, wanted = ACTIONS[choice]
    return [recorded(wish, patient, at)] if wanted else to_withdraw(wish, consents, at)


async def tried(
    consent: ConsentClient,
    token: str,
    about: Mapping[str, object],
    regions: Sequence[Region],
    saying: Sequence[Resource],
) -> list[tuple[tuple[Region, ...], tuple[Tried, ...]]]:
    """Return who could see what, if this were said; regions with the same answers stand together.

    Raises:
        Fault: UNAVAILABLE where the consent service does not answer.
    """

    async def one(region: Region, asker: str) -> Tried:
        question = {**about, **_question(region, asker, regions)}
        now, then = await asyncio.gather(
            consent.decide(token, question), consent.decide(token, {**question, "supposed": saying})
        )
        return _tried(asker, _read(now), _read(then))

    alike: dict[tuple[Tried, ...], tuple[Region, ...]] = {}
    for region in regions:
        found = tuple(await asyncio.gather(*(one(region, asker) for asker in ASKERS)))
        alike[found] = (*alike.get(found, ()), region)
    return [(some, found) for found, some in alike.items()]


def _question(region: Region, asker: str, regions: Sequence[Region]) -> dict[str, object]:
    other = next((one.code for one in regions if one.code != region.code), ELSEWHERE)
    works = other if asker == "across" else region.code
    place = {"holder_region": region.code, "actor_region": works}
    return {**ASKERS[asker], **place, "classes": list(CLASSES)}


@dataclass(frozen=True, slots=True)
class _Answer:
    permitted: bool
    headline: str
    fates: Mapping[tuple[str, str], str]


def _read(told: Mapping[str, Any]) -> _Answer:
    permitted, headline, records = (told.get(k) for k in ("permitted", "headline", "records"))
    if not (
        isinstance(permitted, bool) and isinstance(headline, str) and isinstance(records, list)
    ):
        raise _not_understood()
    fates = {(str(one["class"]), str(one["kind"])): str(one["told"]) for one in records}
    if not fates or not set(fates.values()) <= set(FATES):
        raise _not_understood()
    return _Answer(permitted, headline, fates)


def _not_understood() -> Fault:
    return Fault(Category.UNAVAILABLE, "The consent service does not answer.")


def _tried(asker: str, now: _Answer, then: _Answer) -> Tried:
    return Tried(asker, then.permitted, then.headline, lines_of(then.fates), now != then)


def lines_of(fates: Mapping[tuple[str, str], str]) -> tuple[Line, ...]:
    """Return one line for ordinary records, and one for all restricted ones that fare alike."""
    kinds = list(dict.fromkeys(kind for _, kind in fates if kind != ORDINARY))
    alike: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for kind in kinds:
        alike.setdefault(_by_fate(fates, kind, CLINICAL), []).append(kind)
    ordinary = Line((ORDINARY,), _by_fate(fates, ORDINARY, CLASSES))
    return (ordinary, *(Line(tuple(some), told) for told, some in alike.items()))


def _by_fate(
    fates: Mapping[tuple[str, str], str], kind: str, classes: Sequence[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    told = {one: tuple(name for name in classes if fates[(name, kind)] == one) for one in FATES}
    return tuple((fate, names) for fate, names in told.items() if names)
