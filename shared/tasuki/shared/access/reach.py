"""Which resources a scope reaches: all of a type, or those that meet its query part.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters

A query part is read like a search, strictly. One that cannot be judged on a resource alone (a chain,
`_has`, an include, `_sort`, what is not known) reaches nothing: it is never left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Fault
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.fhir.search.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasuki.shared.access.scopes import Query, ScopeSet

    Judge = Callable[[dict[str, Any]], bool]

_NO_BASE = ""  # a scope is about any server, so its references are relative ones
_REMEMBERED = 1_000


def reaches_some(scopes: ScopeSet, type_: str, letter: str) -> bool:
    """Return whether some resources of a type are reached for an interaction."""
    return scopes.allows(type_, letter) or bool(_judges(scopes, type_, letter))


def reaches(scopes: ScopeSet, resource: Mapping[str, Any], letter: str) -> bool:
    """Return whether this very resource is reached for an interaction."""
    type_ = str(resource.get("resourceType"))
    if scopes.allows(type_, letter):
        return True
    return any(judge(dict(resource)) for judge in _judges(scopes, type_, letter))


def _judges(scopes: ScopeSet, type_: str, letter: str) -> list[Judge]:
    found = (_judge(type_, query) for query in scopes.restrictions(type_, letter))
    return [judge for judge in found if judge is not None]


@lru_cache(maxsize=_REMEMBERED)
def _judge(type_: str, query: Query) -> Judge | None:
    try:
        read = parse_query(type_, list(query), strict=True, base=_NO_BASE)
    except Fault:
        return None
    if read.chains or read.reverses or read.results != Results():
        return None
    return read.matches
