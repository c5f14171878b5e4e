"""Reading form bodies and writing OAuth answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, RedirectResponse, Response

from tasuki.auth.grants.authlib_core import (
    InvalidRequestError,
)
from tasuki.auth.grants.request import read_parameters

if TYPE_CHECKING:
    from starlette.requests import Request

    from tasuki.auth.grants.server import Answer

MAX_BYTES = 65_536
FORM = "application/x-www-form-urlencoded"

# Apps in browsers call these from other origins; no cookie is read there.
OPEN_TO_OTHER_ORIGINS = {"Access-Control-Allow-Origin": "*"}


async def read_form(request: Request) -> list[tuple[str, str]]:
    """Return the parameters of a form body.

    Raises:
        InvalidRequestError: Another media type, over 64 KiB, or unreadable.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise InvalidRequestError("The body must be a form.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise InvalidRequestError("The body is too large.")
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidRequestError("The body must be a form.") from error
    return read_parameters(text)


def respond(answer: Answer) -> Response:
    """Return the HTTP response for what Authlib composed."""
    headers = {
        name: value for name, value in answer.headers.items() if name.lower() != "content-type"
    }
    headers |= {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if answer.location is not None:
        return RedirectResponse(answer.location, answer.status, headers=headers)
    return JSONResponse(answer.body, answer.status, headers=headers | OPEN_TO_OTHER_ORIGINS)


def respond_error(error: Any) -> Response:
    """Return the JSON answer to a request that could not even be read."""
    return JSONResponse(
        dict(error.get_body()),
        error.status_code,
        headers={"Cache-Control": "no-store"} | OPEN_TO_OTHER_ORIGINS,
    )
