"""A passkey is made for an account that just proved itself otherwise.

https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from tasuki.auth.log.accounts import by_account
from tasuki.auth.log.events import What
from tasuki.auth.passkeys.ceremony import checked_attestation, read_attestation
from tasuki.auth.passkeys.challenges import challenge_fits, spend
from tasuki.auth.passkeys.store import Passkey, remove_passkey, save_passkey

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.account_sessions import AccountSession
    from tasuki.auth.context import AuthContext

PAGE = "account"


def register_passkey(
    connection: Connection, context: AuthContext, session: AccountSession, text: str, label: str
) -> bool:
    """Keep the passkey that a browser says a device made; False for anything amiss.

    Args:
        connection: Of the transaction that decides.
        context: The server's parts.
        session: Whose page it was asked for on.
        text: The browser's answer, JSON.
        label: The name its owner gave it.
    """
    given, now = read_attestation(text), context.clock.now()
    if given is None or context.site is None:
        return False
    if not challenge_fits(context.box, given.challenge, session.secret, PAGE, now=now):
        return False
    if not spend(connection, given.challenge):
        return False
    made = checked_attestation(context.site, given)
    if made is None:
        return False
    passkey = Passkey(
        credential=made.credential,
        account=session.account.id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        label=label,
        created_at=now,
    )
    if not save_passkey(connection, context.box, passkey):
        return False
    _record(connection, context, session, What.PASSKEY_ADDED, passkey.credential)
    return True


def forget_passkey(
    connection: Connection, context: AuthContext, session: AccountSession, credential: bytes
) -> bool:
    """Forget one of somebody's own passkeys; False where they have no such."""
    gone = remove_passkey(connection, session.account.id, credential)
    if gone:
        _record(connection, context, session, What.PASSKEY_REMOVED, credential)
    return gone


def _record(
    connection: Connection,
    context: AuthContext,
    session: AccountSession,
    what: What,
    credential: bytes,
) -> None:
    account = session.account
    told = by_account(what, account, account.id, {"passkey": sha256(credential).hexdigest()})
    context.log.record(connection, told)
