"""What is recorded here, by what codes, and what each record says; never a secret, and no name.

https://profiles.ihe.net/ITI/BALP/ (1.1), https://dicom.nema.org/resources/ontology/DCM
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

NOBODY = "nobody"
"""Who asked, where nobody has proved to be anybody."""
OPERATOR = "operator"
"""Who asked, where a command was given on the machine itself."""
COMMAND = "tasuki"
"""The software a command was given to."""
OWN_PAGES = "account"
"""The software behind the pages about one's own account."""


class What(Enum):
    """What was done; stored, so the values are append-only."""

    SIGN_IN = (
        "sign-in"  # every attempt, however it ended; a lock that followed is among its details
    )
    SIGN_OUT = "sign-out"  # of the account pages
    TOKEN_ISSUED = "token-issued"  # noqa: S105 - a word for the log, as the others
    TOKEN_REFRESHED = "token-refreshed"  # noqa: S105
    TOKEN_EXCHANGED = "token-exchanged"  # noqa: S105
    TOKEN_REVOKED = "token-revoked"  # noqa: S105
    CODE_REUSED = "code-reused"  # spent before, or late: the whole sign-in is ended
    REFRESH_REUSED = "refresh-reused"  # the same
    ACCOUNT_OPENED = "account-opened"
    ACCOUNT_INVITED = "account-invited"  # anew: everything it held ends
    ACCOUNT_TAKEN_UP = "account-taken-up"  # its owner chose a password
    ACCOUNT_CHANGED = "account-changed"
    ACCOUNT_WITHDRAWN = "account-withdrawn"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    VOUCHED = "vouched"  # a code for a colleague was given
    CLIENT_REGISTERED = "client-registered"  # or changed, keys among it
    PROXY_OFFERED = "proxy-offered"
    PROXY_ACCEPTED = "proxy-accepted"
    PROXY_ENDED = "proxy-ended"
    CODE_GIVEN = "binding-code-given"  # by an office, for a resident to bind their account
    BOUND = "account-bound"  # or refused
    UNBOUND = "account-unbound"
    SIGN_INS_READ = "sign-ins-read"  # by who administers an institution
    PROXY_RECORDED = (
        "proxy-recorded"  # from papers; it opens nothing until a second person confirms it
    )


ACTIONS: dict[What, Action] = {
    **dict.fromkeys(What, Action.ACCOUNT),
    What.SIGN_IN: Action.SIGN_IN,
    What.SIGN_OUT: Action.SIGN_OUT,
    What.TOKEN_ISSUED: Action.TOKEN,
    What.TOKEN_REFRESHED: Action.TOKEN,
    What.TOKEN_EXCHANGED: Action.TOKEN,
    What.CLIENT_REGISTERED: Action.CONFIGURE,
    What.PROXY_RECORDED: Action.RIGHTS,
    What.PROXY_OFFERED: Action.RIGHTS,
    What.PROXY_ACCEPTED: Action.RIGHTS,
    What.PROXY_ENDED: Action.RIGHTS,
    What.SIGN_INS_READ: Action.LOG_READ,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing done or refused.

    Attributes:
        actor: Account or client that asked; NOBODY, OPERATOR.
        client_id: The software; OWN_PAGES, COMMAND.
        basis: What it rested on, without white space; empty for what was refused.
        account: Account or client it was done to, under which it is found again; None where there
            is none, as at a sign-in with a user name that nobody has.
        role: The actor acted in.
        purpose: v3-ActReason code.
        patient: `Patient/...` whose records it is about.
        organization: The actor acted for.
        details: Names and texts; empty texts are left out.
    """

    what: What
    actor: str
    client_id: str
    basis: str = ""
    outcome: Outcome = Outcome.PERMITTED
    account: str | None = None
    role: str = ""
    purpose: str | None = None
    patient: str | None = None
    organization: str | None = None
    details: tuple[tuple[str, str], ...] = ()


class AuthLog(Protocol):
    """Keeps what was done."""

    def record(self, connection: Connection, event: Event) -> None:
        """Write one leaf within the transaction that does what it tells of."""
        ...

    def sign_ins(
        self, connection: Connection, accounts: Sequence[str], *, limit: int, skip: int = 0
    ) -> list[dict[str, Any]]:
        """Return the AuditEvents of these accounts' sign-ins, newest first."""
        ...
