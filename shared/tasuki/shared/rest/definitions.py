"""`GET /OperationDefinition/{name}`: what our own operations take, read off their routes. Public.

https://hl7.org/fhir/R4/operationdefinition.html. Operations that somebody else has defined are
named by that definition's URL and not defined again here.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args, get_origin

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute, iter_route_contexts

from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.offered import ANY, OPERATION
from tasuki.shared.rest.service import ServiceDep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fastapi._compat import ModelField
    from starlette.routing import BaseRoute

    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()

HL7 = "http://hl7.org/fhir/OperationDefinition"
BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
CANONICAL: Mapping[tuple[str | None, str], str] = MappingProxyType(
    {
        (None, "export"): f"{BULK}/export",
        (None, "meta"): f"{HL7}/Resource-meta",
        (ANY, "meta"): f"{HL7}/Resource-meta",
        (ANY, "meta-add"): f"{HL7}/Resource-meta-add",
        (ANY, "meta-delete"): f"{HL7}/Resource-meta-delete",
        (ANY, "validate"): f"{HL7}/Resource-validate",
        ("Observation", "lastn"): f"{HL7}/Observation-lastn",
        ("Patient", "everything"): f"{HL7}/Patient-everything",
        ("Patient", "export"): f"{BULK}/patient-export",
        ("Patient", "match"): f"{HL7}/Patient-match",
        ("Patient", "summary"): "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
    }
)
"""Operations that somebody has published a definition of."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a route does not say about its operation.

    Attributes:
        gives: FHIR type of the answer; empty for plain JSON.
        takes: Parameters in the body: (name, FHIR type, most).
        note: About the body or the answer.
        changes: Whether it changes what is kept.
    """

    gives: str = ""
    takes: tuple[tuple[str, str, str], ...] = ()
    note: str = ""
    changes: bool = False


NOTE = "The answer is plain text: a proof and a signed note."
PLAIN = "The answer is plain JSON, not a resource."
OWN: Mapping[str, Words] = MappingProxyType(
    {
        "changes": Words(note=PLAIN),
        "checkpoint": Words(note=NOTE),
        "cosignature": Words(note="The body is a signed note.", changes=True),
        "disclosures": Words("Bundle"),
        "emergency-profile": Words("Bundle"),
        "feed": Words(note=PLAIN),
        "load": Words("Parameters", note="The body is NDJSON, a resource a line.", changes=True),
        "locate": Words("Parameters", takes=(("token", "string", "20"),)),
        "log-keys": Words(note="The answer is plain text, a key a line."),
        "network-tokens": Words(note=PLAIN),
        "quarantine": Words("Parameters"),
    }
)
"""Our own operations, by name."""
TYPES: Mapping[type, str] = MappingProxyType(
    {bool: "boolean", int: "integer", float: "decimal", str: "string"}
)


@ROUTES.get("/OperationDefinition/{name}")
async def operation_definition(name: str, request: Request, service: ServiceDep) -> Response:
    """Return the definition of an operation of this server's own; public."""
    return definition_answer(name, request, service.base_url)


def definition_answer(name: str, request: Request, base_url: str) -> Response:
    """Return the answer to a request for a definition.

    Raises:
        Fault: NOT_FOUND where there is no such operation here, or it is somebody else's.
    """
    require_acceptable(request)
    found = definitions(request.app.routes, base_url)
    if name not in found:
        raise Fault(Category.NOT_FOUND, "no such resource")
    return fhir(found[name])


def definition_url(type_: str | None, name: str, base_url: str) -> str:
    """Return where the definition of an operation is."""
    known = CANONICAL.get((type_, name))
    return known if known is not None else f"{base_url}/OperationDefinition/{name}"


def definitions(routes: Sequence[BaseRoute], base_url: str) -> dict[str, Resource]:
    """Return the definitions of our own operations among these routes, by name."""
    return {
        name: _definition(route, path, type_, name, base_url)
        for route, path, type_, name in operations(routes)
        if name in OWN
    }


def operations(routes: Sequence[BaseRoute]) -> Iterator[tuple[APIRoute, str, str | None, str]]:
    """Yield (route, path, resource type or None, name) of every operation."""
    for context in iter_route_contexts(routes):
        route, match = context.original_route, OPERATION.fullmatch(str(context.path))
        if match is not None and isinstance(route, APIRoute):
            yield route, str(context.path), match[1], match[2]


def _definition(
    route: APIRoute, path: str, type_: str | None, name: str, base_url: str
) -> Resource:
    words = OWN[name]
    said = inspect.getdoc(route.endpoint) or ""
    made: Resource = {
        "resourceType": "OperationDefinition",
        "id": name,
        "url": f"{base_url}/OperationDefinition/{name}",
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": f"${name}",
        "status": "active",
        "kind": "operation",
        "date": "2026-11-23",
        "publisher": "Tasuki",
        "description": " ".join([*said.split("\n\n")[0].split(), words.note]).strip(),
        "affectsState": words.changes,
        "code": name,
        **({} if type_ is None else {"resource": [type_]}),
        "system": type_ is None,
        "type": type_ is not None and "{id_}" not in path,
        "instance": type_ is not None and "{id_}" in path,
    }
    parameters = [
        *(_parameter(field) for field in route.dependant.query_params),
        *(_body_parameter(*one) for one in words.takes),
    ]
    if words.gives:
        parameters.append(
            {"name": "return", "use": "out", "min": 1, "max": "1", "type": words.gives}
        )
    return {**made, "parameter": parameters} if parameters else made


def _parameter(field: ModelField) -> dict[str, Any]:
    annotation: Any = field.field_info.annotation
    repeats = get_origin(annotation) is list
    plain = get_args(get_args(annotation)[0])[0] if repeats else annotation
    return {
        "name": field.alias,
        "use": "in",
        "min": int(field.field_info.is_required()),
        "max": "*" if repeats else "1",
        "type": TYPES[plain],
    }


def _body_parameter(name: str, type_: str, most: str) -> dict[str, Any]:
    return {"name": name, "use": "in", "min": 1, "max": most, "type": type_}
