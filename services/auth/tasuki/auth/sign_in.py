"""Two factors decided in one transaction: same work, same words, whatever was wrong.

https://pages.nist.gov/800-63-4/sp800-63b.html (sections 3.1.4 and 3.2.2)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tasuki.auth.accounts import lock_account, record_failure, record_nothing, record_success
from tasuki.auth.one_time_codes import NOBODYS_SECRET, matching_step
from tasuki.auth.passwords import password_fits
from tasuki.auth.sign_in_log import Outcome
from tasuki.auth.vouching import DIGITS, fits, open_voucher, spend_voucher, typed_code

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext
    from tasuki.auth.vouching import Voucher

FAILURES_BEFORE_LOCK = 5
FIRST_LOCK = timedelta(minutes=1)  # doubles with every further failure ...
LONGEST_LOCK = timedelta(minutes=15)  # ... up to here, or an attacker could lock a nurse out


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody typed."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """How an attempt ended.

    Attributes:
        voucher: Account of who vouched, where that took the place of a one-time code.
        locked_until: Until when this failure locked the account.
    """

    account: Account | None
    outcome: Outcome
    voucher: str | None = None
    locked_until: datetime | None = None


async def check_credentials(
    connection: AsyncConnection, context: AuthContext, credentials: Credentials, *, at: datetime
) -> Checked:
    """Return the account of the user name and how the attempt ended.

    A one-time code is judged by when it came: on a morning when hundreds sign in, it would grow too
    old while it waits for its turn.

    The caller commits either way (a failure must count), records the outcome, and lets nobody in
    unless it is SIGNED_IN.
    """
    now = context.clock.now()
    account = await connection.run_sync(lock_account, context.box, credentials.username)
    # Every attempt, even one for an unknown or locked account, costs one hash and one code check.
    hashed = None if account is None else account.password_hash
    right_password = await asyncio.to_thread(password_fits, credentials.password, hashed)
    secret = NOBODYS_SECRET if account is None else account.totp_secret
    step = matching_step(secret, credentials.code, at)
    voucher = await connection.run_sync(_vouched, context, account, credentials.code)
    if account is None:
        await connection.run_sync(record_nothing)
        return Checked(None, Outcome.UNKNOWN_USER)
    second = _second_factor(account, step, voucher)
    outcome = _outcome(account, now, second, right_password=right_password)
    if outcome is Outcome.SIGNED_IN:
        await connection.run_sync(_succeed, account, step, voucher, now)
        return Checked(account, outcome, None if voucher is None else voucher.voucher)
    if outcome in (Outcome.LOCKED, Outcome.DISABLED):
        await connection.run_sync(record_nothing)
        return Checked(account, outcome)
    locked = await connection.run_sync(_fail, account, now)
    return Checked(account, outcome, locked_until=locked)


def _vouched(
    connection: Connection, context: AuthContext, account: Account | None, typed: str
) -> Voucher | None:
    """Return who vouched with the typed code; every attempt with as many digits costs the same."""
    if len(typed_code(typed)) != DIGITS:
        return None
    id_ = None if account is None else account.id
    voucher = open_voucher(connection, id_, now=context.clock.now())
    return voucher if fits(context.box, voucher, typed) else None


def _second_factor(account: Account, step: int | None, voucher: Voucher | None) -> Outcome:
    if voucher is not None:
        return Outcome.SIGNED_IN
    if step is None:
        return Outcome.WRONG_CODE
    if account.totp_step is not None and step <= account.totp_step:
        return Outcome.REPLAYED_CODE
    return Outcome.SIGNED_IN


def _outcome(account: Account, now: datetime, second: Outcome, *, right_password: bool) -> Outcome:
    if account.locked_until is not None and account.locked_until > now:
        return Outcome.LOCKED
    if account.disabled:
        return Outcome.DISABLED
    return second if right_password else Outcome.WRONG_PASSWORD


def lock_after(failures: int) -> timedelta | None:
    """Return how long an account is locked after this many failures in a row; None for not."""
    over = failures - FAILURES_BEFORE_LOCK
    if over < 0:
        return None
    doubled: int = 2 ** min(over, 10)
    return min(FIRST_LOCK * doubled, LONGEST_LOCK)


def _fail(connection: Connection, account: Account, now: datetime) -> datetime | None:
    """Count the failure; return until when it locks the account."""
    lock = lock_after(account.failures + 1)
    until = None if lock is None else now + lock
    record_failure(connection, account, locked_until=until)
    return until


def _succeed(
    connection: Connection,
    account: Account,
    step: int | None,
    voucher: Voucher | None,
    now: datetime,
) -> None:
    if voucher is not None:
        spend_voucher(connection, voucher, now=now)
    record_success(connection, account, totp_step=account.totp_step if voucher else step)
