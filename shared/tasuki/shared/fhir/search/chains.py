"""Chains: criteria on what a resource points to, or on what points to it.

https://hl7.org/fhir/R4/search.html#chaining
https://hl7.org/fhir/R4/search.html#has

Reading a chain gives queries on the other types; finding what they match is left to whoever holds
the rows. `:missing` cannot end a chain: HL7 does not say whether a target that is not there counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search.definitions import SearchParameter, search_parameters
from tasuki.shared.fhir.search.links import local_targets
from tasuki.shared.fhir.search.query import Query
from tasuki.shared.fhir.search.results import Results
from tasuki.shared.fhir.search.terms import read_term
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

MAX_DEPTH = 4  # links of one chain
MAX_CHAINS = 10  # chains in one query
MAX_QUERIES = 100  # queries they may come to where a reference can be to many types
_HAS = "_has"
_HAS_PARTS = 4  # _has:Type:reference:criterion


@dataclass(frozen=True, slots=True)
class Chain:
    """A criterion on what the searched resource points to; one of the queries must match there.

    Attributes:
        parameter: The reference parameter of the searched type.
        queries: The rest of the chain, on each type it can be asked of.
        base: Base URL of this server.
    """

    parameter: SearchParameter
    queries: tuple[Query, ...]
    base: str

    def targets_of(self, resource: Resource) -> set[tuple[str, str]]:
        """Return the (type, id) here, of the types asked, that the searched resource points to."""
        asked = {query.resource_type for query in self.queries}
        found = local_targets(self.parameter.extract(resource), self.base)
        return {target for target in found if target[0] in asked}


@dataclass(frozen=True, slots=True)
class Reverse:
    """A criterion on what points to the searched resource: some match of the query must.

    Attributes:
        parameter: The reference parameter of the source type.
        source: The type that points.
        target: The type pointed to: the searched one.
        query: What a source must match.
        base: Base URL of this server.
    """

    parameter: SearchParameter
    source: str
    target: str
    query: Query
    base: str

    def targets_of(self, resource: Resource) -> set[tuple[str, str]]:
        """Return the (type, id) here, of the searched type, that a source resource points to."""
        found = local_targets(self.parameter.extract(resource), self.base)
        return {target for target in found if target[0] == self.target}


class ChainReader:
    """Reads the chains of one query, and counts them."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._chains = 0
        self._queries = 0

    def read(
        self, resource_type: str, name: str, value: str, depth: int = 1
    ) -> Chain | Reverse | None:
        """Return the chained criterion of `name=value`; None when the name is no chain.

        A name with a dot whose first part the type does not know is no chain, but unknown.

        Raises:
            Fault: INVALID for what is unknown on the way or no reference, NOT_SUPPORTED for
                `:missing`, TOO_COSTLY for too deep or too many.
        """
        if name.partition(":")[0] == _HAS:
            return self._reverse(resource_type, name, value, depth)
        head, dot, rest = name.partition(".")
        code, _, wanted = head.partition(":")
        parameter = search_parameters(resource_type).get(code)
        if not dot or parameter is None:
            return None
        self._allow(depth)
        types = _possible(parameter, wanted)
        asked = (self._rest(type_, rest, value, depth) for type_ in types)
        queries = tuple(query for query in asked if query is not None)
        if not queries:
            raise Fault(
                Category.INVALID, f"no type that {code} points to here knows the rest", at=(code,)
            )
        return Chain(parameter, queries, self._base)

    def _reverse(self, resource_type: str, name: str, value: str, depth: int) -> Reverse:
        parts = name.split(":", _HAS_PARTS - 1)
        if len(parts) < _HAS_PARTS:
            raise Fault(
                Category.INVALID, "_has must look like _has:Type:reference:parameter", at=(_HAS,)
            )
        _, source, code, rest = parts
        self._allow(depth)
        if source not in SERVED_TYPES:
            raise Fault(Category.INVALID, "_has must name a type served here", at=(_HAS,))
        parameter = search_parameters(source).get(code)
        if parameter is None or resource_type not in parameter.target:
            raise Fault(
                Category.INVALID,
                f"_has must name a reference of {source} to {resource_type}",
                at=(_HAS,),
            )
        query = self._rest(source, rest, value, depth)
        if query is None:
            raise Fault(Category.INVALID, f"{source} does not know the rest of _has", at=(_HAS,))
        return Reverse(parameter, source, resource_type, query, self._base)

    def _rest(self, resource_type: str, name: str, value: str, depth: int) -> Query | None:
        """Return the rest of a chain as a query, or None where the type does not know it."""
        used = ((name, value),)
        link = self.read(resource_type, name, value, depth + 1)
        if isinstance(link, Reverse):
            return self._count(Query(resource_type, (), Results(), (), used, reverses=(link,)))
        if link is not None:
            return self._count(Query(resource_type, (), Results(), (), used, chains=(link,)))
        term = read_term(resource_type, name, value, self._base)
        if term is None:
            return None
        if term.missing is not None:
            raise Fault(
                Category.NOT_SUPPORTED,
                ":missing cannot be asked at the end of a chain",
                at=(term.parameter.code,),
            )
        return self._count(Query(resource_type, (term,), Results(), (), used))

    def _count(self, query: Query) -> Query:
        self._queries += 1
        if self._queries > MAX_QUERIES:
            raise Fault(
                Category.TOO_COSTLY, "the chains can mean too many types; name one, reference:Type"
            )
        return query

    def _allow(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Fault(Category.TOO_COSTLY, f"a chain has more than {MAX_DEPTH} links")
        self._chains += depth == 1
        if self._chains > MAX_CHAINS:
            raise Fault(Category.TOO_COSTLY, f"more than {MAX_CHAINS} chains in one search")


def _possible(parameter: SearchParameter, wanted: str) -> tuple[str, ...]:
    """Return the types a link can lead to: the one named, or all that are served."""
    code = parameter.code
    if parameter.type != "reference":
        raise Fault(
            Category.INVALID, f"{code} is no reference, so nothing can follow it", at=(code,)
        )
    if not parameter.target:
        raise Fault(
            Category.INVALID, f"{code} points to types that are not served here", at=(code,)
        )
    if not wanted:
        return parameter.target
    if wanted not in parameter.target:
        known = ", ".join(parameter.target)
        raise Fault(Category.INVALID, f"{code} can point here to: {known}", at=(code,))
    return (wanted,)
