"""Queries: a search request, read once and then asked of resources.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tasuki.shared.fhir.search.sorting import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.references import Reference
    from tasuki.shared.fhir.search.chains import Chain, Reverse
    from tasuki.shared.fhir.search.results import Include, Results
    from tasuki.shared.fhir.search.terms import Term

_PERSON_CODES = frozenset({"patient", "subject", "beneficiary"})


@dataclass(frozen=True, slots=True)
class Query:
    """A search on one type.

    Attributes:
        resource_type: The type searched.
        terms: Criteria on the resource itself, all of which must match.
        results: What was asked about the results.
        ignored: Parameters of a lenient query that are not known, as they were named.
        used: The (name, value) pairs that took part.
        chains: Criteria on what the resource points to, all of which must match too.
        reverses: Criteria on what points to the resource, all of which must match too.
    """

    resource_type: str
    terms: tuple[Term, ...]
    results: Results
    ignored: tuple[str, ...]
    used: tuple[tuple[str, str], ...]
    chains: tuple[Chain, ...] = ()
    reverses: tuple[Reverse, ...] = ()

    @property
    def count(self) -> int | None:
        """Return the page size asked for; 0 means the total only; None leaves it to the server."""
        return self.results.count

    @property
    def includes(self) -> tuple[Include, ...]:
        """Return what is to be added to the matches."""
        return self.results.includes

    def matches(self, resource: Resource) -> bool:
        """Return whether a resource of the type meets every term.

        Chains and `_has` need other resources, so they are not judged here.
        """
        if resource.get("resourceType") != self.resource_type:
            return False
        # A loop: a generator would cost as much as a term does, for each resource scanned.
        for term in self.terms:  # noqa: SIM110
            if not term.matches(resource):
                return False
        return True

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
        return in_order({self.resource_type: self.results.sort}, resources)

    def canonical(self) -> str:
        """Return the query string of the parameters that took part, for the self link."""
        return urlencode(self.used)

    def _subjects_of(self, term: Term) -> frozenset[str] | None:
        if self.resource_type == "Patient":
            own = term.parameter.code == "_id" and term.modifier is None
            return frozenset(str(token.code) for token in term.tokens) if own else None
        of_group = self.resource_type == "Group" and term.parameter.code == "member"
        if not (term.parameter.code in _PERSON_CODES or of_group) or not term.references:
            return None
        found = {_local_patient(reference) for reference in term.references}
        return None if None in found else frozenset(str(id_) for id_ in found)


def _local_patient(reference: Reference | str) -> str | None:
    if isinstance(reference, str) or reference.base is not None or reference.type != "Patient":
        return None
    return reference.id
