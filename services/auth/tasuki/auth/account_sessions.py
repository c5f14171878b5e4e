"""Sessions on the pages about one's own account: short, never renewed, the account read anew each time.

Apps do not use them; signing in to an app always asks for a proof.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from tasuki.auth.accounts import Account, find_account
from tasuki.auth.sealing import ACCOUNT_SESSION as LABEL
from tasuki.auth.sign_in_log import Method
from tasuki.auth.tables import ACCOUNT_SESSION

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.sealing import SecretBox

LONGEST = timedelta(minutes=10)  # what is changed here is changed by who just proved who they are
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class AccountSession:
    """Somebody on the pages about their account.

    Attributes:
        secret: Value of the cookie; forms are tied to it.
    """

    secret: str = field(repr=False)
    account: Account
    method: Method


def begin_session(
    connection: Connection, box: SecretBox, account_id: str, *, method: Method, now: datetime
) -> str:
    """Return the cookie value of a new session."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    connection.execute(
        insert(ACCOUNT_SESSION).values(
            secret_mac=_mac(box, secret),
            account=account_id,
            method=method.value,
            expires_at=now + LONGEST,
        )
    )
    return secret


def find_session(
    connection: Connection, box: SecretBox, secret: str, *, now: datetime
) -> AccountSession | None:
    """Return the session of a cookie value; None where it is over or its account disabled."""
    table = ACCOUNT_SESSION
    query = select(table.c.account, table.c.method).where(
        table.c.secret_mac == _mac(box, secret), table.c.expires_at > now
    )
    row = connection.execute(query).one_or_none() if secret else None
    account = None if row is None else find_account(connection, box, row.account)
    if row is None or account is None:
        return None
    return AccountSession(secret, account, Method(row.method))


def end_session(connection: Connection, box: SecretBox, secret: str) -> str | None:
    """Forget a session; return whose account it was of, None where there was none."""
    gone = delete(ACCOUNT_SESSION).where(ACCOUNT_SESSION.c.secret_mac == _mac(box, secret))
    account: str | None = connection.execute(
        gone.returning(ACCOUNT_SESSION.c.account)
    ).scalar_one_or_none()
    return account


def _mac(box: SecretBox, secret: str) -> bytes:
    return box.mac(secret.encode("utf-8", "replace"), label=LABEL)
