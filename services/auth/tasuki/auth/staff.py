"""Staff accounts as their own institution opens and withdraws them.

Who administers an institution sees and changes its accounts only. An account is opened without a
password: its owner chooses one with an invitation, and gets an authenticator secret that nobody else saw.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from tasuki.auth.accounts import fold_username, place, username_mac
from tasuki.auth.log.accounts import by_account, by_operator
from tasuki.auth.log.events import OWN_PAGES, Event, What
from tasuki.auth.one_time_codes import matching_step, new_secret
from tasuki.auth.passwords import MAX_CHARACTERS, hash_password, unusable_hash
from tasuki.auth.qualifications import QUALIFICATIONS
from tasuki.auth.sealing import INVITATION as LABEL
from tasuki.auth.tables import ACCOUNT, PASSKEY
from tasuki.auth.withdrawing import withdraw_account
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext
    from tasuki.auth.means import Means
    from tasuki.auth.sealing import SecretBox

INVITATION_LIFE = timedelta(hours=72)  # over a weekend
SHORTEST_PASSWORD = 13  # MHLW guideline 6.0: then it need not be changed at intervals
MAX_NAME = 100
OPENED_HERE = frozenset(one.role.value for one in QUALIFICATIONS.values())
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter looks like another
_GROUPS, _IN_GROUP = 4, 5  # 98 bits


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One account of an institution, as its list shows it."""

    id: str
    username: str
    display: str
    role: Role
    qualification: str | None
    invited_until: datetime | None
    disabled: bool
    administers: bool

    @property
    def can_be_invited(self) -> bool:
        """Whether `reinvite` gives an invitation for it."""
        return self.role.value in OPENED_HERE and not self.administers


@dataclass(frozen=True, slots=True)
class NewMember:
    """An account to be opened.

    Attributes:
        qualification: Key of `QUALIFICATIONS`; the role follows from it.
    """

    username: str
    display: str
    qualification: str


def administers(connection: Connection, account: Account) -> str | None:
    """Return the institution an account administers; None for none."""
    query = select(ACCOUNT.c.organization).where(
        ACCOUNT.c.id == account.id, ACCOUNT.c.administers, ACCOUNT.c.disabled.is_(False)
    )
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def staff_of(connection: Connection, box: SecretBox, organization: str) -> list[StaffMember]:
    """Return an institution's accounts, by name; withdrawn ones last."""
    query = select(ACCOUNT).where(
        ACCOUNT.c.organization == organization, ACCOUNT.c.role != Role.RESIDENT.value
    )
    members = []
    for row in connection.execute(query).mappings():
        id_, display = row["id"], row["display_sealed"]
        members.append(
            StaffMember(
                id=id_,
                username=box.unseal(
                    row["username_sealed"], bound_to=place(id_, "username")
                ).decode(),
                display=""
                if display is None
                else box.unseal(display, bound_to=place(id_, "display")).decode(),
                role=Role(row["role"]),
                qualification=row["qualification"],
                invited_until=row["invited_until"],
                disabled=row["disabled"],
                administers=row["administers"],
            )
        )
    return sorted(members, key=lambda member: (member.disabled, member.display, member.username))


def open_account(
    connection: Connection, context: AuthContext, by: Account, new: NewMember
) -> str | None:
    """Return the invitation of a new account in the same institution; None where it cannot be.

    That a user name is taken is told: names are short of supply, and whoever asks is staff.
    """
    qualification = QUALIFICATIONS.get(new.qualification)
    if qualification is None:
        return None
    opening = Opening(
        username=new.username,
        display=new.display,
        role=qualification.role,
        organization=by.organization or "",
        region=by.region,
        qualification=new.qualification,
    )
    made = invite(connection, context, opening, by)
    return None if made is None else made.invitation


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything about an account of staff that its owner does not choose.

    Attributes:
        administers: Whether it opens and withdraws the accounts of its institution.
    """

    username: str
    display: str
    role: Role
    organization: str
    region: str | None
    qualification: str | None = None
    administers: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A new account and the invitation its owner takes it up with."""

    account: str
    invitation: str = field(repr=False)


def invite(
    connection: Connection, means: Means, opening: Opening, by: Account | None = None
) -> Made | None:
    """Open an account that has no password yet; None where it cannot be, or the name is taken.

    Args:
        connection: Of the transaction.
        means: What it is done with.
        opening: The account.
        by: Whose doing it is; None for the operator's.
    """
    box, ids, now = means.box, means.ids, means.clock.now()
    username, display = fold_username(opening.username), opening.display.strip()
    if not username or not display or len(display) > MAX_NAME or not opening.organization:
        return None
    id_, invitation = ids.new(), _new_invitation()
    row = insert(ACCOUNT).values(
        id=id_,
        username_mac=username_mac(box, username),
        username_sealed=box.seal(username.encode(), bound_to=place(id_, "username")),
        display_sealed=box.seal(display.encode(), bound_to=place(id_, "display")),
        password_hash=unusable_hash(),
        totp_sealed=box.seal(new_secret().encode(), bound_to=place(id_, "totp")),
        role=opening.role.value,
        organization=opening.organization,
        region=opening.region,
        failures=0,
        disabled=False,
        created_at=now,
        administers=opening.administers,
        qualification=opening.qualification,
        invitation_mac=_mac(box, invitation),
        invited_until=now + INVITATION_LIFE,
    )
    made = connection.execute(row.on_conflict_do_nothing().returning(ACCOUNT.c.id))
    if made.scalar_one_or_none() is None:
        return None
    means.log.record(connection, _opened(opening, id_, by))
    return Made(id_, invitation)


def _opened(opening: Opening, account_id: str, by: Account | None) -> Event:
    told = {
        "organization": opening.organization,
        "opened-as": opening.role.value,
        "qualification": opening.qualification or "",
        "administers": "yes" if opening.administers else "no",
    }
    if by is None:
        return by_operator(What.ACCOUNT_OPENED, account_id, told)
    return by_account(What.ACCOUNT_OPENED, by, account_id, told)


def reinvite(
    connection: Connection, context: AuthContext, by: Account, account_id: str
) -> str | None:
    """Return a new invitation for an account of the same institution; None for any other.

    Only for what the institution could open itself: an invitation can be used by whoever holds it, and must
    not make an administrator an officer, or one administrator another.

    For a lost password or authenticator, and for somebody who comes back: everything the account held
    ends, passkeys too, and it starts anew under its name.
    """
    query = select(ACCOUNT.c.role).where(ACCOUNT.c.id == account_id, ~ACCOUNT.c.administers)
    if connection.execute(query).scalar_one_or_none() not in OPENED_HERE:
        return None
    if not withdraw(connection, context, by, account_id):
        return None
    box, invitation = context.box, _new_invitation()
    connection.execute(delete(PASSKEY).where(PASSKEY.c.account == account_id))
    secret = box.seal(new_secret().encode(), bound_to=place(account_id, "totp"))
    connection.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == account_id)
        .values(
            disabled=False,
            password_hash=unusable_hash(),
            totp_sealed=secret,
            totp_step=None,
            failures=0,
            locked_until=None,
            invitation_mac=_mac(box, invitation),
            invited_until=context.clock.now() + INVITATION_LIFE,
        )
    )
    context.log.record(connection, by_account(What.ACCOUNT_INVITED, by, account_id))
    return invitation


def withdraw(connection: Connection, context: AuthContext, by: Account, account_id: str) -> bool:
    """Withdraw an account of the same institution; False for any other, and for one's own."""
    query = select(ACCOUNT.c.id).where(
        ACCOUNT.c.id == account_id,
        ACCOUNT.c.organization == by.organization,
        ACCOUNT.c.role != Role.RESIDENT.value,
    )
    if account_id == by.id or connection.execute(query).scalar_one_or_none() is None:
        return False
    withdraw_account(connection, account_id, now=context.clock.now())
    context.log.record(connection, by_account(What.ACCOUNT_WITHDRAWN, by, account_id))
    return True


@dataclass(frozen=True, slots=True)
class Invited:
    """An account whose owner has not chosen a password yet."""

    id: str
    username: str
    totp_secret: str = field(repr=False)


def find_invited(
    connection: Connection, box: SecretBox, invitation: str, *, now: datetime
) -> Invited | None:
    """Return the account of an invitation that was not used and is not too old."""
    query = select(ACCOUNT).where(
        ACCOUNT.c.invitation_mac == _mac(box, invitation),
        ACCOUNT.c.invited_until > now,
        ACCOUNT.c.disabled.is_(False),
    )
    row = connection.execute(query.with_for_update()).mappings().one_or_none()
    if row is None:
        return None
    id_ = row["id"]
    return Invited(
        id=id_,
        username=box.unseal(row["username_sealed"], bound_to=place(id_, "username")).decode(),
        totp_secret=box.unseal(row["totp_sealed"], bound_to=place(id_, "totp")).decode(),
    )


async def accept(
    connection: AsyncConnection, context: AuthContext, invitation: str, *, password: str, code: str
) -> bool:
    """Give an invited account its password; False where anything does not fit.

    The one-time code shows that the authenticator works, and is spent.
    """
    now, box = context.clock.now(), context.box
    if not SHORTEST_PASSWORD <= len(password) <= MAX_CHARACTERS:
        return False
    hashed = await asyncio.to_thread(hash_password, password)
    invited = await connection.run_sync(_invited, box, invitation, now)
    if invited is None:
        return False
    step = matching_step(invited.totp_secret, code, now)
    if step is None or fold_username(password) == invited.username:
        return False
    change = update(ACCOUNT).where(ACCOUNT.c.id == invited.id)
    await connection.execute(
        change.values(password_hash=hashed, totp_step=step, invitation_mac=None, invited_until=None)
    )
    told = Event(
        what=What.ACCOUNT_TAKEN_UP,
        actor=invited.id,
        account=invited.id,
        client_id=OWN_PAGES,
        basis="invitation/code",
    )
    await connection.run_sync(context.log.record, told)
    return True


def _invited(
    connection: Connection, box: SecretBox, invitation: str, now: datetime
) -> Invited | None:
    return find_invited(connection, box, invitation, now=now)


def _new_invitation() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_GROUPS * _IN_GROUP))
    return "-".join(letters[at : at + _IN_GROUP] for at in range(0, len(letters), _IN_GROUP))


def _mac(box: SecretBox, invitation: str) -> bytes:
    typed = "".join(unicodedata.normalize("NFKC", invitation).upper().replace("-", "").split())
    return box.mac(typed.encode("utf-8", "replace"), label=LABEL)
