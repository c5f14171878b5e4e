"""FHIR search: parameters, values and queries, evaluated in memory over opened resources."""

from __future__ import annotations

from tasuki.shared.fhir.search.chains import Chain, Reverse
from tasuki.shared.fhir.search.definitions import SearchParameter, search_parameters
from tasuki.shared.fhir.search.query import Query
from tasuki.shared.fhir.search.reading import parse_query, parse_system_query
from tasuki.shared.fhir.search.results import Include
from tasuki.shared.fhir.search.subsets import subset

__all__ = [
    "Chain",
    "Include",
    "Query",
    "Reverse",
    "SearchParameter",
    "parse_query",
    "parse_system_query",
    "search_parameters",
    "subset",
]
