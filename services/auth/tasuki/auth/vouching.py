"""When a card or authenticator is broken: a colleague vouches, and two persons open one short sign-in.

A member of staff who just proved who they are gets a code for one colleague of the same
organisation. The colleague signs in with their own password and this code in place of the one-time
code. What opens by it ends after fifteen minutes and names both.

MHLW safety guideline 6.0, section 14 (temporary access when a card is broken)
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from tasuki.auth.accounts import account_named
from tasuki.auth.log.accounts import by_account
from tasuki.auth.log.events import What
from tasuki.auth.sealing import VOUCHER as LABEL
from tasuki.auth.tables import VOUCHER
from tasuki.shared.access.principal import STAFF

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.account_sessions import AccountSession
    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext
    from tasuki.auth.sealing import SecretBox

CODE_LIFE = timedelta(minutes=5)  # the two stand next to each other
VOUCHED_MINUTES = 15  # of a sign-in that somebody vouched for
DIGITS = 8  # two more than a one-time code, so that it is clear which was typed
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Voucher:
    """A code that a colleague gave, not yet used.

    Attributes:
        voucher: Account of who vouches.
    """

    id: str
    voucher: str
    code_mac: bytes = field(repr=False)


def may_vouch(session: AccountSession) -> bool:
    """Return whether somebody can vouch: staff of an organisation.

    Who was vouched for has no session on these pages, and so vouches for nobody.
    """
    return session.account.role in STAFF and session.account.organization is not None


def vouch(
    connection: Connection, context: AuthContext, session: AccountSession, name: str, reason: str
) -> str:
    """Return a code for a colleague.

    Always one, and never told whether the user name is a colleague's: a code for anybody else opens
    nothing.

    Args:
        connection: Of the transaction.
        context: The server's parts.
        session: Of who vouches; see `may_vouch`.
        name: The colleague's user name.
        reason: Why; kept sealed.
    """
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    colleague = account_named(connection, context.box, name)
    if colleague is None or not _are_colleagues(session.account, colleague):
        refused = by_account(What.VOUCHED, session.account, session.account.id, done=False)
        context.log.record(connection, refused)
        return code
    id_, now = context.ids.new(), context.clock.now()
    older = (VOUCHER.c.account == colleague.id, VOUCHER.c.used_at.is_(None))
    connection.execute(update(VOUCHER).where(*older).values(expires_at=now))
    sealed = context.box.seal(reason.encode(), bound_to=f"auth/voucher/{id_}/reason")
    connection.execute(
        insert(VOUCHER).values(
            id=id_,
            account=colleague.id,
            voucher=session.account.id,
            code_mac=_mac(context.box, id_, code),
            reason_sealed=sealed,
            made_at=now,
            expires_at=now + CODE_LIFE,
        )
    )
    told = by_account(What.VOUCHED, session.account, colleague.id, {"code": id_, "reason": reason})
    context.log.record(connection, told)
    return code


def open_voucher(connection: Connection, account: str | None, *, now: datetime) -> Voucher | None:
    """Return what somebody vouched for an account with, unless it was used or is too old."""
    table = VOUCHER
    query = select(table.c.id, table.c.voucher, table.c.code_mac).where(
        table.c.account == (account or ""),
        table.c.used_at.is_(None),
        table.c.expires_at > now,
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Voucher(row.id, row.voucher, row.code_mac)


def fits(box: SecretBox, voucher: Voucher | None, typed: str) -> bool:
    """Return whether a typed code is the voucher's."""
    mac = _mac(box, "" if voucher is None else voucher.id, typed_code(typed))
    return voucher is not None and hmac.compare_digest(mac, voucher.code_mac)


def spend_voucher(connection: Connection, voucher: Voucher, *, now: datetime) -> None:
    """Note that a code was used; the account is held, so nobody else can be using it."""
    connection.execute(update(VOUCHER).where(VOUCHER.c.id == voucher.id).values(used_at=now))


def typed_code(text: str) -> str:
    """Return a typed code without spaces and hyphens, in ASCII digits."""
    return "".join(unicodedata.normalize("NFKC", text).replace("-", "").split())[:16]


def _are_colleagues(one: Account, other: Account) -> bool:
    return (
        one.id != other.id
        and other.role in STAFF
        and not other.disabled
        and other.organization == one.organization
    )


def _mac(box: SecretBox, id_: str, code: str) -> bytes:
    return box.mac(f"{id_} {code}".encode("utf-8", "surrogatepass"), label=LABEL)
