"""Accounts: found by the keyed hash of a user name, locked while a sign-in is decided."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select, update

from tasuki.auth.sealing import USERNAME
from tasuki.auth.tables import ACCOUNT, PERSON_LINK
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping, Select

    from tasuki.auth.sealing import SecretBox


@dataclass(frozen=True, slots=True)
class Account:
    """An account as a sign-in or a token needs it.

    Attributes:
        patient: The person a checked link binds it to; residents only.
        display: Name to show in access histories; staff only.
        totp_secret: Base32.
        totp_step: Last time step spent.
    """

    id: str
    role: Role
    password_hash: str
    totp_secret: str
    totp_step: int | None
    practitioner: str | None
    organization: str | None
    region: str | None
    patient: str | None
    display: str | None
    failures: int
    locked_until: datetime | None
    disabled: bool

    @property
    def fhir_user(self) -> str | None:
        """The person's own resource, for `fhirUser`."""
        return self.patient if self.role is Role.RESIDENT else self.practitioner


def fold_username(username: str) -> str:
    """Return the form in which user names are compared: NFKC, case-folded, trimmed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold()).strip()


def username_mac(box: SecretBox, username: str) -> bytes:
    """Return what an account is found by."""
    return box.mac(fold_username(username).encode("utf-8", "surrogatepass"), label=USERNAME)


def place(account_id: str, column: str) -> str:
    """Return the place a sealed column of an account is bound to."""
    return f"auth/account/{account_id}/{column}"


def lock_account(connection: Connection, box: SecretBox, username: str) -> Account | None:
    """Return the account of a user name and hold it until the transaction ends.

    Holding it makes parallel guesses wait for each other, so none slips past the lockout.
    """
    mac = username_mac(box, username)
    query = _accounts().where(ACCOUNT.c.username_mac == mac).with_for_update(of=ACCOUNT)
    return _read(connection.execute(query).mappings().one_or_none(), box)


def account_named(connection: Connection, box: SecretBox, username: str) -> Account | None:
    """Return the account of a user name, disabled or not."""
    query = _accounts().where(ACCOUNT.c.username_mac == username_mac(box, username))
    return _read(connection.execute(query).mappings().one_or_none(), box)


def find_account(connection: Connection, box: SecretBox, account_id: str) -> Account | None:
    """Return an account that is not disabled."""
    query = _accounts().where(ACCOUNT.c.id == account_id, ACCOUNT.c.disabled.is_(False))
    return _read(connection.execute(query).mappings().one_or_none(), box)


def any_account(connection: Connection, box: SecretBox, account_id: str) -> Account | None:
    """Return an account, disabled or not."""
    query = _accounts().where(ACCOUNT.c.id == account_id)
    return _read(connection.execute(query).mappings().one_or_none(), box)


def record_nothing(connection: Connection) -> None:
    """Send the update of a failed sign-in to no account, so that it takes as long as to one."""
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == "").values(failures=0))


def record_failure(
    connection: Connection, account: Account, *, locked_until: datetime | None
) -> None:
    """Count one failed sign-in, and lock the account until a moment if there is one."""
    change = update(ACCOUNT).where(ACCOUNT.c.id == account.id)
    connection.execute(change.values(failures=account.failures + 1, locked_until=locked_until))


def record_success(connection: Connection, account: Account, *, totp_step: int | None) -> None:
    """Forget failures and keep which one-time code's step was spent last."""
    change = update(ACCOUNT).where(ACCOUNT.c.id == account.id)
    connection.execute(change.values(failures=0, locked_until=None, totp_step=totp_step))


def _accounts() -> Select[Any]:
    current = and_(PERSON_LINK.c.account == ACCOUNT.c.id, PERSON_LINK.c.ended_at.is_(None))
    return select(ACCOUNT, PERSON_LINK.c.patient).select_from(
        ACCOUNT.outerjoin(PERSON_LINK, current)
    )


def _read(row: RowMapping | None, box: SecretBox) -> Account | None:
    if row is None:
        return None
    id_, role, display = row["id"], Role(row["role"]), row["display_sealed"]
    return Account(
        id=id_,
        role=role,
        password_hash=row["password_hash"],
        totp_secret=box.unseal(row["totp_sealed"], bound_to=place(id_, "totp")).decode(),
        totp_step=row["totp_step"],
        practitioner=row["practitioner"],
        organization=row["organization"],
        region=row["region"],
        patient=row["patient"] if role is Role.RESIDENT else None,
        display=None
        if display is None
        else box.unseal(display, bound_to=place(id_, "display")).decode(),
        failures=row["failures"],
        locked_until=row["locked_until"],
        disabled=row["disabled"],
    )
