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

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext

FAILURES_BEFORE_LOCK = 5
FIRST_LOCK = timedelta(minutes=1)  # doubles with every further failure ...
LONGEST_LOCK = timedelta(minutes=15)  # ... up to here, or an attacker could lock a nurse out


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody typed."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(repr=False)


async def check_credentials(
    connection: AsyncConnection, context: AuthContext, credentials: Credentials
) -> tuple[Account | None, Outcome]:
    """Return the account of the user name and how the attempt ended.

    The caller commits either way (a failure must count), records the outcome, and lets nobody in
    unless it is SIGNED_IN.
    """
    now = context.clock.now()
    account = await connection.run_sync(lock_account, context.box, credentials.username)
    # Every attempt, even one for an unknown or locked account, costs one hash and one code check.
    hashed = None if account is None else account.password_hash
    right_password = await asyncio.to_thread(password_fits, credentials.password, hashed)
    secret = NOBODYS_SECRET if account is None else account.totp_secret
    step = matching_step(secret, credentials.code, now)
    if account is None:
        await connection.run_sync(record_nothing)
        return None, Outcome.UNKNOWN_USER
    outcome = _outcome(account, now, step=step, right_password=right_password)
    if outcome is Outcome.SIGNED_IN and step is not None:
        await connection.run_sync(_succeed, account, step)
    elif outcome not in (Outcome.LOCKED, Outcome.DISABLED):
        await connection.run_sync(_fail, account, now)
    else:
        await connection.run_sync(record_nothing)
    return account, outcome


def _outcome(account: Account, now: datetime, *, step: int | None, right_password: bool) -> Outcome:
    if account.locked_until is not None and account.locked_until > now:
        return Outcome.LOCKED
    if account.disabled:
        return Outcome.DISABLED
    if not right_password:
        return Outcome.WRONG_PASSWORD
    if step is None:
        return Outcome.WRONG_CODE
    if account.totp_step is not None and step <= account.totp_step:
        return Outcome.REPLAYED_CODE
    return Outcome.SIGNED_IN


def lock_after(failures: int) -> timedelta | None:
    """Return how long an account is locked after this many failures in a row; None for not."""
    over = failures - FAILURES_BEFORE_LOCK
    if over < 0:
        return None
    doubled: int = 2 ** min(over, 10)
    return min(FIRST_LOCK * doubled, LONGEST_LOCK)


def _fail(connection: Connection, account: Account, now: datetime) -> None:
    lock = lock_after(account.failures + 1)
    until = None if lock is None else now + lock
    record_failure(connection, account, locked_until=until)


def _succeed(connection: Connection, account: Account, step: int) -> None:
    record_success(connection, account, totp_step=step)
