"""Where a search looks: the fewest rows that can hold every match, or an honest refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from tasuki.shared.access.derived import name_keys
from tasuki.shared.access.principal import ONE_PERSONS
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import meaning_of
from tasuki.shared.fhir.search.escapes import split, unescape
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.records import Stored, Unit
    from tasuki.shared.fhir.search import Query

    Shown = Callable[[Sequence[Stored]], Awaitable[list[Stored]]]

SCAN_LIMIT = 2_000  # rows opened for one search that names no person
SUBJECT_LIMIT = 100  # people one search may be about
KEY_LIMIT = 20  # name and birth date pairs one search may be looked up by
# The server gives ids, and never this one. It is asked for where there is nobody to ask for: that
# nobody is here shall take as long to say as that somebody is whom the caller may not see.
NO_ONE = "-"
_DAY = re.compile(r"(?:eq)?([0-9]{4}-[0-9]{2}-[0-9]{2})")
_PARTED = re.compile(r"\S+\s+\S.*")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_NAMES = ("name", "phonetic")


@dataclass(frozen=True, slots=True)
class Within:
    """Where every match must be.

    Attributes:
        owners: Patient ids one of which every match is about; None for no such limit.
        ids: Ids one of which every match has; None for no such limit.
    """

    owners: frozenset[str] | None = None
    ids: frozenset[str] | None = None

    def narrowed(
        self, *, owners: frozenset[str] | None = None, ids: frozenset[str] | None = None
    ) -> Within:
        """Return where both this and that hold."""
        return Within(_both(self.owners, owners), _both(self.ids, ids))


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def within(query: Query, principal: Principal) -> Within:
    """Return where the query itself and the caller's role confine its matches to.

    A resident is confined to their own record, and a proxy to that of whom they act for, before anything is looked up; what is about nobody
    (Organization, Medication …) is not confined to anybody.
    """
    if OWNERSHIP[query.resource_type].element is None:
        return Within(ids=query.ids())
    own = None
    if principal.role in ONE_PERSONS:
        own = frozenset([principal.patient.removeprefix("Patient/")] if principal.patient else [])
    return Within(_both(own, query.subject_ids()), query.ids())


async def candidates(unit: Unit, query: Query, where: Within, shown: Shown) -> list[Stored]:
    """Return live resources of the type among which every match is.

    Patients are looked up by whole name and birth date where both are given. Where nobody has that
    name in whole, it may be a part of one, so the records are scanned; where they are too many for
    that, nobody having it is the answer only to names given with both their parts. Who may not be
    shown is nobody: being refused a scan or not would tell that somebody of this name is here.

    Args:
        unit: The transaction.
        query: What is asked.
        where: Where every match must be.
        shown: Returns those of some rows that the caller may see.

    Raises:
        Fault: TOO_COSTLY where no index narrows the search enough.
    """
    if where.ids is not None:
        found = await unit.by_ids(query.resource_type, sorted(where.ids) or [NO_ONE])
        return [one for one in found if where.owners is None or one.owner in where.owners]
    if where.owners is not None:
        if len(where.owners) > SUBJECT_LIMIT:
            raise Fault(
                Category.TOO_COSTLY, f"a search may be about {SUBJECT_LIMIT} people at most"
            )
        return [
            stored
            for owner in sorted(where.owners) or [NO_ONE]
            for stored in await unit.of_owner(owner, [query.resource_type])
        ]
    pairs = _identifiers(query)
    if pairs:
        known = {
            id_
            for system, value in pairs
            for id_ in await unit.by_identifier(query.resource_type, system, value)
        }
        return await unit.by_ids(query.resource_type, sorted(known) or [NO_ONE])
    return await shown(await _named(unit, query)) or await _scanned(unit, query)


def _identifiers(query: Query) -> list[tuple[str, str]]:
    """Return (system, value) pairs of which every match has one; `*` is any system."""
    for term in query.terms:
        if term.parameter.code == "identifier" and term.modifier is None:
            pairs = [
                ("*" if token.system is None else token.system, token.code) for token in term.tokens
            ]
            full = [(system, value) for system, value in pairs if value]
            if len(full) == len(pairs):
                return full
    return []


async def _named(unit: Unit, query: Query) -> list[Stored]:
    """Return the Patients with the asked whole name and birth date; empty where nobody matches."""
    births = [_DAY.fullmatch(value) for value in _values(query, "birthdate")]
    days = [birth[1] for birth in births if birth is not None]
    names = _names(query)
    if len(days) < len(births) or not 0 < len(days) * len(names) <= KEY_LIMIT:
        return []
    keys = {key for name in names for day in days for key in name_keys(name, day)}
    pointed = {id_ for index, parts in keys for id_ in await unit.by_person_key(index, parts)}
    opened = await unit.by_ids("Patient", sorted(pointed) or [NO_ONE])
    # Keys are cut short, so some of these may be other people.
    return [one for one in opened if one.body and query.matches(meaning_of(one.body))]


def _names(query: Query) -> list[str]:
    """Return the names a search on Patient asks for, as they may be recorded in whole."""
    if query.resource_type != "Patient":
        return []
    for code in _NAMES:
        if found := _values(query, code):
            return [unescape(name) for name in found]
    pairs = product(_values(query, "family"), _values(query, "given"))
    return [f"{unescape(family)} {unescape(given)}" for family, given in pairs]


def _values(query: Query, code: str) -> list[str]:
    """Return the alternatives of a parameter, still escaped; empty where it stands twice."""
    given = [value for name, value in query.used if name in {code, f"{code}:exact"}]
    return split(given[0], ",") if len(given) == 1 else []


async def _scanned(unit: Unit, query: Query) -> list[Stored]:
    found = await unit.scan(query.resource_type, SCAN_LIMIT)
    if found is None and _asks_for_whole_names(query):
        return []  # they were looked up, and nobody has them
    if found is None:
        raise Fault(
            Category.TOO_COSTLY,
            "this search names no patient, identifier or id and would open too many records;"
            " add one of them (for people: the whole name and the birth date)",
        )
    return found


def _asks_for_whole_names(query: Query) -> bool:
    """Return whether names with family and given part and a birth date have been looked up."""
    names, births = _names(query), _values(query, "birthdate")
    return bool(
        0 < len(names) * len(births) <= KEY_LIMIT
        and all(_PARTED.fullmatch(name.strip()) for name in names)
        # A search does not regard accents and the keys do: Muller is not known not to be Müller.
        and not any(_LATIN.search(name) for name in names)
        and all(_DAY.fullmatch(birth) for birth in births)
    )
