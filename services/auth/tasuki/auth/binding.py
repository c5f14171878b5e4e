"""A resident binds their account to their record: insurer identity, birth date, and a code an office gave.

Never by name. All three must agree; which did not is not told, and every attempt costs the same.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from tasuki.auth.log.accounts import by_account
from tasuki.auth.log.events import What
from tasuki.auth.provisioning import Identity, LinkEvidence, OneTimeCode, link_resident
from tasuki.auth.proxies.book import guessed, guesses_too_often
from tasuki.auth.sealing import BINDING_CODE as LABEL
from tasuki.auth.sealing import INSURER
from tasuki.auth.tables import BINDING_CODE
from tasuki.auth.vouching import typed_code
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext
    from tasuki.auth.sealing import SecretBox

CODE_LIFE = timedelta(days=7)  # from the counter to an evening at home
DIGITS = 10
BURNED_AFTER = 3  # attempts in which the code was right and the rest was not


@dataclass(frozen=True, slots=True)
class Shown:
    """What a resident typed, apart from the code.

    Attributes:
        member: As `same_person_key` writes it; None where it cannot be read.
        patient: Whose both are, as the PHR says; None for nobody's.
    """

    member: str | None = field(repr=False)
    birth: date | None = field(repr=False)
    patient: str | None


@dataclass(frozen=True, slots=True)
class _Held:
    """A code that is still good."""

    id: str
    patient: str


def issue(connection: Connection, context: AuthContext, by: Account, patient: str) -> str:
    """Return the code for a person, shown once; it ends every older one of theirs."""
    now, id_ = context.clock.now(), context.ids.new()
    older = (BINDING_CODE.c.patient == patient, BINDING_CODE.c.used_at.is_(None))
    connection.execute(update(BINDING_CODE).where(*older).values(expires_at=now))
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    connection.execute(
        insert(BINDING_CODE).values(
            id=id_,
            patient=patient,
            issued_by=by.id,
            organization=by.organization or "",
            code_mac=_mac(context.box, code),
            failures=0,
            made_at=now,
            expires_at=now + CODE_LIFE,
        )
    )
    told = by_account(What.CODE_GIVEN, by, by.id, {"code": id_}, patient=patient)
    context.log.record(connection, told)
    return code


async def bind(
    connection: AsyncConnection, context: AuthContext, account: Account, shown: Shown, typed: str
) -> bool:
    """Bind an account to the person all three say it is; False where anything does not agree.

    The caller commits either way: a failure must count, against the account and against the code.
    """
    now = context.clock.now()
    row = await connection.run_sync(_held, context.box, typed, now)
    waits = await connection.run_sync(guesses_too_often, account.id, now)
    agree = row is not None and shown.patient is not None and row.patient == shown.patient
    if not agree or waits or row is None or not await _bound(connection, context, account, shown):
        await connection.run_sync(_failed, context, account, row)
        return False
    spent = update(BINDING_CODE).where(BINDING_CODE.c.id == row.id)
    await connection.execute(spent.values(used_at=now, used_by=account.id))
    told = by_account(What.BOUND, account, account.id, {"code": row.id}, patient=shown.patient)
    await connection.run_sync(context.log.record, told)
    return True


async def _bound(
    connection: AsyncConnection, context: AuthContext, account: Account, shown: Shown
) -> bool:
    if shown.member is None or shown.birth is None or shown.patient is None:
        return False
    # The PHR was asked with both and gave this one person: what is on record is what was shown.
    same = Identity(context.box.mac(shown.member.encode(), label=INSURER), shown.birth)
    link = LinkEvidence(account.id, shown.patient, same, same, OneTimeCode.CONFIRMED)
    try:
        await link_resident(connection, context, link)
    except Fault:  # this account or this person is bound already
        return False
    return True


def _held(connection: Connection, box: SecretBox, typed: str, now: datetime) -> _Held | None:
    """Return id and person of a code that is still good, and hold it until the transaction ends."""
    table = BINDING_CODE
    query = select(table.c.id, table.c.patient).where(
        table.c.code_mac == _mac(box, typed_code(typed)),
        table.c.used_at.is_(None),
        table.c.expires_at > now,
        table.c.failures < BURNED_AFTER,
    )
    row = connection.execute(query.with_for_update()).one_or_none()
    return None if row is None else _Held(row.id, row.patient)


def _failed(
    connection: Connection,
    context: AuthContext,
    account: Account,
    row: _Held | None,
) -> None:
    guessed(connection, context, account.id)
    table = BINDING_CODE
    burning = update(table).where(table.c.id == ("" if row is None else row.id))
    connection.execute(burning.values(failures=table.c.failures + 1))
    told = by_account(
        What.BOUND, account, account.id, {"code": "" if row is None else row.id}, done=False
    )
    context.log.record(connection, told)


def _mac(box: SecretBox, code: str) -> bytes:
    return box.mac(code.encode("utf-8", "surrogatepass"), label=LABEL)
