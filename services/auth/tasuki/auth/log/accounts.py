"""What the log says of accounts and clients: whose they are and what became of them, and no name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from joserfc.jwk import KeySet

from tasuki.auth.log.events import COMMAND, OPERATOR, OWN_PAGES, Event, What
from tasuki.shared.audit.events import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.auth.accounts import Account

NOTHING: Mapping[str, str] = MappingProxyType({})


def by_account(
    what: What,
    by: Account,
    account: str,
    details: Mapping[str, str] = NOTHING,
    *,
    done: bool = True,
    patient: str | None = None,
) -> Event:
    """Return what is said of something done, or refused, on the pages about accounts.

    Args:
        what: It was.
        by: Who did it.
        account: Whose account it concerns.
        details: What else is known; empty texts are left out.
        done: Whether it was, or refused.
        patient: Whose records it is about.
    """
    return Event(
        what=what,
        outcome=Outcome.PERMITTED if done else Outcome.DENIED,
        actor=by.id,
        account=account,
        client_id=OWN_PAGES,
        basis=f"role/{by.role.value}" if done else "",
        role=by.role.value,
        organization=by.organization,
        patient=patient,
        details=tuple(details.items()),
    )


def by_operator(
    what: What, account: str, details: Mapping[str, str] = NOTHING, *, patient: str | None = None
) -> Event:
    """Return what is said of something done by a command on the machine; see `by_account`."""
    return Event(
        what=what,
        actor=OPERATOR,
        account=account,
        client_id=COMMAND,
        basis="command/operator",
        patient=patient,
        details=tuple(details.items()),
    )


def client_registered(client_id: str, values: Mapping[str, Any], *, is_new: bool) -> Event:
    """Return what is said of a client as it is registered now; its keys by thumbprint (RFC 7638)."""
    published = list((values["jwks"] or {}).get("keys", ()))
    keys = KeySet.import_key_set({"keys": published}).keys if published else []
    return by_operator(
        What.CLIENT_REGISTERED,
        client_id,
        {
            "new": "yes" if is_new else "no",
            "keys": " ".join(key.thumbprint() for key in keys),
            "keys-url": values["jwks_uri"] or "",
            "redirects": " ".join(values["redirect_uris"]),
            "grants": " ".join(values["grant_types"]),
            "scope": values["scopes"],
            "audience": " ".join(values["audiences"]),
            "role": values["role"] or "",
        },
    )
