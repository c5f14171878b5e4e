"""Who somebody is, by either of two proofs: password and one-time code, or a passkey.

https://pages.nist.gov/800-63-4/sp800-63b.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasuki.auth.passkeys.sign_in import check_passkey
from tasuki.auth.sign_in import Credentials, check_credentials
from tasuki.auth.sign_in_log import Method, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext


@dataclass(frozen=True, slots=True)
class Posted:
    """A sign-in form that came back.

    Attributes:
        browser: Value of the cookie; empty for none.
        page: What the form was made for: the authorization request in the URL as received, or the
            name of a page of our own.
        at: When it came; it may have to wait for its turn.
    """

    form: dict[str, str] = field(repr=False)
    browser: str = field(repr=False)
    page: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """How an attempt ended.

    Attributes:
        account: Whose it was, as far as that is known; signed in only by the outcome SIGNED_IN.
        voucher: Account of the colleague who vouched, where one did.
        locked_until: Until when this failure locked the account.
    """

    account: Account | None
    outcome: Outcome
    method: Method
    voucher: str | None = None
    locked_until: datetime | None = None


async def prove(connection: AsyncConnection, context: AuthContext, posted: Posted) -> Proof:
    """Return how an attempt to sign in ended.

    The caller commits either way (a failure must count), records the outcome, and lets nobody in
    unless it is SIGNED_IN.
    """
    form = posted.form
    if form.get("passkey"):
        account, outcome = await connection.run_sync(
            check_passkey, context, form["passkey"], browser=posted.browser, page=posted.page
        )
        return Proof(account, outcome, Method.PASSKEY)
    typed = Credentials(form.get("username", ""), form.get("password", ""), form.get("code", ""))
    checked = await check_credentials(connection, context, typed, at=posted.at)
    method = Method.PASSWORD_AND_CODE if checked.voucher is None else Method.VOUCHED
    return Proof(checked.account, checked.outcome, method, checked.voucher, checked.locked_until)
