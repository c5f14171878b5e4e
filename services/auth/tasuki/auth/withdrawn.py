"""What was taken back before its end, for the services: a public list of hashes."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from tasuki.auth.tables import CLIENT, REVOKED_TOKEN, TOKEN_FAMILY
from tasuki.shared.access.withdrawals import name_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

LISTED = timedelta(hours=13)  # an hour longer than a page's own session can last


def withdrawn_names(connection: Connection, *, now: datetime) -> list[str]:
    """Return the names of sign-ins, tokens and clients taken back, sorted."""
    families = select(TOKEN_FAMILY.c.id).where(
        TOKEN_FAMILY.c.revoked_at > now - LISTED, TOKEN_FAMILY.c.expires_at > now
    )
    tokens = select(REVOKED_TOKEN.c.jti).where(REVOKED_TOKEN.c.expires_at > now)
    clients = select(CLIENT.c.client_id).where(CLIENT.c.disabled)
    listed = (("sid", families), ("jti", tokens), ("client", clients))
    return sorted(
        name_of(kind, value)
        for kind, query in listed
        for value in connection.execute(query).scalars()
    )


def tag_of(names: list[str]) -> str:
    """Return the ETag of a list."""
    return f'"{hashlib.sha256(" ".join(names).encode()).hexdigest()[:32]}"'
