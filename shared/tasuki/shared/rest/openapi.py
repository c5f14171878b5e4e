"""The OpenAPI document of a FHIR base URL, made from its routes: for tools, served by no route.

https://spec.openapis.org/oas/v3.1.0 ; FHIR's own description is the CapabilityStatement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from tasuki.shared.fhir.search import search_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

FHIR = "application/fhir+json"
PLAIN = "text/plain"
_ID = {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"}
_VERSION = {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"}
_TEXT = {"type": "string"}
_OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code", "diagnostics"],
                "properties": {
                    "severity": {"enum": ["error", "warning", "information"]},
                    "code": _TEXT,
                    "diagnostics": _TEXT,
                    "expression": {"type": "array", "items": _TEXT},
                },
            },
        },
    },
}
_REFUSED = {
    "description": "Why the request was not done.",
    "content": {FHIR: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}},
}
# What a route gives where that is not 200 with a resource.
_DONE: dict[tuple[str, str], tuple[str, str | None]] = {
    ("post", "/{type_}"): ("201", FHIR),
    ("delete", "/{type_}/{id_}"): ("204", None),
    ("get", "/$changes"): ("200", "application/json"),
    ("get", "/$checkpoint"): ("200", PLAIN),
    ("get", "/$log-keys"): ("200", PLAIN),
    ("get", "/.well-known/smart-configuration"): ("200", "application/json"),
}


def openapi_of(app: FastAPI, types: Sequence[str]) -> dict[str, Any]:
    """Return the document.

    Args:
        app: The app of one FHIR base URL.
        types: The resource types that the routes for any type serve.
    """
    document = get_openapi(title=app.title, version="0.1.0", routes=app.routes)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                _narrow(parameter, types)
            if path in ("/{type_}", "/{type_}/_search") and (method, path) != ("post", "/{type_}"):
                operation.setdefault("parameters", []).append(_search(types))
            body = _body(method, path, types)
            if body is not None:
                operation["requestBody"] = {"required": True, "content": body}
            operation["responses"] = _responses(*_DONE.get((method, path), ("200", FHIR)))
    document["components"] = {
        "schemas": {"OperationOutcome": _OUTCOME},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    return {**document, "security": [{"token": []}]}


def _narrow(parameter: dict[str, Any], types: Sequence[str]) -> None:
    of_path = {"type_": {"enum": list(types)}, "id_": _ID, "version": _VERSION}
    if parameter["in"] == "path" and parameter["name"] in of_path:
        parameter["schema"] = of_path[parameter["name"]]


def _search(types: Sequence[str]) -> dict[str, Any]:
    """Return the parameter that stands for every search parameter of every type."""
    codes = sorted({code for type_ in types for code in search_parameters(type_)})
    properties = dict.fromkeys((*codes, "_count", "_sort", "_elements", "_summary"), _TEXT)
    schema = {"type": "object", "properties": properties, "additionalProperties": _TEXT}
    return {"name": "search", "in": "query", "style": "form", "explode": True, "schema": schema}


def _body(method: str, path: str, types: Sequence[str]) -> dict[str, Any] | None:
    """Return the media types of a request body with their schemas; None where there is none."""
    if method == "put" or (method, path) == ("post", "/{type_}"):
        return _resource(types)
    if path == "/":
        return _resource(["Bundle"])
    if path.endswith("/$validate") and method == "post":
        return _resource([*types, "Parameters"])
    if path == "/$load":
        return {"application/fhir+ndjson": {"schema": _TEXT}}
    if path == "/{type_}/_search":
        schema = {"type": "object", "additionalProperties": _TEXT}
        return {"application/x-www-form-urlencoded": {"schema": schema}}
    return None


def _resource(types: Sequence[str]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["resourceType"],
        "properties": {
            "resourceType": {"enum": list(types)},
            "id": _ID,
            "meta": {"type": "object"},
            "extension": {"type": "array", "items": {"type": "object"}},
        },
    }
    return {FHIR: {"schema": schema}, "application/json": {"schema": schema}}


def _responses(status: str, media: str | None) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done."}
    if media is not None:
        kind = "string" if media == PLAIN else "object"
        done["content"] = {media: {"schema": {"type": kind}}}
    return {status: done, "4XX": _REFUSED, "503": _REFUSED}
