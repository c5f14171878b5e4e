"""A passkey signs somebody in: each check in its order, each failure its own outcome in the log.

A lock after wrong passwords does not stop a passkey: it cannot be guessed, and otherwise anybody who
knows a nurse's user name could keep her out.

https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.auth.accounts import any_account
from tasuki.auth.passkeys.ceremony import checked_assertion, is_copy, read_assertion
from tasuki.auth.passkeys.challenges import challenge_fits, spend
from tasuki.auth.passkeys.store import lock_passkey, record_use
from tasuki.auth.sign_in_log import Outcome

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext
    from tasuki.auth.passkeys.ceremony import Given


def check_passkey(
    connection: Connection, context: AuthContext, text: str, *, browser: str, page: str
) -> tuple[Account | None, Outcome]:
    """Return the account of the passkey a browser answered with, and how the attempt ended.

    Args:
        connection: Of the transaction that decides.
        context: The server's parts.
        text: The browser's answer, JSON.
        browser: Value of the cookie.
        page: What the page was made for.
    """
    given = read_assertion(text) if context.site is not None else None
    if given is None:
        return None, Outcome.UNREADABLE_PASSKEY
    now = context.clock.now()
    if not challenge_fits(context.box, given.challenge, browser, page, now=now):
        return None, Outcome.STALE_CHALLENGE
    if not spend(connection, given.challenge):
        return None, Outcome.REPLAYED_CHALLENGE
    return _matched(connection, context, given)


def _matched(
    connection: Connection, context: AuthContext, given: Given
) -> tuple[Account | None, Outcome]:
    passkey = lock_passkey(connection, context.box, given.credential)
    if passkey is None or context.site is None:
        return None, Outcome.UNKNOWN_PASSKEY
    account = any_account(connection, context.box, passkey.account)
    if account is None or account.disabled:
        return account, Outcome.DISABLED
    count = checked_assertion(context.site, given, passkey)
    if count is None:
        return account, Outcome.WRONG_PASSKEY
    if is_copy(passkey, count):
        return account, Outcome.COPIED_PASSKEY
    record_use(connection, passkey, sign_count=count, now=context.clock.now())
    return account, Outcome.SIGNED_IN
