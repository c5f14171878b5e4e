"""Queries: a search request, read once and then asked of resources.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.dates import interval_of
from tasuki.shared.fhir.json import Resource, decimal_of
from tasuki.shared.fhir.search.definitions import SearchParameter, search_parameters
from tasuki.shared.fhir.search.results import Include, Results, Sort, read_result
from tasuki.shared.fhir.search.strings import sort_text
from tasuki.shared.fhir.search.terms import Term, compile_term
from tasuki.shared.fhir.search.tokens import codes_of
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.shared.fhir.references import Reference

MAX_PARAMETERS = 100  # name=value pairs in one query
_PERSON_CODES = frozenset({"patient", "subject", "beneficiary"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")


@dataclass(frozen=True, slots=True)
class Query:
    """A search on one type.

    Attributes:
        resource_type: The type searched.
        terms: Criteria, all of which must match.
        results: What was asked about the results.
        ignored: Parameters of a lenient query that are not known, as they were named.
        used: The (name, value) pairs that took part.
    """

    resource_type: str
    terms: tuple[Term, ...]
    results: Results
    ignored: tuple[str, ...]
    used: tuple[tuple[str, str], ...]

    @property
    def count(self) -> int | None:
        """Return the page size asked for; 0 means the total only; None leaves it to the server."""
        return self.results.count

    @property
    def includes(self) -> tuple[Include, ...]:
        """Return what is to be added to the matches."""
        return self.results.includes

    def matches(self, resource: Resource) -> bool:
        """Return whether a resource of the type meets every criterion."""
        return resource.get("resourceType") == self.resource_type and all(
            term.matches(resource) for term in self.terms
        )

    def subject_ids(self) -> frozenset[str] | None:
        """Return the only Patient ids a match can be about; None when nothing restricts them."""
        restrictions = [ids for term in self.terms if (ids := self._subjects_of(term)) is not None]
        return frozenset.intersection(*restrictions) if restrictions else None

    def ids(self) -> frozenset[str] | None:
        """Return the only ids a match can have, from `_id`; None when nothing restricts them."""
        asked = [
            frozenset(str(token.code) for token in term.tokens)
            for term in self.terms
            if term.parameter.code == "_id" and term.modifier is None
        ]
        return frozenset.intersection(*asked) if asked else None

    def identifier_tokens(self) -> list[tuple[str, str]]:
        """Return (canonical system, value) pairs of which every match has at least one.

        From the first `identifier` criterion whose values all name a system and a value; empty when
        there is none, so that no index can answer.
        """
        for term in self.terms:
            if term.parameter.code == "identifier" and term.modifier is None:
                pairs = [(token.system, token.code) for token in term.tokens]
                full = [(system, code) for system, code in pairs if system and code]
                if len(full) == len(pairs):
                    return full
        return []

    def sorted(self, resources: Iterable[Resource]) -> list[Resource]:
        """Return the resources in the order of `_sort`; those without a value come last."""
        ordered = list(resources)
        for sort in reversed(self.results.sort):
            keyed = [(_sort_key(sort, resource), resource) for resource in ordered]
            present = [pair for pair in keyed if pair[0] is not None]
            present.sort(key=lambda pair: pair[0], reverse=sort.descending)
            absent = [resource for key, resource in keyed if key is None]
            ordered = [resource for _, resource in present] + absent
        return ordered

    def canonical(self) -> str:
        """Return the query string of the parameters that took part, for the self link."""
        return urlencode(self.used)

    def _subjects_of(self, term: Term) -> frozenset[str] | None:
        if self.resource_type == "Patient":
            own = term.parameter.code == "_id" and term.modifier is None
            return frozenset(str(token.code) for token in term.tokens) if own else None
        if term.parameter.code not in _PERSON_CODES or not term.references:
            return None
        found = {_local_patient(reference) for reference in term.references}
        return None if None in found else frozenset(str(id_) for id_ in found)


def parse_query(
    resource_type: str, pairs: Sequence[tuple[str, str]], *, strict: bool, base: str
) -> Query:
    """Return the query of `GET [base]/[resource_type]?name=value&…`.

    Args:
        resource_type: A served type.
        pairs: Decoded names and values, in their order.
        strict: Whether an unknown parameter is refused (`Prefer: handling=strict`) or listed as
            ignored. Modifiers and values that cannot be honoured are refused either way.
        base: Base URL of this server, to recognise absolute references to it.

    Raises:
        Fault: INVALID for unknown parameters and unreadable values, NOT_SUPPORTED for modifiers,
            chains and types, NOT_ACCEPTABLE for a format but JSON, TOO_COSTLY for too much at once.
    """
    if resource_type not in SERVED_TYPES:
        raise Fault(Category.NOT_SUPPORTED, "this resource type is not served here")
    if len(pairs) > MAX_PARAMETERS:
        raise Fault(Category.TOO_COSTLY, f"more than {MAX_PARAMETERS} search parameters")
    reader = _Reader(resource_type, base)
    for name, value in pairs:
        reader.read(name, value)
    if strict and reader.ignored:
        raise _unknown(resource_type, reader.ignored[0])
    return Query(
        resource_type,
        tuple(reader.terms),
        reader.results,
        tuple(reader.ignored),
        tuple(reader.used),
    )


class _Reader:
    """Collects what the parameters of one query say."""

    def __init__(self, resource_type: str, base: str) -> None:
        self.resource_type = resource_type
        self.base = base
        self.known = search_parameters(resource_type)
        self.terms: list[Term] = []
        self.results = Results()
        self.ignored: list[str] = []
        self.used: list[tuple[str, str]] = []

    def read(self, name: str, value: str) -> None:
        results = read_result(self.results, self.resource_type, name, value)
        if results is not None:
            self.results = results
        elif not self._read_term(name, value):
            self.ignored.append(name)
            return
        self.used.append((name, value))

    def _read_term(self, name: str, value: str) -> bool:
        code, colon, modifier = name.partition(":")
        parameter = self._parameter(code, modifier)
        if parameter is None:
            return False
        if not value:
            raise Fault(Category.INVALID, f"{parameter.code} has no value", at=(parameter.code,))
        self.terms.append(compile_term(parameter, modifier if colon else None, value, self.base))
        return True

    def _parameter(self, code: str, modifier: str) -> SearchParameter | None:
        stem, dot, _ = code.partition(".")
        if code == "_has" or "." in modifier or (dot and stem in self.known):
            raise Fault(Category.NOT_SUPPORTED, "chained searches are not supported here")
        return self.known.get(code)


def _unknown(resource_type: str, name: str) -> Fault:
    code = name.partition(":")[0]
    known = ", ".join(sorted(search_parameters(resource_type)))
    named = f" {code}" if _NAME.fullmatch(code) else ""
    return Fault(
        Category.INVALID,
        f"unknown search parameter{named}; known: {known}",
        at=(code,) if named else (),
    )


def _local_patient(reference: Reference | str) -> str | None:
    if isinstance(reference, str) or reference.base is not None or reference.type != "Patient":
        return None
    return reference.id


def _sort_key(sort: Sort, resource: Resource) -> Any:
    keys = [
        key
        for value in sort.parameter.extract(resource)
        if (key := _value_key(sort.parameter.type, value)) is not None
    ]
    if not keys:
        return None
    return max(keys) if sort.descending else min(keys)


def _value_key(kind: str, value: Any) -> Any:
    if kind == "date":
        held = interval_of(value)
        return None if held is None else held.start
    if kind == "string":
        return sort_text(value)
    if kind == "token":
        return str(value).lower() if isinstance(value, bool) else min(codes_of(value), default=None)
    if kind in {"number", "quantity"}:
        return decimal_of(value.get("value") if isinstance(value, dict) else value)
    literal = value.get("reference") if isinstance(value, dict) else value
    return literal if isinstance(literal, str) else None
