"""The door of the pages: who is signed in, the anti-forgery check, and the sign-in routes.

web = Web(pages, relying_party)          # kept as app.state.web by `install`
install(app, web)                        # routes /sign-in /callback /sign-out, and fault pages
async def page(request: Request, session: SignedIn) -> Response: ...
async def form(request: Request, session: SignedIn, form: CheckedForm) -> Response: ...
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from tasuki.shared.access.rulings import Caller
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.web.sessions import Session
from tasuki.shared.web.sign_in import Attempt, RelyingParty
from tasuki.shared.web.words import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

    from tasuki.shared.ids import IdSource
    from tasuki.shared.web.pages import Pages

ATTEMPT_SECONDS = 1_800  # as long as an open sign-in page may wait
FORM = "application/x-www-form-urlencoded"
MAX_FORM_FIELDS = 60
MAX_FORM_BYTES = 65_536
SEE_OTHER = 303


class SignInNeeded(Exception):
    """Nobody is signed in; the browser is sent to sign in and comes back to `then`."""

    def __init__(self, then: str) -> None:
        super().__init__("sign-in needed")
        self.then = then


class BadForm(Fault):
    """A form that was not made for this session."""

    def __init__(self) -> None:
        super().__init__(Category.FORBIDDEN, "The form is not one of this session.")


@dataclass(frozen=True, slots=True)
class Web:
    """What the pages of one service stand on."""

    pages: Pages
    party: RelyingParty

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies may be marked Secure."""
        return self.party.settings.public_url.startswith("https:")

    def cookie_name(self, what: str) -> str:
        """Return a cookie's name, its own for each client, since services share one host."""
        name = f"tasuki-{self.party.settings.client_id}-{what}"
        return f"__Host-{name}" if self.secure else name

    @property
    def cookie_path(self) -> str:
        """`/` where the name's prefix demands it, otherwise the service's own path."""
        return "/" if self.secure else (self.pages.base or "/")

    def set_cookie(self, response: Response, what: str, value: str, seconds: int) -> None:
        """Send a cookie that no page can read."""
        response.set_cookie(
            self.cookie_name(what),
            value,
            max_age=seconds,
            path=self.cookie_path,
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def drop_cookie(self, response: Response, what: str) -> None:
        """Take a cookie back."""
        response.delete_cookie(
            self.cookie_name(what),
            path=self.cookie_path,
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )


def web_of(request: Request) -> Web:
    """Return what the request's app was installed with."""
    web: Web = request.app.state.web
    return web


async def maybe_signed_in(request: Request) -> Session | None:
    """Return the session of the request's cookie, if there is one."""
    web = web_of(request)
    secret = request.cookies.get(web.cookie_name("session"), "")
    session = await web.party.sessions.open(secret)
    request.state.session = session
    return session


async def signed_in(request: Request) -> Session:
    """Return the session, or send the browser to sign in."""
    session = await maybe_signed_in(request)
    if session is None:
        raise SignInNeeded(_local_path(request) if request.method == "GET" else "")
    return session


async def require_csrf(
    request: Request, session: Annotated[Session, Depends(signed_in)]
) -> Mapping[str, str]:
    """Return the fields of a form that was made in this session; the first of repeated ones.

    Raises:
        BadForm: It was not.
    """
    fields = await read_form(request)
    if not hmac.compare_digest(fields.get("csrf", "").encode(), session.csrf.encode()):
        raise BadForm
    return fields


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a URL-encoded form, without their outer white space.

    Raises:
        Fault: MEDIA_TYPE, TOO_LARGE, or INVALID for what cannot be read.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Fault(Category.MEDIA_TYPE, "A form is needed here.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            raise Fault(Category.TOO_LARGE, "The form is too large.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=MAX_FORM_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise Fault(Category.INVALID, "The form cannot be read.") from error
    return {name: value.strip() for name, value in reversed(pairs)}


SignedIn = Annotated[Session, Depends(signed_in)]
CheckedForm = Annotated["Mapping[str, str]", Depends(require_csrf)]


def caller_for(request: Request, session: Session, ids: IdSource) -> Caller:
    """Return the session's person as the gate and the audit log know a caller."""
    return Caller(
        principal=session.principal,
        request_id=ids.new(),
        address=request.client.host if request.client else None,
    )


def sign_in_routes() -> APIRouter:
    """Return `/sign-in`, `/callback` and `/sign-out`."""
    router = APIRouter()

    @router.get("/sign-in")
    async def begin(request: Request, then: str = "") -> Response:
        """Send the browser to the authorization server."""
        web = web_of(request)
        attempt = Attempt.new(then if _is_local(then, web.pages.base) else f"{web.pages.base}/")
        url = web.party.authorize_url(attempt, language_of(request))
        response = RedirectResponse(url, SEE_OTHER, headers={"Cache-Control": "no-store"})
        web.set_cookie(response, "sign-in", attempt.cookie(), ATTEMPT_SECONDS)
        return response

    @router.get("/callback")
    async def finish(request: Request) -> Response:
        """Take the answer of the authorization server."""
        web = web_of(request)
        attempt = Attempt.from_cookie(request.cookies.get(web.cookie_name("sign-in"), ""))
        _, secret = await web.party.finish(dict(request.query_params), attempt)
        then = attempt.then if attempt else f"{web.pages.base}/"
        where = then if _is_local(then, web.pages.base) else f"{web.pages.base}/"
        response = RedirectResponse(where, SEE_OTHER, headers={"Cache-Control": "no-store"})
        web.set_cookie(response, "session", secret, web.party.settings.longest_seconds)
        web.drop_cookie(response, "sign-in")
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request, session: SignedIn, form: CheckedForm) -> Response:
        """End the session; on a shared tablet the next person signs in at once."""
        web = web_of(request)
        await web.party.sessions.end(session.key)
        request.state.session = None
        response: Response
        if form.get("then") == "switch":
            response = RedirectResponse(f"{web.pages.base}/sign-in", SEE_OTHER)
        else:
            response = web.pages.render(request, "signed_out.html")
        web.drop_cookie(response, "session")
        return response

    return router


def install(app: FastAPI, web: Web) -> None:
    """Add the sign-in routes, and make every error of the app a page; a defect tells nothing."""
    app.state.web = web
    app.include_router(sign_in_routes())

    async def on_missing(_: Request, error: Exception) -> Response:
        then = error.then if isinstance(error, SignInNeeded) else ""
        query = f"?then={quote(then, safe='')}" if then else ""
        return RedirectResponse(f"{web.pages.base}/sign-in{query}", SEE_OTHER)

    async def on_fault(request: Request, error: Exception) -> Response:
        fault = error if isinstance(error, Fault) else _defect()
        words = "csrf" if isinstance(error, BadForm) else fault.category.value
        return web.pages.render(
            request,
            "fault.html",
            status=STATUS[fault.category],
            category=words,
            detail=fault.message,
        )

    async def on_http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        known = {404: Category.NOT_FOUND, 405: Category.NOT_SUPPORTED, 413: Category.TOO_LARGE}
        category = known.get(status, Category.INVALID)
        return web.pages.render(
            request, "fault.html", status=status, category=category.value, detail=""
        )

    async def on_validation(request: Request, _: Exception) -> Response:
        return await on_fault(request, Fault(Category.INVALID, "A parameter is not valid."))

    async def on_defect(request: Request, _: Exception) -> Response:
        return web.pages.render(
            request,
            "fault.html",
            status=500,
            category=Category.UNAVAILABLE.value,
            detail="",
        )

    app.add_exception_handler(SignInNeeded, on_missing)
    app.add_exception_handler(Fault, on_fault)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, on_defect)


def _local_path(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _is_local(path: str, base: str) -> bool:
    """Return whether a path lies within the service: no other host, no protocol-relative URL."""
    parts = urlsplit(path)
    return (
        path.startswith(f"{base}/")
        and not path.startswith("//")
        and not parts.netloc
        and not parts.scheme
        and "\\" not in path
        and path.isprintable()
    )


def _defect() -> Fault:
    return Fault(Category.UNAVAILABLE, "The server has a defect; nothing was done.")
