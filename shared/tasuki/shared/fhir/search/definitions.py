"""SearchParameters: HL7's R4 definitions for the served types, and JP Core's own.

https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.search.expressions import Extract, compile_expression
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.fhir.json import Resource

_SOURCES = ("definitions.json", "jp_core.json")


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter of one resource type.

    Attributes:
        code: Its name in a query.
        type: token, reference, string, date, uri, number, quantity or composite.
        expression: FHIRPath of the values it looks at, from `base`.
        target: Served types a reference parameter may point to.
        base: The resource type, or `Resource` for those every type has.
        url: Canonical URL of the definition.
        components: The parts of a composite; their expressions start at what it selects.
    """

    code: str
    type: str
    expression: str
    target: tuple[str, ...]
    base: str
    url: str
    components: tuple[SearchParameter, ...] = ()

    def extract(self, resource: Resource) -> list[Any]:
        """Return the values of the resource this parameter looks at."""
        return _compiled(self.expression)(resource)


@cache
def search_parameters(resource_type: str) -> Mapping[str, SearchParameter]:
    """Return the parameters of a served type by code; empty for any other."""
    if resource_type not in SERVED_TYPES:
        return MappingProxyType({})
    found = [
        _parameter(base, entry)
        for source in _SOURCES
        for base in ("Resource", resource_type)
        for entry in _loaded(source)["parameters"].get(base, ())
    ]
    return MappingProxyType({parameter.code: parameter for parameter in found})


@cache
def compartment_parameters(resource_type: str) -> tuple[SearchParameter, ...]:
    """Return the parameters by which a type belongs to a Patient compartment."""
    codes = _loaded("definitions.json")["compartment"].get(resource_type, ())
    known = search_parameters(resource_type)
    return tuple(known[code] for code in codes)


@cache
def _compiled(expression: str) -> Extract:
    return compile_expression(expression)


@cache
def _loaded(name: str) -> Any:
    return json.loads(files("tasuki.shared.fhir.search").joinpath(name).read_text(encoding="utf-8"))


def _parameter(base: str, entry: Any) -> SearchParameter:
    return SearchParameter(
        code=entry["code"],
        type=entry["type"],
        expression=entry["expression"],
        target=tuple(entry.get("target", ())),
        base=base,
        url=entry["url"],
        components=tuple(_parameter(base, part) for part in entry.get("components", ())),
    )
