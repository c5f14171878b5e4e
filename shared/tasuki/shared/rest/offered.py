"""What an app offers in FHIR's own terms, read off the routes that are mounted in it.

So the CapabilityStatement cannot promise what is not there: https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from fastapi.routing import APIRoute, iter_route_contexts

from tasuki.shared.fhir.search import search_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fastapi.routing import RouteContext
    from starlette.routing import BaseRoute

TYPED: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("GET", "/{type_}/{id_}"): "read",
        ("GET", "/{type_}/{id_}/_history/{version}"): "vread",
        ("PUT", "/{type_}/{id_}"): "update",
        ("PATCH", "/{type_}/{id_}"): "patch",
        ("DELETE", "/{type_}/{id_}"): "delete",
        ("GET", "/{type_}/{id_}/_history"): "history-instance",
        ("GET", "/{type_}/_history"): "history-type",
        ("POST", "/{type_}"): "create",
        ("GET", "/{type_}"): "search-type",
        ("POST", "/{type_}/_search"): "search-type",
    }
)
ORDER = tuple(dict.fromkeys(TYPED.values()))
# What the routes for any type do on a condition; routes of one type have rules of their own.
CONDITIONAL: Mapping[tuple[str, str], tuple[str, object]] = MappingProxyType(
    {
        ("POST", "/{type_}"): ("conditionalCreate", True),
        ("GET", "/{type_}/{id_}"): ("conditionalRead", "full-support"),
        ("PUT", "/{type_}"): ("conditionalUpdate", True),
        ("DELETE", "/{type_}"): ("conditionalDelete", "single"),
    }
)
SYSTEM: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("POST", "/"): ("transaction", "batch"),
        ("GET", "/_history"): ("history-system",),
        ("GET", "/"): ("search-system",),
    }
)
LINKS = ("GET", "/{type_}")  # the search of any type follows links between types too
ANY = "{type_}"  # in the path of a route that serves every type
_FIXED = re.compile(r"/([A-Z][A-Za-z]+)(/.*)?")
OPERATION = re.compile(r"/(?:([A-Z][A-Za-z]+|\{type_\})/)?(?:\{id_\}/)?\$([a-z-]+)")


@dataclass(slots=True)
class Offered:
    """What is offered.

    Attributes:
        types: Interaction codes by resource type, in the order of FHIR's own list.
        parameters: Search parameters by type, by name: their FHIR type.
        operations: (resource type, `ANY`, or None for the system; name), in the order of the routes.
        conditional: What the routes for any type do on a condition, by the element that says so.
        system: Interaction codes of the whole server.
        links: Whether searches include what is pointed to, and what points here.
    """

    types: dict[str, list[str]] = field(default_factory=dict)
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    operations: list[tuple[str | None, str]] = field(default_factory=list)
    conditional: dict[str, object] = field(default_factory=dict)
    system: list[str] = field(default_factory=list)
    links: bool = False


def offered(routes: Sequence[BaseRoute], types: Iterable[str]) -> Offered:
    """Return what the routes of a FHIR base URL offer.

    Args:
        routes: Those of the app.
        types: The resource types that the routes for any type serve.
    """
    found = Offered(types={type_: [] for type_ in types})
    of_all: list[str] = []
    for method, path, context in _methods(routes):
        found.system.extend(SYSTEM.get((method, path), ()))
        found.links |= (method, path) == LINKS
        found.conditional.update(
            [CONDITIONAL[(method, path)]] if (method, path) in CONDITIONAL else ()
        )
        if (method, path) in TYPED:
            of_all.append(TYPED[(method, path)])
        elif operation := OPERATION.fullmatch(path):
            _note_operation(found, operation[1], operation[2])
        elif one := _FIXED.fullmatch(path):
            _note(found, one[1], TYPED.get((method, f"/{{type_}}{one[2] or ''}")), context)
    for type_ in types:
        _add(found, type_, of_all)
    found.operations = list(dict.fromkeys(found.operations))
    return found


def _note_operation(found: Offered, type_: str | None, name: str) -> None:
    """Take up an operation, unless it is there to refuse what is of a type that is not served."""
    if type_ in (None, ANY) or type_ in found.types:
        found.operations.append((type_, name))


def _note(found: Offered, type_: str, code: str | None, context: RouteContext) -> None:
    """Take up a route that serves one type by rules of its own."""
    if code is None:
        return
    _add(found, type_, [code], known=code != "search-type")
    if code == "search-type":
        found.parameters[type_] = _declared(type_, context)


def _add(found: Offered, type_: str, codes: Sequence[str], *, known: bool = True) -> None:
    held = {*found.types.get(type_, ()), *codes}
    found.types[type_] = [code for code in ORDER if code in held]
    if known and "search-type" in codes:
        all_of_it = search_parameters(type_).values()
        found.parameters.setdefault(type_, {one.code: one.type for one in all_of_it})


def _methods(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, str, RouteContext]]:
    for context in iter_route_contexts(routes):
        for method in sorted(context.methods or ()):
            yield method, str(context.path), context


def _declared(type_: str, context: RouteContext) -> dict[str, str]:
    """Return the search parameters that a route of one type takes: those in its signature."""
    route = context.original_route
    if not isinstance(route, APIRoute):
        return {}
    known = {one.code: one.type for one in search_parameters(type_).values()}
    known.setdefault("patient", "reference")  # of every type that has it
    taken = [parameter.alias for parameter in route.dependant.query_params]
    return {name: known[name] for name in taken if name in known}
