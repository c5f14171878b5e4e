"""An attempt to sign in, however it ended, and what the log says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tasuki.auth.log.events import NOBODY, Event, What
from tasuki.shared.audit.events import Outcome as Ended

if TYPE_CHECKING:
    from datetime import datetime


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
        proxy: The grant by which somebody chose to act for `patient`.
        locked_until: Until when this failure locked the account; None where it did not.
    """

    account: str | None
    client_id: str
    outcome: Outcome
    purpose: str | None = None
    patient: str | None = None
    reason: str | None = None
    method: Method = Method.PASSWORD_AND_CODE
    voucher: str | None = None
    proxy: str | None = None
    locked_until: datetime | None = None


def event_of(attempt: SignIn) -> Event:
    """Return what the log says of an attempt."""
    signed_in = attempt.outcome is Outcome.SIGNED_IN
    locked = attempt.locked_until
    return Event(
        what=What.SIGN_IN,
        outcome=Ended.PERMITTED if signed_in else Ended.DENIED,
        actor=attempt.account or NOBODY,
        account=attempt.account,
        client_id=attempt.client_id,
        basis=f"sign-in/{attempt.method.value}" if signed_in else "",
        purpose=attempt.purpose,
        patient=attempt.patient,
        details=(
            ("method", attempt.method.value),
            ("ended", attempt.outcome.value),
            ("voucher", attempt.voucher or ""),
            ("reason", attempt.reason or ""),
            ("proxy", attempt.proxy or ""),
            ("locked-until", "" if locked is None else locked.isoformat()),
        ),
    )
