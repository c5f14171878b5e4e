"""Reading: from the names and values of a request to a query.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search.chains import Chain, ChainReader, Reverse
from tasuki.shared.fhir.search.definitions import search_parameters
from tasuki.shared.fhir.search.query import Query
from tasuki.shared.fhir.search.results import Results, check_results, read_result
from tasuki.shared.fhir.search.terms import Term, read_term
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PARAMETERS = 100  # name=value pairs in one query
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
    if resource_type not in SERVED_TYPES:
        raise Fault(Category.NOT_SUPPORTED, "this resource type is not served here")
    if len(pairs) > MAX_PARAMETERS:
        raise Fault(Category.TOO_COSTLY, f"more than {MAX_PARAMETERS} search parameters")
    reader = _Reader(resource_type, base)
    for name, value in pairs:
        reader.read(name, value)
    check_results(reader.results)
    if strict and reader.ignored:
        raise _unknown(resource_type, reader.ignored[0])
    return Query(
        resource_type,
        tuple(reader.terms),
        reader.results,
        tuple(reader.ignored),
        tuple(reader.used),
        tuple(reader.chains),
        tuple(reader.reverses),
    )


class _Reader:
    """Collects what the parameters of one query say."""

    def __init__(self, resource_type: str, base: str) -> None:
        self.resource_type = resource_type
        self.base = base
        self.terms: list[Term] = []
        self.chains: list[Chain] = []
        self.reverses: list[Reverse] = []
        self.results = Results()
        self.ignored: list[str] = []
        self.used: list[tuple[str, str]] = []
        self._chains = ChainReader(base)

    def read(self, name: str, value: str) -> None:
        results = read_result(self.results, self.resource_type, name, value, self.base)
        if results is not None:
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


def _unknown(resource_type: str, name: str) -> Fault:
    code = name.partition(":")[0]
    known = ", ".join(sorted(search_parameters(resource_type)))
    named = f" {code}" if _NAME.fullmatch(code) else ""
    return Fault(
        Category.INVALID,
        f"unknown search parameter{named}; known: {known}",
        at=(code,) if named else (),
    )
