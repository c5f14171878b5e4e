"""Sign-ins read back from the log, for whose they are and for who answers for the accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from tasuki.auth.tables import CLIENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from tasuki.auth.log.events import AuthLog

PAGE = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """One attempt to sign in, or a sign-out.

    Attributes:
        account: Whose.
        app: Name of the software, or what it is registered as.
        kind: `sign-in` or `sign-out`.
        method: How it was attempted; empty for a sign-out.
        ended: How it ended; empty for a sign-out.
        locked_until: Until when this failure locked the account.
    """

    at: datetime
    account: str
    app: str
    kind: str
    method: str
    ended: str
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some sign-ins, newest first, and whether there are older ones."""

    rows: list[Seen]
    has_older: bool


def page_of(connection: Connection, log: AuthLog, accounts: Sequence[str], *, skip: int) -> Page:
    """Return a page of these accounts' sign-ins, after the newest `skip` of them."""
    events = log.sign_ins(connection, accounts, limit=PAGE + 1, skip=skip) if accounts else []
    shown = events[:PAGE]
    names = _names(connection, {_client(event) for event in shown})
    return Page([_seen(event, names) for event in shown], has_older=len(events) > PAGE)


def _names(connection: Connection, clients: set[str]) -> dict[str, str]:
    query = select(CLIENT.c.client_id, CLIENT.c.name).where(CLIENT.c.client_id.in_(clients))
    return {row.client_id: row.name for row in connection.execute(query)}


def _client(event: dict[str, Any]) -> str:
    return str(event["agent"][0]["who"]["identifier"]["value"])


def _seen(event: dict[str, Any], names: dict[str, str]) -> Seen:
    users = [one for one in event["entity"] if one.get("role", {}).get("code") == "11"]
    details = {one["type"]: one["valueString"] for one in users[0].get("detail", ())}
    locked = details.get("locked-until")
    client = _client(event)
    return Seen(
        at=datetime.fromisoformat(event["recorded"]),
        account=users[0]["what"]["identifier"]["value"],
        app=names.get(client, client),
        kind=event["subtype"][-1]["code"],
        method=details.get("method", ""),
        ended=details.get("ended", ""),
        locked_until=None if locked is None else datetime.fromisoformat(locked),
    )
