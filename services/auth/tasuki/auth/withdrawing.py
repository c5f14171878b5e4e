"""Taking an account back: nothing it holds works from then on, at the services within a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from tasuki.auth.tables import ACCOUNT, ACCOUNT_SESSION, PROXY, TOKEN_FAMILY

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Select


def given_by(account_id: str) -> Select[tuple[str]]:
    """Return what finds the grants by which an account let others act for its owner."""
    return select(PROXY.c.id).where(PROXY.c.given_by == account_id, PROXY.c.basis == "person")


def withdraw_account(connection: Connection, account_id: str, *, now: datetime) -> None:
    """Refuse every further sign-in, code and refresh of an account, and end what it is signed in to.

    Sign-ins it vouched for end as well, and those of whom it let act for its owner.
    """
    mine = ACCOUNT.c.id == account_id
    connection.execute(
        update(ACCOUNT).where(mine).values(disabled=True, invitation_mac=None, invited_until=None)
    )
    connection.execute(delete(ACCOUNT_SESSION).where(ACCOUNT_SESSION.c.account == account_id))
    table = TOKEN_FAMILY
    living = update(table).where(
        or_(
            table.c.account == account_id,
            table.c.voucher == account_id,
            table.c.proxy.in_(given_by(account_id)),
        ),
        table.c.revoked_at.is_(None),
        table.c.expires_at > now,
    )
    connection.execute(living.values(revoked_at=now))
