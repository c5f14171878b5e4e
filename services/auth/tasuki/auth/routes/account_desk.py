"""What every page about one's own account needs: who is there, the form checked, a way back.

A form is tied to the session it was shown in; the session to a cookie no page can read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from tasuki.auth.account_sessions import AccountSession, find_session
from tasuki.auth.grants.authlib_core import OAuth2Error
from tasuki.auth.pages import csrf_fits, csrf_token, rendered, with_language
from tasuki.auth.routes.cookies import Cookie
from tasuki.auth.routes.forms import read_form
from tasuki.auth.words import words_for

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from starlette.requests import Request

    from tasuki.auth.context import AuthContext
    from tasuki.auth.passkeys.asking import PasskeyRequest

SEE_OTHER = 303
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Desk:
    """The account pages of one server.

    Attributes:
        turns: How many sign-ins may be decided at once.
    """

    context: AuthContext
    engine: AsyncEngine
    turns: asyncio.Semaphore

    @property
    def cookie(self) -> Cookie:
        """The session's cookie."""
        return Cookie(self.context.issuer.url, "account")

    async def session(self, request: Request, connection: AsyncConnection) -> AccountSession | None:
        """Return who is signed in here."""
        return await connection.run_sync(_found, self.context, self.cookie.value(request))

    def csrf(self, secret: str) -> str:
        """Return the anti-forgery token for the forms of a session or browser."""
        return csrf_token(self.context.box, secret, ACCOUNT, now=self.context.clock.now())

    def is_ours(self, form: Mapping[str, str], secret: str) -> bool:
        """Return whether a form was made for this session or browser."""
        given, now = form.get("csrf", ""), self.context.clock.now()
        return csrf_fits(self.context.box, given, secret, ACCOUNT, now=now)

    def render(
        self,
        request: Request,
        template: str,
        *,
        passkey: PasskeyRequest | None = None,
        message: str | None = None,
        status: int = 200,
        **values: object,
    ) -> Response:
        """Return a page; `message` is a key of its words."""
        query = request.url.query
        words = words_for(request.query_params.get("ui_locales", ""))
        other = "en" if words["lang"] == "ja" else "ja"
        said = request.query_params.get("said")
        return rendered(
            template,
            words,
            status=status,
            redirect_uri=None,
            passkey=passkey,
            message=message,
            said=said if said in words and said is not None and said.startswith("said_") else None,
            base=f"{self.context.issuer.url}/{ACCOUNT}",
            keep=urlencode({"ui_locales": words["lang"]}),
            other_language=other,
            other_language_url=f"?{with_language(query, other)}",
            **values,
        )

    def back(self, request: Request, *, said: str | None = None, to: str = "") -> Response:
        """Return the way back to a page after a form, in the same language."""
        pairs = {"ui_locales": words_for(request.query_params.get("ui_locales", ""))["lang"]}
        if said is not None:
            pairs["said"] = said
        url = f"{self.context.issuer.url}/{ACCOUNT}{to}?{urlencode(pairs)}"
        return RedirectResponse(url, SEE_OTHER, headers={"Cache-Control": "no-store"})


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; none where it cannot be read, which no check then passes."""
    try:
        return dict(await read_form(request))
    except OAuth2Error:
        return {}


def _found(connection: Connection, context: AuthContext, secret: str) -> AccountSession | None:
    return find_session(connection, context.box, secret, now=context.clock.now())
