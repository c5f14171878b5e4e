"""Between the two pages of a sign-in: who has just proven who they are, and may say for whom.

The server keeps nothing in between: the page carries a sealed ticket, for this browser and request
alone, for five minutes, spent by using it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert

from tasuki.auth.sign_in_log import Method
from tasuki.auth.tables import USED_CHALLENGE
from tasuki.shared.crypto.keys import CannotOpen

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.context import AuthContext

TICKET_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Somebody who passed both factors."""

    account: str
    method: Method


def new_ticket(context: AuthContext, ticket: Ticket, *, browser: str, page: str) -> str:
    """Return a ticket for one browser and authorization request."""
    ends = (context.clock.now() + TICKET_LIFE).isoformat()
    told = {"id": context.ids.new(), "account": ticket.account, "method": ticket.method.value}
    plain = json.dumps({**told, "ends": ends}).encode()
    sealed = context.box.seal(plain, bound_to=_place(browser, page))
    return base64.urlsafe_b64encode(sealed).decode()


def spend_ticket(
    connection: Connection, context: AuthContext, text: str, *, browser: str, page: str
) -> Ticket | None:
    """Return what a ticket says and spend it; None for one of another page, too old, or spent."""
    try:
        sealed = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
        told = json.loads(context.box.unseal(sealed, bound_to=_place(browser, page)))
    except (CannotOpen, ValueError):
        return None
    ends = datetime.fromisoformat(told["ends"])
    if ends <= context.clock.now() or not browser:
        return None
    digest = hashlib.sha256(f"ticket {told['id']}".encode()).digest()
    spent = insert(USED_CHALLENGE).values(challenge=digest, expires_at=ends)
    first = spent.on_conflict_do_nothing().returning(USED_CHALLENGE.c.challenge)
    if connection.execute(first).scalar_one_or_none() is None:
        return None
    return Ticket(told["account"], Method(told["method"]))


def _place(browser: str, page: str) -> str:
    named = json.dumps([browser, page]).encode()
    return f"auth/acting-ticket/{hashlib.sha256(named).hexdigest()}"
