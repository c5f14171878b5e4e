"""The passkeys of an account: a public key, a counter, and the name its owner gave it, sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tasuki.auth.tables import PASSKEY

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from tasuki.auth.sealing import SecretBox

MOST = 10  # of one account
MAX_LABEL = 60


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered passkey.

    Attributes:
        credential: The authenticator's id of it; random, and the same in every browser.
        public_key: COSE key.
        sign_count: The highest counter seen; 0 where the authenticator does not count.
        label: The name its owner gave it.
    """

    credential: bytes
    account: str
    public_key: bytes
    sign_count: int
    label: str
    created_at: datetime
    used_at: datetime | None = None


def save_passkey(connection: Connection, box: SecretBox, passkey: Passkey) -> bool:
    """Store a new passkey; False where the credential is known already or there are too many."""
    counted = select(func.count()).where(PASSKEY.c.account == passkey.account)
    if connection.execute(counted).scalar_one() >= MOST:
        return False
    credential = passkey.credential
    new = insert(PASSKEY).values(
        credential=credential,
        account=passkey.account,
        public_key=passkey.public_key,
        sign_count=passkey.sign_count,
        label_sealed=box.seal(passkey.label.encode(), bound_to=_place(credential)),
        created_at=passkey.created_at,
    )
    made = connection.execute(new.on_conflict_do_nothing().returning(PASSKEY.c.credential))
    return made.scalar_one_or_none() is not None


def lock_passkey(connection: Connection, box: SecretBox, credential: bytes) -> Passkey | None:
    """Return a passkey and hold it until the transaction ends, so that its counter cannot race."""
    query = select(PASSKEY).where(PASSKEY.c.credential == credential).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _read(row, box)


def passkeys_of(connection: Connection, box: SecretBox, account: str) -> list[Passkey]:
    """Return an account's passkeys, oldest first."""
    query = select(PASSKEY).where(PASSKEY.c.account == account).order_by(PASSKEY.c.created_at)
    return [_read(row, box) for row in connection.execute(query).mappings()]


def record_use(connection: Connection, passkey: Passkey, *, sign_count: int, now: datetime) -> None:
    """Keep the counter and the moment of a good use."""
    change = update(PASSKEY).where(PASSKEY.c.credential == passkey.credential)
    connection.execute(change.values(sign_count=sign_count, used_at=now))


def remove_passkey(connection: Connection, account: str, credential: bytes) -> bool:
    """Forget a passkey of this account; False where it has no such."""
    mine = (PASSKEY.c.account == account, PASSKEY.c.credential == credential)
    gone = connection.execute(delete(PASSKEY).where(*mine).returning(PASSKEY.c.credential))
    return gone.scalar_one_or_none() is not None


def _place(credential: bytes) -> str:
    return f"auth/passkey/{credential.hex()}/label"


def _read(row: RowMapping, box: SecretBox) -> Passkey:
    credential = row["credential"]
    return Passkey(
        credential=credential,
        account=row["account"],
        public_key=row["public_key"],
        sign_count=row["sign_count"],
        label=box.unseal(row["label_sealed"], bound_to=_place(credential)).decode(),
        created_at=row["created_at"],
        used_at=row["used_at"],
    )
