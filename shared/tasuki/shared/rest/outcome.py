"""Faults on the wire: the one table from category to HTTP, and OperationOutcome for every error.

https://hl7.org/fhir/R4/http.html#rejecting and https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tasuki.shared.access.dpop import ALGORITHMS
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.json import render
from tasuki.shared.fhir.outcome import outcome
from tasuki.shared.rest.heads import methods_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

FHIR_JSON = "application/fhir+json; charset=utf-8"

STATUS: Mapping[Category, int] = MappingProxyType(
    {
        Category.INVALID: 400,
        Category.STRUCTURE: 422,
        Category.NOT_SUPPORTED: 400,
        Category.UNAUTHENTICATED: 401,
        Category.FORBIDDEN: 403,
        Category.NOT_FOUND: 404,
        Category.GONE: 410,
        Category.CONFLICT: 409,
        Category.PRECONDITION: 412,
        Category.TOO_LARGE: 413,
        Category.TOO_COSTLY: 422,
        Category.TOO_MANY: 429,
        Category.MEDIA_TYPE: 415,
        Category.NOT_ACCEPTABLE: 406,
        Category.UNAVAILABLE: 503,
    }
)
CHALLENGES = f'Bearer error="invalid_token", DPoP algs="{" ".join(ALGORITHMS)}"'
HEADERS: Mapping[Category, Mapping[str, str]] = MappingProxyType(
    {
        Category.UNAUTHENTICATED: {"WWW-Authenticate": CHALLENGES},
        Category.TOO_MANY: {"Retry-After": "60"},
        Category.UNAVAILABLE: {"Retry-After": "5"},
    }
)
NOT_ALLOWED = 405
_BY_STATUS = {
    400: Category.INVALID,
    401: Category.UNAUTHENTICATED,
    403: Category.FORBIDDEN,
    404: Category.NOT_FOUND,
    405: Category.NOT_SUPPORTED,
    413: Category.TOO_LARGE,
    415: Category.MEDIA_TYPE,
}


def fault_response(fault: Fault) -> Response:
    """Return the answer for a fault: its status, and an OperationOutcome with every part of it."""
    parts = fault.faults if isinstance(fault, Faults) else (fault,)
    return Response(
        content=render(outcome(*parts)),
        status_code=STATUS[fault.category],
        media_type=FHIR_JSON,
        headers={"Cache-Control": "no-store", **HEADERS.get(fault.category, {})},
    )


def install(app: FastAPI) -> None:
    """Make every error of an app an OperationOutcome; a defect tells nothing of itself."""

    async def on_fault(_: Request, error: Exception) -> Response:
        return fault_response(error if isinstance(error, Fault) else _defect())

    async def on_http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        category = _BY_STATUS.get(status, Category.INVALID)
        words = "no such path" if category is Category.NOT_FOUND else "the request is not served"
        answer = fault_response(Fault(category, words))
        answer.status_code = status
        if status == NOT_ALLOWED:
            answer.headers["Allow"] = ", ".join(methods_at(request.app.routes, request.scope))
        return answer

    async def on_validation(_: Request, __: Exception) -> Response:
        return fault_response(Fault(Category.INVALID, "a parameter of the request is not valid"))

    async def on_defect(_: Request, __: Exception) -> Response:
        answer = fault_response(_defect())
        answer.status_code = 500
        return answer

    app.add_exception_handler(Fault, on_fault)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, on_defect)


def _defect() -> Fault:
    return Fault(Category.UNAVAILABLE, "the server has a defect; the request was not done")
