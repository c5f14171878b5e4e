"""Reading: from the names and values of a request to a query.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search.chains import Chain, ChainReader, Reverse
from tasuki.shared.fhir.search.definitions import search_parameters
from tasuki.shared.fhir.search.query import Query
from tasuki.shared.fhir.search.results import Results, check_results, read_include, read_result
from tasuki.shared.fhir.search.terms import Term, read_term
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PARAMETERS = 100  # name=value pairs in one query
MAX_READ = 256 * 1024  # characters of values, counted for each type that reads them
_TYPE = "_type"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")


def parse_query(
    resource_type: str, pairs: Sequence[tuple[str, str]], *, strict: bool, base: str
) -> Query:
    """Return the query of `GET [base]/[resource_type]?name=value&…`.

    Args:
        resource_type: A served type.
        pairs: Decoded names and values, in their order.
        strict: Whether an unknown parameter is refused (`Prefer: handling=strict`) or listed as
            ignored. Modifiers, chains and values that cannot be honoured are refused either way.
        base: Base URL of this server, to recognise absolute references to it.

    Raises:
        Fault: INVALID for unknown parameters and unreadable values, NOT_SUPPORTED for modifiers
            and types, NOT_ACCEPTABLE for a format but JSON, TOO_COSTLY for too much at once.
    """
    query = _parse(resource_type, pairs, base, (resource_type,))
    if strict and query.ignored:
        raise _unknown([resource_type], query.ignored[0])
    return query


def parse_system_query(
    types: Sequence[str], pairs: Sequence[tuple[str, str]], *, strict: bool, base: str
) -> tuple[Query, ...]:
    """Return the queries of `GET [base]?_type=A,B&name=value&…`, one for each type in their order.

    What was asked about the results is the same in all of them, but for the sort keys, which are
    each type's own parameters of those names.

    Args:
        types: What `_type` names; the pair itself is not among `pairs`.
        pairs: As of `parse_query`. A parameter must be known to all the types; one that is known
            to none of them is unknown.
        strict: As of `parse_query`.
        base: As of `parse_query`.

    Raises:
        Fault: As `parse_query`; INVALID for no type, one named twice, and a parameter that only
            some of the types know or know as different kinds; TOO_COSTLY for too much to read.
    """
    if not types:
        raise Fault(Category.INVALID, "a search over all types is not done; name them", at=(_TYPE,))
    if len(set(types)) < len(types):
        raise Fault(Category.INVALID, "_type names a type twice", at=(_TYPE,))
    if len(types) * sum(len(value) for _, value in pairs) > MAX_READ:
        raise Fault(
            Category.TOO_COSTLY, "too many values for so many types; ask for fewer", at=(_TYPE,)
        )
    queries = tuple(_parse(type_, pairs, base, types) for type_ in types)
    _check_common(queries)
    if strict and queries[0].ignored:
        raise _unknown(types, queries[0].ignored[0])
    return queries


def _parse(
    resource_type: str, pairs: Sequence[tuple[str, str]], base: str, searched: Sequence[str]
) -> Query:
    if resource_type not in SERVED_TYPES:
        raise Fault(Category.NOT_SUPPORTED, "this resource type is not served here")
    if len(pairs) > MAX_PARAMETERS:
        raise Fault(Category.TOO_COSTLY, f"more than {MAX_PARAMETERS} search parameters")
    reader = _Reader(resource_type, base, searched)
    for name, value in pairs:
        reader.read(name, value)
    check_results(reader.results)
    return Query(
        resource_type,
        tuple(reader.terms),
        reader.results,
        tuple(reader.ignored),
        tuple(reader.used),
        tuple(reader.chains),
        tuple(reader.reverses),
    )


def _check_common(queries: Sequence[Query]) -> None:
    """Do nothing, unless a parameter means different things to the types, or nothing to some."""
    for query in queries[1:]:
        same = query.ignored == queries[0].ignored and _kinds(query) == _kinds(queries[0])
        if not same:
            known = ", ".join(_common([query.resource_type for query in queries]))
            raise Fault(
                Category.INVALID,
                f"a search over several types takes only what all of them know: {known}",
                at=(_TYPE,),
            )


def _kinds(query: Query) -> list[tuple[str, str]]:
    """Return (name, kind) of the parameters looked at."""
    sorts = [sort.parameter for sort in query.results.sort]
    parameters = [*(term.parameter for term in query.terms), *sorts]
    return [(parameter.code, parameter.type) for parameter in parameters]


def _common(types: Sequence[str]) -> list[str]:
    """Return the parameters that all the types know, as the same kind."""
    kinds = ({(one.code, one.type) for one in search_parameters(type_).values()} for type_ in types)
    return sorted(code for code, _ in set.intersection(*kinds))


class _Reader:
    """Collects what the parameters of one query say."""

    def __init__(self, resource_type: str, base: str, searched: Sequence[str]) -> None:
        self.resource_type = resource_type
        self.base = base
        self.searched = searched
        self.terms: list[Term] = []
        self.chains: list[Chain] = []
        self.reverses: list[Reverse] = []
        self.results = Results()
        self.ignored: list[str] = []
        self.used: list[tuple[str, str]] = []
        self._chains = ChainReader(base)

    def read(self, name: str, value: str) -> None:
        include = read_include(self.searched, name, value, self.base)
        results = read_result(self.results, self.resource_type, name, value)
        if include is not None:
            includes = (*self.results.includes, include)
            self.results = replace(self.results, includes=includes)
        elif results is not None:
            self.results = results
        elif not self._read_criterion(name, value):
            self.ignored.append(name)
            return
        self.used.append((name, value))

    def _read_criterion(self, name: str, value: str) -> bool:
        link = self._chains.read(self.resource_type, name, value)
        if isinstance(link, Chain):
            self.chains.append(link)
        elif isinstance(link, Reverse):
            self.reverses.append(link)
        else:
            term = read_term(self.resource_type, name, value, self.base)
            if term is None:
                return False
            self.terms.append(term)
        return True


def _unknown(types: Sequence[str], name: str) -> Fault:
    code = name.partition(":")[0]
    known = ", ".join(_common(types))
    named = f" {code}" if _NAME.fullmatch(code) else ""
    return Fault(
        Category.INVALID,
        f"unknown search parameter{named}; known: {known}",
        at=(code,) if named else (),
    )
