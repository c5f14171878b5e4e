"""Signs a demo account in for real, as a public client would: code, PKCE, password, one-time code.

https://www.rfc-editor.org/rfc/rfc7636
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pyotp.totp import TOTP

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx2

    from tasuki.shared.clock import Clock

CLIENT_ID = "command-line"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a demo account signs in with."""

    username: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)


def credentials_of(account: Mapping[str, Any]) -> Credentials:
    """Return what an account of `demo.json` signs in with."""
    return Credentials(account["username"], account["password"], account["totp_secret"])


async def signed_in_token(  # noqa: PLR0913 - what an authorization request consists of
    http: httpx2.AsyncClient,
    issuer: str,
    redirect_uri: str,
    credentials: Credentials,
    *,
    scope: str,
    purpose: str,
    audiences: Sequence[str],
    clock: Clock,
) -> str:
    """Return an access token.

    Raises:
        Fault: UNAUTHENTICATED where the sign-in or the exchange of the code is refused.
    """
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    state = secrets.token_urlsafe(24)
    asked = urlencode(
        [
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", redirect_uri),
            ("scope", scope),
            ("state", state),
            ("code_challenge", challenge.rstrip(b"=").decode()),
            ("code_challenge_method", "S256"),
            ("purpose", purpose),
            *(("resource", one) for one in audiences),
        ]
    )
    url = f"{issuer}/authorize?{asked}"
    page = await http.get(url)
    found = _CSRF.search(page.text)
    if found is None:
        raise Fault(Category.UNAUTHENTICATED, f"the sign-in page was refused ({page.status_code})")
    answer = await http.post(
        url,
        data={
            "csrf": unescape(found.group(1)),
            "username": credentials.username,
            "password": credentials.password,
            "code": TOTP(credentials.totp_secret).at(clock.now()),
            "purpose": purpose,
        },
    )
    back = parse_qs(urlsplit(answer.headers.get("location", "")).query)
    if back.get("state") != [state] or "code" not in back:
        raise Fault(
            Category.UNAUTHENTICATED,
            "the sign-in was refused; a one-time code works once, so wait for the next one",
        )
    token = await http.post(
        f"{issuer}/token",
        data={
            "grant_type": "authorization_code",
            "code": back["code"][0],
            "redirect_uri": redirect_uri,
            "client_id": CLIENT_ID,
            "code_verifier": verifier,
        },
    )
    if not token.is_success:
        raise Fault(Category.UNAUTHENTICATED, "the code was refused")
    return str(token.json()["access_token"])
