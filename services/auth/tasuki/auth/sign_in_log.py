"""The record of sign-ins, kept in the service's own table and in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import insert

from tasuki.auth.tables import SIGN_IN

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from tasuki.auth.sealing import SecretBox


class Outcome(Enum):
    """How a sign-in ended; stored, so the values are append-only."""

    SIGNED_IN = "signed-in"
    UNKNOWN_USER = "unknown-user"
    LOCKED = "locked"
    DISABLED = "disabled"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a word for the log, no password
    WRONG_CODE = "wrong-code"
    REPLAYED_CODE = "replayed-code"
    NOT_PERMITTED = "not-permitted"  # both factors right, but not this client, purpose or person
    UNREADABLE_PASSKEY = "unreadable-passkey"
    UNKNOWN_PASSKEY = "unknown-passkey"
    WRONG_PASSKEY = "wrong-passkey"  # signature, origin, owner, or the device checked nobody
    STALE_CHALLENGE = "stale-challenge"  # late, or of another page or browser
    REPLAYED_CHALLENGE = "replayed-challenge"
    COPIED_PASSKEY = "copied-passkey"  # its counter did not go up


class Method(Enum):
    """How somebody proved who they are; stored, so the values are append-only."""

    PASSWORD_AND_CODE = "password-and-code"  # noqa: S105 - a word for the log, no password
    PASSKEY = "passkey"
    VOUCHED = "vouched"  # password, and a colleague's word

    @property
    def amr(self) -> tuple[str, ...]:
        """Return the authentication methods for an ID token (RFC 8176)."""
        return _AMR[self]


_AMR = {
    Method.PASSWORD_AND_CODE: ("pwd", "otp", "mfa"),
    Method.PASSKEY: ("pop", "user", "mfa"),
    Method.VOUCHED: ("pwd", "vouched"),
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """One attempt to sign in.

    Attributes:
        account: Account id; None where nobody has the user name.
        purpose: v3-ActReason code asked for.
        patient: The one person it was for, where it was for one.
        reason: Why an emergency override was asked for, in the person's own words.
        method: How it was attempted.
        voucher: Account of who vouched.
    """

    id: str
    at: datetime
    account: str | None
    client_id: str
    outcome: Outcome
    purpose: str | None = None
    patient: str | None = None
    reason: str | None = None
    method: Method = Method.PASSWORD_AND_CODE
    voucher: str | None = None


class SignInLog(Protocol):
    """Keeps sign-ins."""

    def record(self, connection: Connection, sign_in: SignIn) -> None:
        """Write one attempt within the transaction that decides it."""
        ...


class TableSignInLog:
    """Sign-ins in the table `sign_in`; the reason is sealed."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    def record(self, connection: Connection, sign_in: SignIn) -> None:
        """See `SignInLog.record`."""
        reason = sign_in.reason
        sealed = (
            None
            if reason is None
            else self._box.seal(reason.encode(), bound_to=f"auth/sign_in/{sign_in.id}/reason")
        )
        connection.execute(
            insert(SIGN_IN).values(
                id=sign_in.id,
                at=sign_in.at,
                account=sign_in.account,
                client_id=sign_in.client_id,
                outcome=sign_in.outcome.value,
                purpose=sign_in.purpose,
                patient=sign_in.patient,
                reason_sealed=sealed,
                method=sign_in.method.value,
                voucher=sign_in.voucher,
            )
        )
