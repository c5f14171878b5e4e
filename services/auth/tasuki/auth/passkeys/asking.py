"""What a page tells a browser so that it can ask for a passkey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.auth.passkeys.ceremony import creation_options, request_options
from tasuki.auth.passkeys.challenges import new_challenge

if TYPE_CHECKING:
    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext
    from tasuki.auth.passkeys.store import Passkey

SCRIPT = "passkey.js"


@dataclass(frozen=True, slots=True)
class PasskeyRequest:
    """One request on one page.

    Attributes:
        options: For the browser, JSON.
        script: URL of the script that reads them.
    """

    options: str
    script: str


def passkey_request(context: AuthContext, browser: str, page: str) -> PasskeyRequest | None:
    """Return what a sign-in page asks with; None where there are no passkeys."""
    if context.site is None:
        return None
    challenge = new_challenge(context.box, browser, page, now=context.clock.now())
    return PasskeyRequest(request_options(context.site, challenge), _script(context))


def new_passkey_request(
    context: AuthContext, account: Account, known: list[Passkey], *, browser: str, page: str
) -> PasskeyRequest | None:
    """Return what a page asks with to have a passkey made; None where there are none."""
    if context.site is None:
        return None
    challenge = new_challenge(context.box, browser, page, now=context.clock.now())
    options = creation_options(
        context.site,
        challenge,
        account=account.id,
        # Shown by the device's own list of passkeys, so no more than which account it opens.
        name=account.display or "Tasuki",
        known=known,
    )
    return PasskeyRequest(options, _script(context))


def _script(context: AuthContext) -> str:
    return f"{context.issuer.url}/{SCRIPT}"
