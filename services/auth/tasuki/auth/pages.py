"""The sign-in pages: forms that work without scripts, strict content security policy, anti-forgery token.

The one script is a file of its own that asks the browser for a passkey, where there can be one.

https://www.w3.org/TR/CSP3/, https://www.w3.org/TR/WCAG22/
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from tasuki.auth.sealing import CSRF
from tasuki.auth.words import words_for
from tasuki.shared.access.purposes import BTG

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tasuki.auth.passkeys.asking import PasskeyRequest
    from tasuki.auth.sealing import SecretBox

FORM_SECONDS = 1_800  # an open sign-in page may wait this long
COOKIE_BYTES = 32

_SECONDS = re.compile("[0-9]{1,12}")
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


@dataclass(frozen=True, slots=True)
class SignInForm:
    """What the sign-in page shows.

    Attributes:
        action: Absolute URL of the authorization endpoint, without the query.
        account: Absolute URL of the page about one's own account.
        query: The authorization request, as received; the form sends it along unchanged.
        redirect_uri: Where the browser goes afterwards; the policy must allow it.
        message: Key of the words that say what went wrong; None for nothing.
        chosen: Purpose chosen before.
        passkey: What the browser needs to sign in with a passkey; None where there can be none.
    """

    action: str
    account: str
    query: str
    client_name: str
    purposes: tuple[str, ...]
    redirect_uri: str
    csrf: str
    message: str | None = None
    chosen: str | None = None
    passkey: PasskeyRequest | None = None


def sign_in_page(form: SignInForm) -> HTMLResponse:
    """Return the sign-in page; 403 where it says that something went wrong."""
    words = words_for(dict(parse_qsl(form.query)).get("ui_locales", ""))
    other = "en" if words["lang"] == "ja" else "ja"
    return rendered(
        "sign_in.html",
        words,
        status=200 if form.message is None else 403,
        redirect_uri=form.redirect_uri,
        passkey=form.passkey,
        action=f"{form.action}?{form.query}",
        account_url=f"{form.account}?{urlencode({'ui_locales': words['lang']})}",
        other_language=other,
        other_language_url=f"{form.action}?{with_language(form.query, other)}",
        client_name=form.client_name,
        purposes=form.purposes,
        chosen=form.chosen,
        asks_reason=BTG in form.purposes,
        csrf=form.csrf,
        message=form.message,
    )


def broken_page(error: str, locales: str) -> HTMLResponse:
    """Return the page for a request that cannot be sent back to any app.

    Args:
        error: OAuth error code, for whoever mends the app.
        locales: `ui_locales` of the request.
    """
    return rendered("broken.html", words_for(locales), status=400, error=error)


def rendered(
    template: str,
    words: Mapping[str, str],
    *,
    status: int = 200,
    redirect_uri: str | None = None,
    passkey: PasskeyRequest | None = None,
    **values: object,
) -> HTMLResponse:
    """Return a page and the policy it lives under.

    Args:
        template: Its file.
        words: In the reader's language.
        status: HTTP status.
        redirect_uri: Where a form on it may lead, apart from ourselves.
        passkey: What the browser needs for a passkey; then, and only then, our script may run.
        values: What it shows.
    """
    nonce = secrets.token_urlsafe(16)
    page = _TEMPLATES.get_template(template).render(
        words=words, style_nonce=nonce, passkey=passkey, **values
    )
    script = None if passkey is None else passkey.script
    return HTMLResponse(page, status, headers=_headers(nonce, redirect_uri, script))


def new_browser_secret() -> str:
    """Return what the cookie ties a form to a browser with."""
    return secrets.token_urlsafe(COOKIE_BYTES)


def csrf_token(box: SecretBox, browser: str, query: str, *, now: datetime) -> str:
    """Return the anti-forgery token of one form in one browser for one authorization request."""
    ends = int(now.timestamp()) + FORM_SECONDS
    return f"{ends}.{_csrf_mac(box, browser, query, ends)}"


def csrf_fits(box: SecretBox, token: str, browser: str, query: str, *, now: datetime) -> bool:
    """Return whether a form was made for this browser and request, and not too long ago."""
    ends, _, mac = token.partition(".")
    in_time = _SECONDS.fullmatch(ends) is not None and int(ends) > now.timestamp()
    if not browser or not in_time:
        return False
    return hmac.compare_digest(mac.encode(), _csrf_mac(box, browser, query, int(ends)).encode())


def _csrf_mac(box: SecretBox, browser: str, query: str, ends: int) -> str:
    parts = [part.encode() for part in (browser, query, str(ends))]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return base64.urlsafe_b64encode(box.mac(message, label=CSRF)).decode().rstrip("=")


def with_language(query: str, language: str) -> str:
    """Return a query that asks for another language."""
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "ui_locales"]
    return urlencode([*kept, ("ui_locales", language)])


def _headers(style_nonce: str, redirect_uri: str | None, script: str | None) -> dict[str, str]:
    # Chromium holds the redirect after a form to `form-action` as well.
    targets = "'self'" if redirect_uri is None else f"'self' {_source(redirect_uri)}"
    scripts = "" if script is None else f" script-src {script};"
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'nonce-{style_nonce}';{scripts} form-action {targets};"
            " base-uri 'none'; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def _source(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
